import { next } from '../counters.ts';
import type { Tx } from '../tables.ts';

/** Releases the ports that match; they rest before somebody else gets them. None is success. */
export async function releasePorts(
  tx: Tx,
  which: { engine: string; port: number } | { sandboxUid: string },
  at: string,
): Promise<void> {
  const select = tx.selectFrom('ports').selectAll().orderBy('engine').orderBy('port');
  const rows = await ('sandboxUid' in which
    ? select.where('sandboxUid', '=', which.sandboxUid)
    : select.where('engine', '=', which.engine).where('port', '=', which.port)
  ).execute();
  for (const { engine, port, sandbox, service } of rows) {
    await tx.deleteFrom('ports').where('engine', '=', engine).where('port', '=', port).execute();
    await letRest(tx, { engine, port, sandbox, service }, at);
  }
}

/** Keeps whose a released port was, and since when it rests. @param at ISO 8601 */
export async function letRest(
  tx: Tx,
  released: { engine: string; port: number; sandbox: string; service: string },
  at: string,
): Promise<void> {
  const columns = { ...released, releasedSeq: await next(tx, 'release'), releasedAt: at };
  await tx
    .insertInto('restingPorts')
    .values(columns)
    .onConflict((conflict) => conflict.columns(['engine', 'port']).doUpdateSet(columns))
    .execute();
}

/** Releases everything that a sandbox claimed: ports, subnets, container names. */
export async function releaseAll(tx: Tx, sandboxUid: string, at: string): Promise<void> {
  await releasePorts(tx, { sandboxUid }, at);
  await tx.deleteFrom('subnets').where('sandboxUid', '=', sandboxUid).execute();
  await tx.deleteFrom('containerNames').where('sandboxUid', '=', sandboxUid).execute();
}
