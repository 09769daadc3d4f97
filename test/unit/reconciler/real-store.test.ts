/** The loop over the store on SQLite, in real time: what the store in memory stands for holds for the real one. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SandboxSpec } from '#schema/documents';
import { MasterKeys } from '#specs/master-key';
import { openStore } from '#specs/open-store';
import type { Store } from '#specs/store';
import type { Reconciler } from '../../../reconciler/contract.ts';
import { deployDraft } from '../../../reconciler/deploy-request.ts';
import { reconcileOver } from './support/over-store.ts';
import { SimulatedFleet } from './support/simulated-fleet.ts';

const ADA = { user: 'ada' };

describe('reconciler over SQLite', () => {
  let folder: string;
  let store: Store;
  let fleet: SimulatedFleet;
  let reconciler: Reconciler;
  let errors: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sdp-reconciler-'));
    store = await openStore({ url: `sqlite:${join(folder, 'sdp.db')}`, masterKeys: new MasterKeys([randomBytes(32)]) });
    fleet = new SimulatedFleet();
    fleet.faults.duration = () => 5;
    fleet.addAgent('gateway-1', 'GATEWAY', 'engine', { 'api-gateway': { develop: 'g1' } });
    fleet.addAgent('micro-1', 'MICRO', 'engine', {
      account: { develop: 'a1', feature: 'a2' },
      payment: { develop: 'p1' },
    });
    for (const name of ['account', 'payment']) {
      await store.apply(
        [
          {
            draft: {
              apiVersion: 'sdp/v1',
              kind: 'Service',
              metadata: { name },
              spec: { baseline: `https://${name}.example.com` },
            },
          },
        ],
        ADA,
      );
    }
    ({ reconciler, errors } = await reconcileOver(store, fleet, { installation: 'test' }));
  });
  afterEach(async () => {
    await reconciler.stop();
    await store.close();
    await rm(folder, { recursive: true });
    expect(errors).toEqual([]);
    expect(fleet.violations).toEqual([]);
  });

  const apply = async (spec: SandboxSpec): Promise<number> => {
    const [result] = await store.apply(
      [{ draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'QA' }, spec } }],
      ADA,
    );
    return result!.document.metadata.resourceVersion;
  };
  const ready = (version: number): Promise<void> =>
    vi.waitFor(
      async () => {
        const status = (await store.get('Sandbox', 'qa'))?.status;
        expect(status?.observedResourceVersion).toBeGreaterThanOrEqual(version);
        expect(status?.conditions.find((item) => item.type === 'Ready')).toMatchObject({ status: 'True' });
      },
      { timeout: 5_000, interval: 10 },
    );

  it('goes from a document to Ready, deploys a newer commit on demand, and takes everything down again', async () => {
    const spec = { services: { account: { branch: 'feature' } } };
    await ready(await apply(spec));
    const commit = (): string | undefined => fleet.all().find((item) => item.name === 'sandbox-qa-account')?.commit;
    expect(commit()).toBe('a2');

    fleet.agents.get('micro-1')!.repositories.get('account')!.branches['feature'] = 'a3';
    const document = (await store.get('Sandbox', 'qa'))!;
    const [deployed] = await store.apply([deployDraft(document, ['account'])], ADA);
    expect(deployed).toMatchObject({ outcome: 'configured' });
    await ready(deployed!.document.metadata.resourceVersion);
    expect(commit()).toBe('a3');
    expect(
      (
        await store.apply([{ draft: { apiVersion: 'sdp/v1', kind: 'Sandbox', metadata: { name: 'QA' }, spec } }], ADA)
      )[0]?.outcome,
    ).toBe('unchanged');

    await store.delete('Sandbox', 'qa', ADA);
    await vi.waitFor(async () => expect(await store.get('Sandbox', 'qa')).toBeUndefined(), { timeout: 15_000 });
    expect(fleet.all()).toEqual([]);
    expect([await store.ports(), await store.subnets()]).toEqual([[], []]);
  });

  it('sends the command of a flip at once after the write', async () => {
    await ready(await apply({ services: { account: { branch: 'feature' } } }));
    const times: number[] = [];
    for (const target of ['ocp', 'sandbox', 'ocp', 'sandbox', 'ocp'] as const) {
      const before = fleet.sent.length;
      const start = performance.now();
      await store.apply(
        [
          {
            draft: {
              apiVersion: 'sdp/v1',
              kind: 'Route',
              metadata: { name: 'QA' },
              spec: { routes: { account: { target } } },
            },
          },
        ],
        ADA,
      );
      await vi.waitFor(() => expect(fleet.sent.length).toBeGreaterThan(before), { timeout: 10_000, interval: 1 });
      times.push(performance.now() - start);
      expect(fleet.sent[before]?.command.type).toBe('routes');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const median = times.sort((a, b) => a - b)[2] ?? Infinity;
    console.info(`from write to command: ${median.toFixed(1)} ms`);
    // Less than any delay of the queue or period of a resync.
    expect(median).toBeLessThan(1_000);
  });
});
