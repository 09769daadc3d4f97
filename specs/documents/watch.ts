import { SdpError } from '#schema/errors';
import { current } from '../counters.ts';
import type { Change } from '../store.ts';
import type { Db } from '../tables.ts';
import type { Wakeup } from '../wakeup.ts';

/** Changes read at once: what a watcher holds in memory however slow its reader is. */
const PAGE = 200;
/** Milliseconds after which a watcher looks although nothing woke it: another process may have written. */
const LOOK_MS = 1000;

/**
 * Changes after `since`, then live ones until aborted. A document has one row with its newest resourceVersion, so
 * reading in that order collapses by itself, and a slow reader only sees fewer of the versions in between.
 * @throws SdpError compacted when deleted documents were removed that the reader may not have been told of. From 0 it
 * is never: who knows nothing has nothing to forget.
 */
export async function* watchChanges(
  source: { read: Db; wakeup: Wakeup },
  since: number,
  signal: AbortSignal,
): AsyncGenerator<Change, void, undefined> {
  let after = since;
  while (!signal.aborted) {
    const seen = source.wakeup.count;
    const page = await changesAfter(source.read, after).catch((error: unknown) => {
      // The store may close while a watcher reads; that is its end, not a failure.
      if (signal.aborted) return [];
      throw error;
    });
    for (const change of page) {
      if (signal.aborted) return;
      yield change;
      after = change.resourceVersion;
    }
    if (page.length < PAGE) await source.wakeup.wait(seen, signal, LOOK_MS);
  }
}

async function changesAfter(db: Db, since: number): Promise<Change[]> {
  const rows = await db
    .selectFrom('documents')
    .select(['resourceVersion', 'kind', 'slug', 'name', 'uid', 'gone'])
    .where('resourceVersion', '>', since)
    .orderBy('resourceVersion')
    .limit(PAGE)
    .execute();
  // Read after the rows: what was removed meanwhile is noticed, too.
  if (since > 0 && (await current(db, 'compacted')) > since) {
    throw new SdpError('compacted', `Changes after resourceVersion ${since} are no longer all known: deleted documents were removed since.`, {
      hint: 'List the documents again and watch from there.',
    });
  }
  return rows.map((row) => ({ ...row, gone: row.gone === 1 }));
}
