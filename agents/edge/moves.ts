/** Addresses that were switched before the list of containers shows it. */
import type { KnownContainer } from './compute-maps.ts';

/** A switch that no list ever confirms ends after this: its replacement has failed. */
const FORGET_MS = 60_000;

export class Moves {
  private readonly moves = new Map<string, { from: string; to: string; at: number }>();

  /** By container name. */
  get all(): ReadonlyMap<string, { from: string; to: string }> {
    return this.moves;
  }

  /** Whatever container leads to `from` now leads to `to`. */
  add(containers: ReadonlyMap<string, KnownContainer>, from: string, to: string, at = Date.now()): void {
    for (const [name, { address }] of containers) {
      if (address === undefined) continue;
      const moved = this.moves.get(name);
      const effective = moved?.from === address ? moved.to : address;
      if (effective !== from) continue;
      if (address === to) this.moves.delete(name);
      else this.moves.set(name, { from: address, to, at });
    }
  }

  /** Drops what the list shows by now, so that an address that is used again is not led away. */
  forget(containers: ReadonlyMap<string, KnownContainer>, now = Date.now()): void {
    for (const [name, move] of this.moves) {
      if (containers.get(name)?.address !== move.from || now - move.at > FORGET_MS) this.moves.delete(name);
    }
  }
}
