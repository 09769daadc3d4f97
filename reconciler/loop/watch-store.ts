/**
 * Follows the store's changes for ever; a broken watch goes on where it stopped, one from before retention
 * begins anew: `onReset` lists everything again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import type { Change, DocumentStore } from '#specs/store';

const RETRY_MS = 1_000;

export async function watchStore(
  store: Pick<DocumentStore, 'watch' | 'currentVersion'>,
  from: number,
  signal: AbortSignal,
  onChange: (change: Change) => void,
  onError: (error: SdpError) => void,
  onReset: () => void,
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
      const error = SdpError.from(thrown);
      if (error.code === 'compacted') {
        // Everything is looked at anew, what is written meanwhile included.
        const newest = await store.currentVersion().catch(() => undefined);
        if (newest !== undefined) {
          since = newest;
          onReset();
          continue;
        }
      }
      onError(error);
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
