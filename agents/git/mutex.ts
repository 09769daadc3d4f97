/** One at a time, in the order of asking. */
import { SdpError } from '#schema/errors';

/** Rejects at once when `signal` is aborted before the turn came; the work is then never begun. */
export type Mutex = <T>(work: () => Promise<T>, signal: AbortSignal) => Promise<T>;

const cancelled = (signal: AbortSignal): SdpError =>
  signal.reason instanceof SdpError ? signal.reason : new SdpError('cancelled', 'It was cancelled while it waited.');

/** A failed piece of work does not stop the next. */
export function createMutex(): Mutex {
  let last: Promise<unknown> = Promise.resolve();
  return (work, signal) =>
    new Promise((resolve, reject) => {
      const giveUp = (): void => reject(cancelled(signal));
      if (signal.aborted) return giveUp();
      signal.addEventListener('abort', giveUp, { once: true });
      last = last.then(async () => {
        signal.removeEventListener('abort', giveUp);
        if (signal.aborted) return;
        await work().then(resolve, reject);
      });
    });
}
