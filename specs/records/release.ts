import { next } from '../counters.ts';
import type { Tx } from '../tables.ts';

/** Releases the ports that match; they rest before somebody else gets them. None is success. */
export async function releasePorts(
  tx: Tx,
  which: { engine: string; port: number } | { sandboxUid: string },
): Promise<void> {
  const select = tx.selectFrom('ports').selectAll().orderBy('engine').orderBy('port');
  const rows = await ('sandboxUid' in which
    ? select.where('sandboxUid', '=', which.sandboxUid)
    : select.where('engine', '=', which.engine).where('port', '=', which.port)
  ).execute();
  for (const { engine, port, sandbox, service } of rows) {
    const columns = { engine, port, sandbox, service, releasedSeq: await next(tx, 'release') };
    await tx.deleteFrom('ports').where('engine', '=', engine).where('port', '=', port).execute();
    await tx
      .insertInto('restingPorts')
      .values(columns)
      .onConflict((conflict) => conflict.columns(['engine', 'port']).doUpdateSet(columns))
      .execute();
  }
}

/** Releases everything that a sandbox claimed: ports, subnets, container names. */
export async function releaseAll(tx: Tx, sandboxUid: string): Promise<void> {
  await releasePorts(tx, { sandboxUid });
  await tx.deleteFrom('subnets').where('sandboxUid', '=', sandboxUid).execute();
  await tx.deleteFrom('containerNames').where('sandboxUid', '=', sandboxUid).execute();
}
