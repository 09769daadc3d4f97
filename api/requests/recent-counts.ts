/** How many requests came within the last ten minutes, by service, in buckets of ten seconds. */

const BUCKET_MS = 10_000;
const BUCKETS = 60;
export const COUNTED_MS = BUCKET_MS * BUCKETS;
/** A container can ask for any name: services of one sandbox that are counted. */
const MAX_SERVICES = 200;

interface Buckets {
  counts: Uint32Array;
  /** Number of the ten seconds since 1970 that each count belongs to. */
  slots: Float64Array;
}

export class RecentCounts {
  readonly #services = new Map<string, Buckets>();

  /** @param at milliseconds since 1970, when it arrived; what is older than ten minutes is not counted */
  add(service: string, at: number, now: number): void {
    // A node's clock may be ahead.
    const slot = Math.floor(Math.min(at, now) / BUCKET_MS);
    if (slot <= Math.floor(now / BUCKET_MS) - BUCKETS) return;
    const buckets = this.#of(service);
    if (buckets === undefined) return;
    const index = slot % BUCKETS;
    const known = buckets.slots[index] ?? 0;
    if (known > slot) return;
    if (known < slot) buckets.counts[index] = 0;
    buckets.slots[index] = slot;
    buckets.counts[index] = (buckets.counts[index] ?? 0) + 1;
  }

  #of(service: string): Buckets | undefined {
    const present = this.#services.get(service);
    if (present !== undefined || this.#services.size >= MAX_SERVICES) return present;
    const made = { counts: new Uint32Array(BUCKETS), slots: new Float64Array(BUCKETS) };
    this.#services.set(service, made);
    return made;
  }

  /** Services without a request in that time are left out. */
  totals(now: number): ReadonlyMap<string, number> {
    const oldest = Math.floor(now / BUCKET_MS) - BUCKETS;
    const totals = new Map<string, number>();
    for (const [service, { counts, slots }] of this.#services) {
      let total = 0;
      for (let index = 0; index < BUCKETS; index++) if ((slots[index] ?? 0) > oldest) total += counts[index] ?? 0;
      if (total > 0) totals.set(service, total);
    }
    return totals;
  }
}
