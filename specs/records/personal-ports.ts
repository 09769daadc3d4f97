import type { PersonalPort } from '#schema/records';
import { fromColumns, toColumns, type Columns, type Fields } from '../columns.ts';
import { now, type Context } from '../context.ts';
import type { RecordStore } from '../store.ts';
import type { Tx } from '../tables.ts';
import { choosePort } from './choose-port.ts';
import { exhausted, freePorts, restingOn, type Range } from './port-pool.ts';
import { letRest } from './release.ts';

type Claim = Omit<PersonalPort, 'port' | 'allocatedAt' | 'formerUid'>;

const FIELDS: Fields<PersonalPort> = { user: 0, engine: 0, port: 0, sandboxUid: 0, formerUid: 0, allocatedAt: 0 };

/** Stands where a sandbox's name does: no sandbox can be called so. */
const restsAs = (user: string): { sandbox: string; service: string } => ({ sandbox: `@${user}`, service: 'personal' });

export function personalPorts(
  context: Context,
): Pick<RecordStore, 'personalPorts' | 'claimPersonalPort' | 'settlePersonalPort' | 'releasePersonalPort'> {
  const { read, writer } = context;
  return {
    async personalPorts(filter) {
      let query = read.selectFrom('personalPorts').selectAll().orderBy('engine').orderBy('port');
      if (filter?.user !== undefined) query = query.where('user', '=', filter.user);
      const uid = filter?.sandboxUid;
      if (uid !== undefined) query = query.where((row) => row.or([row('sandboxUid', '=', uid), row('formerUid', '=', uid)]));
      return (await query.execute()).map((row) => fromColumns<PersonalPort>(row, FIELDS));
    },
    claimPersonalPort: (claim, range, avoid) => writer.write((tx) => claimPort(tx, claim, range, avoid, now(context))),
    settlePersonalPort: (user, sandboxUid) =>
      writer.write(async (tx) => {
        const rows = tx.updateTable('personalPorts').set({ formerUid: null });
        await rows.where('user', '=', user).where('sandboxUid', '=', sandboxUid).execute();
      }),
    releasePersonalPort: (user) => writer.write((tx) => release(tx, user, now(context))),
  };
}

/** The port that the person has stays, wherever it leads, while it is of this engine and range and nobody took it. */
async function claimPort(tx: Tx, claim: Claim, range: Range, avoid: readonly number[], at: string): Promise<PersonalPort> {
  const { user, engine, sandboxUid } = claim;
  const held = await tx.selectFrom('personalPorts').selectAll().where('user', '=', user).executeTakeFirst();
  const stays =
    held !== undefined &&
    held.engine === engine &&
    held.port >= range.from &&
    held.port <= range.to &&
    !avoid.includes(held.port);
  if (stays) {
    const { formerUid: _former, ...rest } = fromColumns<PersonalPort>(held, FIELDS);
    const former = formerOf(held, sandboxUid);
    await tx.updateTable('personalPorts').set({ sandboxUid, formerUid: former ?? null }).where('user', '=', user).execute();
    return { ...rest, sandboxUid, ...(former === undefined ? {} : { formerUid: former }) };
  }
  if (held !== undefined) await release(tx, user, at);
  const { free, allocated } = await freePorts(tx, engine, avoid);
  // What was given up for a reason is not taken again.
  const usable = (port: number): boolean => free(port) && !(held?.engine === engine && held.port === port);
  const port = choosePort(range, usable, await restingOn(tx, engine), restsAs(user), at);
  if (port === undefined) throw exhausted(range, allocated, `${user}'s own address`);
  await tx.deleteFrom('restingPorts').where('engine', '=', engine).where('port', '=', port).execute();
  const row: PersonalPort = { user, engine, port, sandboxUid, allocatedAt: at };
  await tx.insertInto('personalPorts').values(toColumns(row, FIELDS)).execute();
  return row;
}

/** Who keeps the port meanwhile: of several moves at once, the sandbox whose routes are known to have it. */
function formerOf(held: Columns<PersonalPort>, to: string): string | undefined {
  const had = held.formerUid ?? held.sandboxUid;
  return had === to ? undefined : had;
}

async function release(tx: Tx, user: string, at: string): Promise<PersonalPort | undefined> {
  const held = await tx.selectFrom('personalPorts').selectAll().where('user', '=', user).executeTakeFirst();
  if (held === undefined) return undefined;
  await tx.deleteFrom('personalPorts').where('user', '=', user).execute();
  await letRest(tx, { engine: held.engine, port: held.port, ...restsAs(user) }, at);
  return fromColumns<PersonalPort>(held, FIELDS);
}
