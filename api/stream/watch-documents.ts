/** Tells the stream, and whoever else keeps something of them, which documents changed. */
import { SdpError } from '#schema/errors';
import type { Change, DocumentStore } from '#specs/store';
import { describeError, type Logger } from '../http/logger.ts';
import type { Stream } from './stream.ts';

const AGAIN_MS = 1_000;

/** Runs until aborted; after a failed read it goes on from where it was, past retention from the newest. */
export async function watchDocuments(
  store: Pick<DocumentStore, 'watch' | 'currentVersion'>,
  stream: Stream,
  signal: AbortSignal,
  log: Logger,
  onChange: (change: Change) => void = () => undefined,
): Promise<void> {
  let since: number | undefined;
  while (!signal.aborted) {
    try {
      since ??= await store.currentVersion();
      for await (const change of store.watch(since, signal)) {
        since = change.resourceVersion;
        stream.document(change);
        onChange(change);
      }
    } catch (thrown) {
      if (thrown instanceof SdpError && thrown.code === 'compacted') {
        // What was removed is not known, so clients list again.
        since = undefined;
        stream.gap();
        continue;
      }
      if (!signal.aborted) log.error('watch failed', { error: describeError(thrown) });
    }
    if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
  }
}
