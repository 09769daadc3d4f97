import type { DeploymentEvent } from '#schema/records';
import type { ErrorBody } from '#schema/errors';
import { fromColumns, toColumns, type Fields } from '../columns.ts';
import type { Context } from '../context.ts';
import { next } from '../counters.ts';
import type { RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';

type Plain = Omit<DeploymentEvent, 'error'>;

const FIELDS: Fields<Plain> = { deploymentId: 0, event: 0, at: 0, node: 0, message: 0, durationMs: 0 };

export function deploymentEvents({
  read,
  writer,
}: Context): Pick<RecordStore, 'addDeploymentEvents' | 'deploymentEvents'> {
  return {
    addDeploymentEvents: (events) => writer.write((tx) => add(tx, events)),
    async deploymentEvents(deploymentId) {
      const rows = await read
        .selectFrom('deploymentEvents')
        .selectAll()
        .where('deploymentId', '=', deploymentId)
        .orderBy('seq')
        .execute();
      return rows.map(({ error, ...row }) => ({
        ...fromColumns<Plain>(row, FIELDS),
        ...(error === null ? {} : { error: JSON.parse(error) as ErrorBody }),
      }));
    },
  };
}

/** An event that is delivered again (same deployment, name and time) is kept once. */
async function add(tx: Tx, events: readonly DeploymentEvent[]): Promise<void> {
  for (const { error, ...event } of events) {
    const columns = toColumns<Plain>(event, FIELDS);
    await tx
      .insertInto('deploymentEvents')
      .values({ ...columns, error: error === undefined ? null : JSON.stringify(error), seq: await next(tx, 'event') })
      .onConflict((conflict) => conflict.columns(['deploymentId', 'event', 'at']).doNothing())
      .execute();
  }
}
