/** A small world for tests: two nodes, a catalogue, one control plane that can be killed and started again. */
import { afterEach, beforeEach, expect, vi } from 'vitest';
import type { RouteEntry, RouteTarget, SandboxSpec, StoredDocument } from '#schema/documents';
import { slugOf } from '#schema/names';
import type { Credentials } from '#schema/wire/commands';
import type { ObservedContainer } from '#schema/wire/report';
import { createReconciler } from '../../../../reconciler/create-reconciler.ts';
import type { Reconciler } from '../../../../reconciler/contract.ts';
import { deployDraft } from '../../../../reconciler/deploy-request.ts';
import { MemoryStore } from './memory-store.ts';
import { SimulatedFleet } from './simulated-fleet.ts';

export const DEFAULTS = {
  gateway: { repository: 'api-gateway', branch: 'develop' },
  startSeconds: 60,
  drainSeconds: 10,
  retentionDays: 30,
};

export class TestWorld {
  readonly store = new MemoryStore();
  readonly fleet = new SimulatedFleet();
  readonly logins = new Map<string, Credentials>([['ada', { username: 'ada', password: 'secret' }]]);
  readonly logs: string[] = [];
  readonly errors: string[] = [];
  reconciler!: Reconciler;
  #epoch = 0;

  /** Two VMs, each with an engine of its own, and three services. */
  constructor() {
    this.fleet.onHello = ({ node, engine }) => {
      this.store.nodeRows.set(node.name, { ...node, engine: engine.id, lastSeenAt: new Date().toISOString() });
    };
    this.fleet.addAgent('gateway-1', 'GATEWAY', 'engine-g', { 'api-gateway': { develop: 'g1' } });
    this.fleet.addAgent('micro-1', 'MICRO', 'engine-m', {
      account: { develop: 'a1', feature: 'a2' },
      payment: { develop: 'p1' },
      user: { develop: 'u1' },
    });
    for (const name of ['account', 'payment', 'user']) {
      this.store.put({
        apiVersion: 'sdp/v1',
        kind: 'Service',
        metadata: { name },
        spec: { baseline: `https://${name}.example.com` },
      });
    }
  }

  async start(): Promise<void> {
    this.reconciler = createReconciler({
      store: this.store,
      fleet: this.fleet,
      defaults: DEFAULTS,
      installation: 'test',
      publicUrl: 'https://sdp.example.com/',
      epoch: ++this.#epoch,
      vault: { credentialsOf: (user) => this.logins.get(user) },
      announcer: {
        status: () => undefined,
        deployment: () => undefined,
        deploymentEvent: () => undefined,
        log: (_id, _phase, text) => void this.logs.push(text),
      },
      onError: (uid, error) => void this.errors.push(`${uid}: ${error.stack ?? error.message}`),
      random: () => 0.5,
    });
    await this.reconciler.start();
  }

  connectAll(): void {
    for (const name of this.fleet.agents.keys()) this.fleet.connect(name);
  }

  /** Starts everything and lets the first minute pass. */
  async up(): Promise<void> {
    await this.start();
    this.connectAll();
    await this.pass(60_000);
  }

  /** kill -9 of the control plane, and a new start: what was in memory is gone. */
  async restartServer(): Promise<void> {
    void this.reconciler.stop();
    this.fleet.forgetSessions();
    await this.start();
  }

  apply(name: string, spec: SandboxSpec, user = 'ada'): StoredDocument {
    return this.store.put({ apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name }, spec }, user);
  }

  route(name: string, routes: Record<string, RouteTarget>): void {
    const entries = Object.entries(routes).map(([service, target]) => [service, { target }] as const);
    this.entries(name, Object.fromEntries(entries));
  }

  entries(name: string, routes: Record<string, RouteEntry>): void {
    this.store.put({ apiVersion: 'sdp/v1', kind: 'Route', metadata: { name }, spec: { routes } });
  }

  deploy(name: string, services?: string[], user = 'ada'): void {
    const { draft, bump, resolutions } = deployDraft(this.store.sandbox(name), services);
    this.store.put(draft, user, { ...(bump ? { bump } : {}), ...(resolutions ? { resolutions } : {}) });
  }

  push(repository: string, branch: string, commit: string): void {
    for (const agent of this.fleet.agents.values()) {
      const found = agent.repositories.get(repository);
      if (found) found.branches[branch] = commit;
    }
  }

  status(name: string): NonNullable<StoredDocument<'Sandbox'>['status']> {
    const { status } = this.store.sandbox(name);
    if (!status) throw new Error(`${name} has no status`);
    return status;
  }

  condition(name: string, type: string): string {
    const found = this.status(name).conditions.find((item) => item.type === type);
    return `${found?.status} ${found?.reason}`;
  }

  container(sandbox: string, service: string): ObservedContainer | undefined {
    return this.fleet.all().find((item) => item.name === `sandbox-${slugOf(sandbox)}-${service}`);
  }

  async pass(ms: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(ms);
  }
}

/** The time at which every such world begins, in milliseconds since 1970. */
const START = Date.parse('2026-01-01T00:00:00Z');

/** Gives each test a world of its own on a clock that only the test moves; what went wrong in it fails the test. */
export function freshWorlds(take: (world: TestWorld) => void): void {
  let world: TestWorld;
  beforeEach(() => {
    vi.useFakeTimers({ now: START });
    world = new TestWorld();
    take(world);
  });
  afterEach(async () => {
    expect(world.errors).toEqual([]);
    expect(world.fleet.violations).toEqual([]);
    await world.reconciler.stop();
    vi.useRealTimers();
  });
}
