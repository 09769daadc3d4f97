/** Everything that somebody does leaves an audit entry, also when it is refused (D8). */
import { ERRORS, SdpError } from '#schema/errors';
import type { AuditEntry } from '#schema/records';
import type { Clock } from '#reconciler/contract';
import type { RecordStore } from '#specs/store';
import { describeError, type Logger } from './logger.ts';

export type AuditSubject = Pick<AuditEntry, 'user' | 'action'> &
  Partial<Pick<AuditEntry, 'sandbox' | 'service' | 'repository' | 'branch' | 'environment' | 'message'>>;

interface AuditDeps {
  store: Pick<RecordStore, 'addAudit'>;
  clock: Clock;
  log: Logger;
  /** Gets each entry as it happens; takes no time. */
  onAudit?: (entry: Omit<AuditEntry, 'id'>) => void;
}

/** Runs an action and records how it ended. Pass no secrets in the subject. */
export async function audited<T>(deps: AuditDeps, subject: AuditSubject, run: () => Promise<T>, how: { forced?: boolean } = {}): Promise<T> {
  const at = new Date(deps.clock.now()).toISOString();
  let value: T;
  try {
    value = await run();
  } catch (thrown) {
    const error = SdpError.from(thrown);
    const outcome = ERRORS[error.code].status < 500 ? 'refused' : 'failed';
    await record(deps, { ...subject, at, outcome, message: error.code === 'internal' ? 'internal error' : `${error.code}: ${error.message}` });
    throw thrown;
  }
  const message = [...(subject.message === undefined ? [] : [subject.message]), ...(how.forced === true ? ['with force'] : [])].join(', ');
  await record(deps, { ...subject, at, outcome: 'ok', ...(message === '' ? {} : { message }) });
  return value;
}

/** The action has happened by now: an entry that cannot be written is said loudly, and does not undo it. */
async function record(deps: AuditDeps, entry: Omit<AuditEntry, 'id'>): Promise<void> {
  const { at, user, action, outcome } = entry;
  deps.onAudit?.(entry);
  try {
    await deps.store.addAudit(entry);
  } catch (thrown) {
    deps.log.error('audit entry lost', { at, user, action, outcome, error: describeError(thrown) });
  }
}
