/** Remembers nodes beyond this server's life: a known node that does not report is unknown, not absent. */
import type { NodeRecord, RecordStore } from '#specs/store';
import type { FleetNode } from '../contract.ts';

export class NodeBook {
  readonly #store: Pick<RecordStore, 'putNode'>;
  readonly #known = new Map<string, string>();

  constructor(store: Pick<RecordStore, 'putNode'>) {
    this.#store = store;
  }

  /** Writes nodes whose record would differ; the time of the last sign of life alone is no reason. */
  async note(nodes: readonly FleetNode[]): Promise<void> {
    for (const { hello, online, lastSeenAt } of nodes) {
      const { name, type, address } = hello.node;
      const record: NodeRecord = { name, type, address, engine: hello.engine.id, lastSeenAt };
      const print = `${type} ${address} ${record.engine} ${online}`;
      if (this.#known.get(name) === print) continue;
      this.#known.set(name, print);
      // Only a live node: one that was forgotten does not come back by being remembered.
      if (online) await this.#store.putNode(record);
    }
  }
}
