import { isDeepStrictEqual } from 'node:util';
import { SdpError } from '#schema/errors';
import type { SandboxStatus } from '#schema/status';
import { next } from '../counters.ts';
import type { Tx } from '../tables.ts';
import { noteTransitions } from './transitions.ts';

/**
 * Writes a status where it differs, under a sequence of its own: saving a spec meanwhile is no conflict. One that
 * speaks of an older generation than the stored one is ignored (invariant 8), and so is one of a document that is gone.
 * What became of the sandbox is kept with it. @param at ISO 8601
 * @returns whether something was written. @throws SdpError not_found
 */
export async function writeStatus(tx: Tx, uid: string, status: SandboxStatus, at: string): Promise<boolean> {
  const document = await tx.selectFrom('documents').select('gone').where('uid', '=', uid).executeTakeFirst();
  if (document === undefined)
    throw new SdpError('not_found', `There is no document with uid ${uid}, so its status cannot be written.`);
  if (document.gone === 1) return false;
  const stored = await tx.selectFrom('statuses').selectAll().where('uid', '=', uid).executeTakeFirst();
  const text = JSON.stringify(status);
  const { observedGeneration } = status;
  if (stored !== undefined) {
    if (stored.observedGeneration > observedGeneration) return false;
    if (stored.status === text || isDeepStrictEqual(JSON.parse(stored.status), JSON.parse(text))) return false;
  }
  const before = stored === undefined ? undefined : (JSON.parse(stored.status) as SandboxStatus);
  await noteTransitions(tx, uid, { before, after: status }, at);
  const columns = { status: text, observedGeneration, statusVersion: await next(tx, 'status_version') };
  await tx
    .insertInto('statuses')
    .values({ uid, ...columns })
    .onConflict((conflict) => conflict.column('uid').doUpdateSet(columns))
    .execute();
  return true;
}
