import type { SubnetAllocation } from '#schema/records';
import { SdpError } from '#schema/errors';
import { now, type Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';
import { firstFreeBlock, formatCidr, parseCidr } from './cidr.ts';

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
  const block = parseCidr(pool.pool);
  if (!Number.isInteger(pool.prefix) || pool.prefix < block.prefix || pool.prefix > 30) {
    throw new SdpError('invalid_request', `Subnets of /${pool.prefix} cannot be cut from ${pool.pool}.`, {
      hint: `Choose a prefix between ${block.prefix} and 30.`,
    });
  }
  const first = firstFreeBlock(
    block,
    pool.prefix,
    taken.map((row) => parseCidr(row.subnet)),
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
    subnet: formatCidr(first, pool.prefix),
    sandboxUid,
    sandbox,
    allocatedAt: at,
  };
  await tx.insertInto('subnets').values(allocation).execute();
  return allocation;
}
