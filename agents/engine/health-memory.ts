/** The newest health check of each running container, made again when a report asks and the last is old. */
import { LABELS } from '#schema/names';
import type { ObservedContainer } from '#schema/wire/report';
import type { ContainerDetail } from './context.ts';
import { probe, type HealthTarget } from './health.ts';

type Health = NonNullable<ObservedContainer['health']>;

/** Milliseconds for which a check is fresh enough for a report. */
const FRESH_MS = 10_000;
const PROBE_TIMEOUT_MS = 1_000;
/** Milliseconds after its start in which a container that was never healthy counts as starting. */
const STARTING_MS = 60_000;

export class HealthMemory {
  private readonly known = new Map<string, { startedAt: string; at: number; health: Health; wasHealthy: boolean }>();

  constructor(private readonly check: (target: HealthTarget, timeoutMs: number) => Promise<string | undefined> = probe) {}

  /** A check that somebody made anyway. */
  note(detail: ContainerDetail, healthy: boolean): void {
    this.keep(detail, healthy ? 'healthy' : 'unhealthy');
  }

  async of(detail: ContainerDetail): Promise<Health> {
    if (detail.State.Status !== 'running') {
      this.known.delete(detail.Id);
      return 'unknown';
    }
    const before = this.known.get(detail.Id);
    if (before && before.startedAt === detail.State.StartedAt && Date.now() - before.at < FRESH_MS && before.health !== 'starting') {
      return before.health;
    }
    const target = healthTargetOf(detail);
    if (!target) return 'unknown';
    const why = await this.check(target, PROBE_TIMEOUT_MS);
    if (why === undefined) return this.keep(detail, 'healthy');
    const wasHealthy = before?.startedAt === detail.State.StartedAt && before.wasHealthy;
    const age = Date.now() - Date.parse(detail.State.StartedAt);
    return this.keep(detail, !wasHealthy && age < STARTING_MS ? 'starting' : 'unhealthy');
  }

  private keep(detail: ContainerDetail, health: Health): Health {
    const before = this.known.get(detail.Id);
    const wasHealthy = health === 'healthy' || (before?.startedAt === detail.State.StartedAt && before.wasHealthy);
    this.known.set(detail.Id, { startedAt: detail.State.StartedAt, at: Date.now(), health, wasHealthy });
    // Containers that were removed leave an entry behind; the oldest go.
    if (this.known.size > 2_000) this.known.delete(this.known.keys().next().value ?? '');
    return health;
  }
}

/** Where a container of ours is checked, from its labels and address. */
export function healthTargetOf(detail: ContainerDetail): HealthTarget | undefined {
  const address = Object.values(detail.NetworkSettings.Networks ?? {})[0]?.IPAddress;
  const port = Number(detail.Config.Labels?.[LABELS.port]);
  if (address === undefined || address === '' || !(port > 0)) return undefined;
  const path = detail.Config.Labels?.[LABELS.health];
  return { address, port, ...(path === undefined || path === '' ? {} : { path }) };
}
