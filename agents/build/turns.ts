/** A few at a time; who gives up while waiting is gone at once, who gives up while working ends its work first. */
import PQueue from 'p-queue';
import { SdpError } from '#schema/errors';

export interface Turns {
  /** Whether the next one would have to wait. */
  busy(): boolean;
  take<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

/** @param concurrency how many work at the same time, from 1 */
export function createTurns(concurrency: number): Turns {
  const queue = new PQueue({ concurrency: Math.max(1, concurrency) });
  const cancelled = (signal: AbortSignal): SdpError =>
    signal.reason instanceof SdpError ? signal.reason : new SdpError('cancelled', 'It was cancelled while it waited.');

  return {
    busy: () => queue.pending >= queue.concurrency,
    // Not p-queue's own signal: that one lets go of work which is still under way.
    take: (work, signal) =>
      new Promise((resolve, reject) => {
        const giveUp = (): void => reject(cancelled(signal));
        if (signal.aborted) return giveUp();
        signal.addEventListener('abort', giveUp, { once: true });
        void queue.add(async () => {
          signal.removeEventListener('abort', giveUp);
          if (!signal.aborted) await work().then(resolve, reject);
        });
      }),
  };
}
