import type { PortAllocation } from '#schema/records';
import { SdpError } from '#schema/errors';
import { now, type Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';
import { choosePort } from './choose-port.ts';
import { releasePorts } from './release.ts';

type Claim = Omit<PortAllocation, 'port' | 'allocatedAt'>;
interface Range {
  from: number;
  to: number;
}

export function ports(context: Context): Pick<RecordStore, 'claimPort' | 'ports' | 'releasePort'> {
  const { read, writer } = context;
  return {
    claimPort: (claim, range, avoid) => writer.write((tx) => claimPort(tx, claim, range, avoid, now(context))),
    async ports(filter) {
      let query = read.selectFrom('ports').selectAll().orderBy('engine').orderBy('port');
      if (filter?.sandboxUid !== undefined) query = query.where('sandboxUid', '=', filter.sandboxUid);
      return await query.execute();
    },
    releasePort: (engine, port) => writer.write((tx) => releasePorts(tx, { engine, port })),
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
  const taken = await tx.selectFrom('ports').selectAll().where('engine', '=', engine).execute();
  const held = taken.find((row) => row.sandboxUid === sandboxUid && row.service === service);
  const foreign = new Set(avoid);
  if (held !== undefined) {
    if (held.port >= range.from && held.port <= range.to && !foreign.has(held.port)) return held;
    await releasePorts(tx, { engine, port: held.port });
  }
  const resting = await tx
    .selectFrom('restingPorts')
    .selectAll()
    .where('engine', '=', engine)
    .orderBy('releasedSeq')
    .execute();
  const free = (port: number): boolean => !foreign.has(port) && !taken.some((row) => row.port === port && row !== held);
  const port = choosePort(range, free, resting, claim);
  if (port === undefined) throw exhausted(claim, range, taken.length);
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

function exhausted(claim: Claim, range: Range, allocated: number): SdpError {
  return new SdpError(
    'port_pool_exhausted',
    `No port between ${range.from} and ${range.to} is free for service "${claim.service}" of sandbox "${claim.sandbox}" (${allocated} are allocated on its engine).`,
    { hint: "Delete sandboxes that nobody needs, or widen the range in the agent's file." },
  );
}
