import type { Deployment } from '#schema/records';
import { advance, isTerminal } from '#schema/states';
import { fromColumns, toColumns, type Fields } from '../columns.ts';
import type { Context } from '../context.ts';
import { next } from '../counters.ts';
import type { RecordStore } from '../store.ts';
import type { Db, Tx } from '../tables.ts';

const FIELDS: Fields<Deployment> = {
  id: 0,
  sandboxUid: 0,
  sandbox: 0,
  service: 0,
  repository: 0,
  branch: 0,
  commit: 0,
  node: 0,
  user: 0,
  generation: 0,
  hash: 0,
  state: 0,
  reason: 0,
  message: 0,
  startedAt: 0,
  completedAt: 0,
};
/** Deployments answered when no limit is given. */
const PAGE = 100;

type Filter = Parameters<RecordStore['deployments']>[0];

export function deployments({
  read,
  writer,
}: Context): Pick<RecordStore, 'putDeployment' | 'deployment' | 'deployments'> {
  return {
    putDeployment: (deployment) => writer.write((tx) => put(tx, deployment)),
    async deployment(id) {
      const row = await read.selectFrom('deployments').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : fromColumns<Deployment>(row, FIELDS);
    },
    deployments: (filter) => list(read, filter),
  };
}

/** Of two observations the later state is right: one that would move back, or leave a terminal state, is ignored. */
async function put(tx: Tx, deployment: Deployment): Promise<void> {
  const stored = await tx
    .selectFrom('deployments')
    .select(['state', 'seq'])
    .where('id', '=', deployment.id)
    .executeTakeFirst();
  const columns = { ...toColumns(deployment, FIELDS), open: isTerminal(deployment.state) ? 0 : 1 };
  if (stored === undefined) {
    await tx
      .insertInto('deployments')
      .values({ ...columns, seq: await next(tx, 'deployment') })
      .execute();
    return;
  }
  const left = isTerminal(stored.state) && stored.state !== deployment.state;
  if (left || advance(deployment.state) < advance(stored.state)) return;
  await tx.updateTable('deployments').set(columns).where('id', '=', deployment.id).execute();
}

async function list(read: Db, filter: Filter): Promise<Deployment[]> {
  let query = read
    .selectFrom('deployments')
    .selectAll()
    .orderBy('seq', 'desc')
    .limit(filter.limit ?? PAGE);
  if (filter.sandbox !== undefined) {
    const sandbox = filter.sandbox.toLowerCase();
    query = query.where((row) => row(row.fn<string>('lower', ['sandbox']), '=', sandbox));
  }
  if (filter.sandboxUid !== undefined) query = query.where('sandboxUid', '=', filter.sandboxUid);
  if (filter.service !== undefined) query = query.where('service', '=', filter.service);
  if (filter.open !== undefined) query = query.where('open', '=', filter.open ? 1 : 0);
  if (filter.before !== undefined) {
    // A cursor is the id of the last one seen; a time is accepted too.
    const seen = await read.selectFrom('deployments').select('seq').where('id', '=', filter.before).executeTakeFirst();
    query = seen === undefined ? query.where('startedAt', '<', filter.before) : query.where('seq', '<', seen.seq);
  }
  return (await query.execute()).map((row) => fromColumns<Deployment>(row, FIELDS));
}
