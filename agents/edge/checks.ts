/**
 * Keeps knowing whether each routed target can be reached: asked again when its route changed, every 15 s while it
 * fails, every 5 minutes while all is well; four at once at most.
 */
import { isDeepStrictEqual } from 'node:util';
import type { TargetCheck } from '#schema/wire/report';

export interface Wanted {
  uid: string;
  service: string;
  /** Whatever the answer depends on: another text means that the check has to be made anew. */
  fingerprint: string;
  check(): Promise<TargetCheck>;
}

export interface CheckTimes {
  atOnce: number;
  okMs: number;
  failingMs: number;
}

interface Entry {
  wanted: Wanted;
  result: TargetCheck | undefined;
  /** Fingerprint that `result` speaks of. */
  of: string | undefined;
  dueAt: number;
  running: boolean;
}

export const CHECK_TIMES: CheckTimes = { atOnce: 4, okMs: 5 * 60_000, failingMs: 15_000 };

export class TargetChecks {
  private readonly entries = new Map<string, Entry>();
  private running = 0;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly onChange: () => void,
    private readonly times: CheckTimes = CHECK_TIMES,
  ) {}

  /** All targets as they are now; those that changed are asked at once. */
  want(all: readonly Wanted[]): void {
    const keys = new Set(all.map(keyOf));
    for (const key of this.entries.keys()) if (!keys.has(key)) this.entries.delete(key);
    for (const wanted of all) {
      const entry = this.entries.get(keyOf(wanted));
      if (entry === undefined) {
        this.entries.set(keyOf(wanted), { wanted, result: undefined, of: undefined, dueAt: 0, running: false });
      } else {
        if (entry.wanted.fingerprint !== wanted.fingerprint) entry.dueAt = 0;
        entry.wanted = wanted;
      }
    }
    this.proceed();
  }

  /** Results that speak of the present routes, by sandbox uid and service. */
  results(): Record<string, Record<string, TargetCheck>> {
    const found: Record<string, Record<string, TargetCheck>> = {};
    for (const { wanted, result, of } of this.entries.values()) {
      if (result === undefined || of !== wanted.fingerprint) continue;
      (found[wanted.uid] ??= {})[wanted.service] = result;
    }
    return found;
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private proceed(): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    const waiting = [...this.entries.values()].filter((entry) => !entry.running).sort((a, b) => a.dueAt - b.dueAt);
    for (const entry of waiting) {
      const wait = entry.dueAt - Date.now();
      if (wait > 0) {
        this.timer = setTimeout(() => this.proceed(), wait);
        this.timer.unref();
        return;
      }
      if (this.running >= this.times.atOnce) return;
      void this.ask(entry);
    }
  }

  private async ask(entry: Entry): Promise<void> {
    const { wanted } = entry;
    entry.running = true;
    this.running += 1;
    try {
      const result = await wanted.check();
      if (entry.wanted.fingerprint === wanted.fingerprint) {
        const told = this.told(entry);
        entry.result = result;
        entry.of = wanted.fingerprint;
        // Spread, so that many that were asked together are not asked together for ever.
        const pause = result.ok ? this.times.okMs : this.times.failingMs;
        entry.dueAt = Date.now() + pause * (0.8 + 0.2 * Math.random());
        if (!isDeepStrictEqual(told, this.told(entry)) && this.entries.get(keyOf(wanted)) === entry) this.onChange();
      }
    } catch {
      // It could not be asked, such as while the edge starts: no finding.
      if (entry.wanted.fingerprint === wanted.fingerprint) entry.dueAt = Date.now() + Math.min(this.times.failingMs, 5_000);
    } finally {
      entry.running = false;
      this.running -= 1;
      this.proceed();
    }
  }

  /** What people would see change; times always do. */
  private told({ result, of }: Entry): unknown {
    return result === undefined ? undefined : { of, ok: result.ok, step: result.step, message: result.message, status: result.status };
  }
}

const keyOf = ({ uid, service }: Wanted): string => `${uid}/${service}`;
