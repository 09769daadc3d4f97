/** Follows the store's changes for ever; a broken watch goes on where it stopped. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import type { Change, DocumentStore } from '#specs/store';

const RETRY_MS = 1_000;

export async function watchStore(
  store: Pick<DocumentStore, 'watch'>,
  from: number,
  signal: AbortSignal,
  onChange: (change: Change) => void,
  onError: (error: SdpError) => void,
): Promise<void> {
  let since = from;
  while (!signal.aborted) {
    try {
      for await (const change of store.watch(since, signal)) {
        onChange(change);
        since = Math.max(since, change.resourceVersion);
      }
      if (!signal.aborted) await sleep(RETRY_MS, undefined, { signal });
    } catch (thrown) {
      if (signal.aborted) return;
      onError(SdpError.from(thrown));
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
