/** Which agent runs the edge of an engine that several agents share (DESIGN 5, 6). */
import type { RecordStore } from '#specs/store';

/**
 * The agent that has it keeps it until it is forgotten or moved to another engine; otherwise the first by name
 * among the nodes known on that engine gets it. Kept over restarts.
 */
export async function edgeOwnerOf(
  store: Pick<RecordStore, 'nodes' | 'setting' | 'putSetting'>,
  engine: string,
): Promise<string | undefined> {
  const candidates = (await store.nodes()).filter((node) => node.engine === engine).map((node) => node.name);
  const key = `edge-owner:${engine}`;
  const owner = await store.setting(key);
  if (owner !== undefined && candidates.includes(owner)) return owner;
  const next = [...candidates].sort()[0];
  if (next !== undefined) await store.putSetting(key, next);
  return next;
}
