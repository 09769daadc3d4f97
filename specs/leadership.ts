import { SdpError } from '#schema/errors';
import type { Tx } from './tables.ts';

const EPOCH = 'leadership.epoch';

/** This store's term. A store that never took leadership (`sdp --local`) is not fenced. */
export class Leadership {
  #epoch: number | undefined;

  /** @returns max(last + 1, unix milliseconds), so that every leader's epoch is higher than the one before. */
  async take(tx: Tx, clock: () => number): Promise<number> {
    const epoch = Math.max((await storedEpoch(tx)) + 1, clock());
    await tx
      .insertInto('settings')
      .values({ name: EPOCH, value: String(epoch) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ value: String(epoch) }))
      .execute();
    return epoch;
  }

  /** From now on every write checks that no newer leader came. */
  hold(epoch: number): void {
    this.#epoch = epoch;
  }

  /** First in every transaction. @throws SdpError stale_epoch */
  async check(tx: Tx): Promise<void> {
    if (this.#epoch === undefined) return;
    const stored = await storedEpoch(tx);
    if (stored === this.#epoch) return;
    throw new SdpError(
      'stale_epoch',
      `Another control plane (epoch ${stored}) took over this database; this one (epoch ${
        this.#epoch
      }) no longer writes to it.`,
      { hint: 'Stop this one, or stop the other one and start this one again.' },
    );
  }
}

async function storedEpoch(tx: Tx): Promise<number> {
  const row = await tx.selectFrom('settings').select('value').where('name', '=', EPOCH).executeTakeFirst();
  return row === undefined ? 0 : Number(row.value);
}
