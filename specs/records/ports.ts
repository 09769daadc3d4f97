import type { PortAllocation } from '#schema/records';
import { now, type Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';
import { choosePort } from './choose-port.ts';
import { exhausted, freePorts, restingOn, type Range } from './port-pool.ts';
import { releasePorts } from './release.ts';

type Claim = Omit<PortAllocation, 'port' | 'allocatedAt'>;

export function ports(context: Context): Pick<RecordStore, 'claimPort' | 'ports' | 'releasePort'> {
  const { read, writer } = context;
  return {
    claimPort: (claim, range, avoid) => writer.write((tx) => claimPort(tx, claim, range, avoid, now(context))),
    async ports(filter) {
      let query = read.selectFrom('ports').selectAll().orderBy('engine').orderBy('port');
      if (filter?.sandboxUid !== undefined) query = query.where('sandboxUid', '=', filter.sandboxUid);
      return await query.execute();
    },
    releasePort: (engine, port) => writer.write((tx) => releasePorts(tx, { engine, port }, now(context))),
  };
}

/** Keeps the port that the service holds while it is in the range and no foreign process has it; else claims one. */
async function claimPort(
  tx: Tx,
  claim: Claim,
  range: Range,
  avoid: readonly number[],
  at: string,
): Promise<PortAllocation> {
  const { engine, sandboxUid, service } = claim;
  const held = await tx
    .selectFrom('ports')
    .selectAll()
    .where('engine', '=', engine)
    .where('sandboxUid', '=', sandboxUid)
    .where('service', '=', service)
    .executeTakeFirst();
  if (held !== undefined) {
    if (held.port >= range.from && held.port <= range.to && !avoid.includes(held.port)) return held;
    await releasePorts(tx, { engine, port: held.port }, at);
  }
  const { free, allocated } = await freePorts(tx, engine, avoid);
  // The held one was given up for a reason.
  const usable = (port: number): boolean => free(port) && port !== held?.port;
  const port = choosePort(range, usable, await restingOn(tx, engine), claim, at);
  if (port === undefined) throw exhausted(range, allocated, `service "${claim.service}" of sandbox "${claim.sandbox}"`);
  await tx.deleteFrom('restingPorts').where('engine', '=', engine).where('port', '=', port).execute();
  const allocation: PortAllocation = {
    engine,
    port,
    kind: claim.kind,
    sandboxUid,
    sandbox: claim.sandbox,
    service,
    allocatedAt: at,
  };
  await tx.insertInto('ports').values(allocation).execute();
  return allocation;
}
