import { SdpError } from '#schema/errors';

/** What to throw for an aborted signal: its reason where that already says why. */
export function aborted(signal: AbortSignal | undefined): SdpError {
  const reason: unknown = signal?.reason;
  if (reason instanceof SdpError) return reason;
  if (reason instanceof Error && reason.name === 'TimeoutError') {
    return new SdpError('deadline_exceeded', 'The command did not end before its deadline.');
  }
  return new SdpError('cancelled', typeof reason === 'string' ? reason : 'The work was cancelled.');
}

/** Waits, or rejects as soon as the signal aborts. */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(signal));
      return;
    }
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(aborted(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
