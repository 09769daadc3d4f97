import { formatNetwork, parseNetwork, type Network } from '#schema/cidr';
import type { SubnetAllocation } from '#schema/records';
import { SdpError } from '#schema/errors';
import { now, type Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';
import { firstFreeSubnet } from './free-subnet.ts';

type Claim = Omit<SubnetAllocation, 'subnet' | 'allocatedAt'>;

export function subnets(context: Context): Pick<RecordStore, 'claimSubnet' | 'subnets'> {
  const { read, writer } = context;
  return {
    claimSubnet: (claim, pool) => writer.write((tx) => claimSubnet(tx, claim, pool, now(context))),
    async subnets(filter) {
      let query = read.selectFrom('subnets').selectAll().orderBy('engine').orderBy('subnet');
      if (filter?.sandboxUid !== undefined) query = query.where('sandboxUid', '=', filter.sandboxUid);
      return await query.execute();
    },
  };
}

/** A held subnet stays although the pool was changed since: its network exists with it. */
async function claimSubnet(
  tx: Tx,
  claim: Claim,
  pool: { pool: string; prefix: number },
  at: string,
): Promise<SubnetAllocation> {
  const { engine, sandboxUid, sandbox } = claim;
  const taken = await tx.selectFrom('subnets').selectAll().where('engine', '=', engine).execute();
  const held = taken.find((row) => row.sandboxUid === sandboxUid);
  if (held !== undefined) return held;
  const whole = networkOf(pool.pool);
  if (!Number.isInteger(pool.prefix) || pool.prefix < whole.prefix || pool.prefix > 30) {
    throw new SdpError('invalid_request', `Subnets of /${pool.prefix} cannot be cut from ${pool.pool}.`, {
      hint: `Choose a prefix between ${whole.prefix} and 30.`,
    });
  }
  const first = firstFreeSubnet(
    whole,
    pool.prefix,
    taken.map((row) => networkOf(row.subnet)),
  );
  if (first === undefined) {
    throw new SdpError(
      'subnet_pool_exhausted',
      `No /${pool.prefix} of ${pool.pool} is free for sandbox "${sandbox}" (${taken.length} are allocated).`,
      {
        hint: 'Delete sandboxes that nobody needs, or give the agent a larger network.pool.',
      },
    );
  }
  const allocation: SubnetAllocation = {
    engine,
    subnet: formatNetwork(first, pool.prefix),
    sandboxUid,
    sandbox,
    allocatedAt: at,
  };
  await tx.insertInto('subnets').values(allocation).execute();
  return allocation;
}

/** @throws SdpError invalid_request */
function networkOf(cidr: string): Network {
  const network = parseNetwork(cidr);
  if (network !== undefined) return network;
  throw new SdpError('invalid_request', `"${cidr.slice(0, 40)}" is not a network such as 10.213.0.0/16.`);
}
