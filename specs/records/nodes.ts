import { SdpError } from '#schema/errors';
import type { Cordon } from '#schema/records';
import type { Context } from '../context.ts';
import type { NodeRecord, RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';

type Nodes = Pick<RecordStore, 'putNode' | 'nodes' | 'forgetNode' | 'cordonNode' | 'putNodeToken' | 'nodeOfToken'>;

/** A node may have several tokens, so that one can be exchanged without a gap; forgetting the node revokes all. */
export function nodes({ read, writer }: Context): Nodes {
  return {
    putNode: (node) => writer.write((tx) => put(tx, node)),
    async nodes() {
      const rows = await read.selectFrom('nodes').selectAll().orderBy('name').execute();
      return rows.map(({ cordon, ...node }) => (cordon === null ? node : { ...node, cordon: JSON.parse(cordon) as Cordon }));
    },
    forgetNode: (name) => writer.write((tx) => forget(tx, name)),
    cordonNode: (name, cordon) => writer.write((tx) => setCordon(tx, name, cordon)),
    putNodeToken: (node, tokenHash) => writer.write((tx) => putToken(tx, node, tokenHash)),
    async nodeOfToken(tokenHash) {
      const row = await read
        .selectFrom('nodeTokens')
        .select('node')
        .where('tokenHash', '=', tokenHash)
        .executeTakeFirst();
      return row?.node;
    },
  };
}

async function put(tx: Tx, { name, type, address, engine, lastSeenAt }: Omit<NodeRecord, 'cordon'>): Promise<void> {
  const columns = { name, type, address, engine, lastSeenAt };
  await tx
    .insertInto('nodes')
    .values({ ...columns, cordon: null })
    .onConflict((conflict) => conflict.column('name').doUpdateSet(columns))
    .execute();
}

async function setCordon(tx: Tx, name: string, cordon: Cordon | undefined): Promise<void> {
  const value = cordon === undefined ? null : JSON.stringify(cordon);
  const { numUpdatedRows } = await tx.updateTable('nodes').set({ cordon: value }).where('name', '=', name).executeTakeFirst();
  if (numUpdatedRows === 0n) throw new SdpError('not_found', `There is no node "${name}".`);
}

async function putToken(tx: Tx, node: string, tokenHash: string): Promise<void> {
  await tx
    .insertInto('nodeTokens')
    .values({ node, tokenHash })
    .onConflict((conflict) => conflict.column('tokenHash').doUpdateSet({ node }))
    .execute();
}

async function forget(tx: Tx, name: string): Promise<void> {
  await tx.deleteFrom('nodes').where('name', '=', name).execute();
  await tx.deleteFrom('nodeTokens').where('node', '=', name).execute();
}
