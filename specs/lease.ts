/** The lease on the database: who may write, since which term, until when by the database's own clock. */
import { SdpError } from '#schema/errors';
import { sql } from 'kysely';
import type { Connections } from './connections.ts';
import { describeHolder, hasEnded, type Holder } from './holder.ts';
import type { LeaseRow, Tx } from './tables.ts';

/** Milliseconds that a lease lasts unless renewed. */
export const LEASE_MS = 15_000;
const NAME = 'writer';

/** A lease that somebody else has. */
export interface HeldLease {
  /** Such as `process 4711 on qa-1 (http://127.0.0.1:7070)`. */
  holder: string;
  /** Milliseconds until it ends unless it is renewed. */
  endsInMs: number;
}

type State = LeaseRow & { now: number };

/** This store's term. A store that never took the lease (`sdp --local`) is not fenced. */
export class Lease {
  readonly #connections: Connections;
  readonly #leaseMs: number;
  #epoch: number | undefined;
  #holder: Holder | undefined;
  #before: string | null = null;

  constructor(connections: Connections, leaseMs = LEASE_MS) {
    this.#connections = connections;
    this.#leaseMs = leaseMs;
  }

  get held(): boolean {
    return this.#epoch !== undefined;
  }

  /**
   * First in every transaction: keeps other writers out until its end, notes the batch where a commit can be in doubt,
   * and renews.
   * @throws SdpError stale_epoch
   */
  async check(tx: Tx, batch: string): Promise<void> {
    const row = this.#connections.shared ? await this.#enter(tx, batch) : await this.#state(tx);
    if (this.#epoch === undefined || row.epoch === this.#epoch) return;
    const by = row.holder === null ? '' : `, ${describeHolder(JSON.parse(row.holder) as Holder)}`;
    throw new SdpError(
      'stale_epoch',
      `Another control plane (epoch ${row.epoch}${by}) took over this database; this one (epoch ${this.#epoch}) no longer writes to it.`,
      { hint: 'Stop this one, or stop the other one and start this one again.' },
    );
  }

  /**
   * One statement: locks the row, reads it, marks it. The former mark is of the statement's beginning: one that another
   * process left while we waited for the lock is missed, which makes an outcome unknown and never wrong.
   */
  async #enter(tx: Tx, batch: string): Promise<Pick<LeaseRow, 'epoch' | 'holder'>> {
    const ends = sql<number>`case when epoch = ${this.#epoch ?? -1} then ${this.#connections.databaseTime} + ${sql.lit(this.#leaseMs)} else expires_at end`;
    const row = await tx
      .with('before', (db) => db.selectFrom('leases').select('batch').where('name', '=', NAME))
      .updateTable('leases')
      .set({ batch, expiresAt: ends })
      .where('name', '=', NAME)
      .returning((columns) => ['epoch', 'holder', columns.selectFrom('before').select('before.batch').as('before')])
      .executeTakeFirst();
    if (row === undefined) throw missing(this.#connections.name);
    this.#before = row.before;
    return row;
  }

  /**
   * What became of a transaction whose commit was not answered. It waits for one that is still being committed.
   * @throws ConnectionLost while the database does not answer
   */
  async settle(batch: string): Promise<'committed' | 'lost' | 'unknown'> {
    const row = await this.#connections.write.transaction().execute((tx) => tx.selectFrom('leases').select('batch').where('name', '=', NAME).forUpdate().executeTakeFirst());
    if (row?.batch === batch) return 'committed';
    // Nobody wrote since: it was taken back. Otherwise somebody else wrote after it, or instead of it.
    return row?.batch === this.#before ? 'lost' : 'unknown';
  }

  /** Who has the lease, other than this store; undefined when it can be taken. */
  async heldByOther(): Promise<HeldLease | undefined> {
    return this.#other(await this.#state(this.#connections.read));
  }

  /**
   * Takes the lease when nobody else has it.
   * @returns epoch = max(last + 1, unix milliseconds), higher than every one before; or who has it
   */
  async take(tx: Tx, holder: Holder, clock: () => number): Promise<number | HeldLease> {
    const row = await this.#state(tx);
    const other = this.#other(row);
    if (other !== undefined) return other;
    const epoch = Math.max(row.epoch + 1, clock());
    await tx
      .updateTable('leases')
      .set({ epoch, holder: JSON.stringify(holder), expiresAt: row.now + this.#leaseMs })
      .where('name', '=', NAME)
      .execute();
    return epoch;
  }

  /** From now on every write checks that no newer leader came. */
  hold(epoch: number, holder: Holder): void {
    this.#epoch = epoch;
    this.#holder = holder;
  }

  /** Makes it last from now, in a transaction that was checked. */
  async renew(tx: Tx): Promise<void> {
    if (this.#connections.shared) return;
    await tx.updateTable('leases').set({ expiresAt: sql`${this.#connections.databaseTime} + ${sql.lit(this.#leaseMs)}` }).where('name', '=', NAME).execute();
  }

  /** Lets the next one take it at once. */
  async release(tx: Tx): Promise<void> {
    await tx.updateTable('leases').set({ holder: null, expiresAt: 0 }).where('name', '=', NAME).execute();
  }

  #other(row: State): HeldLease | undefined {
    if (row.holder === null || row.expiresAt <= row.now) return undefined;
    const holder = JSON.parse(row.holder) as Holder;
    if (holder.id === this.#holder?.id || hasEnded(holder)) return undefined;
    return { holder: describeHolder(holder), endsInMs: row.expiresAt - row.now };
  }

  async #state(db: Tx | Connections['read']): Promise<State> {
    const row = await db.selectFrom('leases').selectAll().select(this.#connections.databaseTime.as('now')).where('name', '=', NAME).executeTakeFirst();
    if (row === undefined) throw missing(this.#connections.name);
    return row;
  }
}

function missing(name: string): SdpError {
  return new SdpError('unavailable', `The lease of ${name} is missing: it was changed by hand.`, { hint: 'Restore a backup.' });
}
