import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import { storeClosed } from './closed.ts';
import { thisHolder, type Holder } from './holder.ts';
import { LEASE_MS, type HeldLease, type Lease } from './lease.ts';
import type { LeadershipOptions } from './store.ts';
import type { Writer } from './writer.ts';

/** Milliseconds between looks at a lease that somebody else has. */
const LOOK_MS = 500;

/** Takes the lease, keeps it, gives it back. */
export class Term {
  readonly #lease: Lease;
  readonly #writer: Writer;
  readonly #clock: () => number;
  readonly #everyMs: number;
  #holder: Holder | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: { lease: Lease; writer: Writer; clock: () => number; leaseMs?: number | undefined }) {
    this.#lease = parts.lease;
    this.#writer = parts.writer;
    this.#clock = parts.clock;
    this.#everyMs = (parts.leaseMs ?? LEASE_MS) / 3;
  }

  /** Waits while somebody else has it. @throws SdpError unavailable when the store closes or the signal aborts */
  async take(options: LeadershipOptions, closed: AbortSignal): Promise<number> {
    const signal = options.signal === undefined ? closed : AbortSignal.any([options.signal, closed]);
    const holder: Holder = this.#holder ?? thisHolder(options.url);
    for (;;) {
      if (signal.aborted) throw storeClosed();
      const other: HeldLease | undefined = await this.#lease.heldByOther();
      const taken: number | HeldLease = other ?? (await this.#writer.write((tx) => this.#lease.take(tx, holder, this.#clock)));
      if (typeof taken === 'number') {
        this.#holder = holder;
        this.#lease.hold(taken, holder);
        this.#keep(options.onLost);
        return taken;
      }
      options.onWait?.(taken);
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    if (!this.#lease.held) return;
    // Who cannot give it back, as another has it or the database is away, loses nothing.
    await this.#writer.write((tx) => this.#lease.release(tx)).catch(() => undefined);
  }

  #keep(onLost: ((error: SdpError) => void) | undefined): void {
    clearInterval(this.#timer);
    let renewing = false;
    let lost = false;
    const renew = async (): Promise<void> => {
      renewing = true;
      try {
        await this.#writer.write((tx) => this.#lease.renew(tx));
      } catch (thrown) {
        const error = SdpError.from(thrown);
        // A database that is away is asked again; who comes first after that has it.
        if (error.code !== 'stale_epoch' || lost) return;
        lost = true;
        clearInterval(timer);
        onLost?.(error);
      } finally {
        renewing = false;
      }
    };
    const timer = setInterval(() => void (renewing || lost ? undefined : renew()), this.#everyMs);
    timer.unref();
    this.#timer = timer;
  }
}
