/** Removes now and then what nobody can restore any more. */
import type { Store } from '#specs/store';
import { describeError, type Logger } from '../http/logger.ts';

const DAY_MS = 86_400_000;
/** Milliseconds after the start, and between two looks. */
const [FIRST_MS, EVERY_MS] = [60_000, 6 * 3_600_000];

/** @returns ends it */
export function keepRetention(store: Pick<Store, 'compact'>, days: number, log: Logger): () => void {
  const compact = async (): Promise<void> => {
    try {
      const removed = await store.compact({ deletedBefore: new Date(Date.now() - days * DAY_MS).toISOString() });
      if (removed.documents + removed.revisions > 0) log.info('removed what was past retention', { ...removed, days });
    } catch (thrown) {
      log.error('retention failed', { error: describeError(thrown) });
    }
  };
  const first = setTimeout(() => void compact(), FIRST_MS);
  const timer = setInterval(() => void compact(), EVERY_MS);
  first.unref();
  timer.unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
