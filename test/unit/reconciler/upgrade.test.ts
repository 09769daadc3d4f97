/**
 * A newer program over what an older one left: unchanged documents replace no container. What each release left is recorded
 * in `recorded/`; `SDP_RECORD=NAME npx vitest run -c test/vitest.unit.config.ts test/unit/reconciler/upgrade.test.ts`
 * adds that of the present program, once per release.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_VERSION, type Draft, type Kind } from '#schema/documents';
import { MasterKeys } from '#specs/master-key';
import { openStore } from '#specs/open-store';
import type { Store } from '#specs/store';
import type { Reconciler } from '../../../reconciler/contract.ts';
import { reconcileOver } from './support/over-store.ts';
import { disturbing, readRelease, RECORDED_KEY, recordedReleases, writeRelease } from './support/recorded-release.ts';
import { SimulatedFleet } from './support/simulated-fleet.ts';

const NEW = process.env['SDP_RECORD'];
const releases = await recordedReleases();

let folder: string;
let store: Store;
let fleet: SimulatedFleet;
let reconciler: Reconciler;
let errors: string[];

const open = async (file: string): Promise<Store> => openStore({ url: `sqlite:${file}`, masterKeys: new MasterKeys([RECORDED_KEY]), leaseMs: 1_000 });

async function start(): Promise<void> {
  ({ reconciler, errors } = await reconcileOver(store, fleet, { installation: 'recorded', publicUrl: 'https://sdp.example.com/' }));
}

const sandboxes = () => store.list('Sandbox');
/** What people see of each: nothing of it may move by itself. */
const facts = async () =>
  (await sandboxes()).map(({ metadata, status }) => ({
    name: metadata.name, revision: metadata.revision, port: status?.gateway?.port, services: Object.values(status?.services ?? {}).map(({ commit, image, port }) => ({ commit, image, port })),
  }));
const areReady = (): Promise<void> =>
  vi.waitFor(
    async () => {
      for (const { metadata, status } of await sandboxes()) {
        expect(status?.observedResourceVersion, metadata.name).toBeGreaterThanOrEqual(metadata.resourceVersion);
        expect(status?.conditions.find(({ type }) => type === 'Ready'), metadata.name).toMatchObject({ status: 'True' });
      }
    },
    { timeout: 20_000, interval: 20 },
  );

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdp-upgrade-'));
  fleet = new SimulatedFleet();
  fleet.faults.duration = () => 5;
});
afterEach(async () => {
  vi.useRealTimers();
  await reconciler.stop();
  await store.close();
  await rm(folder, { recursive: true });
  expect(errors).toEqual([]);
  expect(fleet.violations).toEqual([]);
});

async function record(name: string): Promise<void> {
  const file = join(folder, 'sdp.db');
  store = await open(file);
  fleet.addAgent('gateway-1', 'GATEWAY', 'engine-g', { 'api-gateway': { develop: 'g1' } });
  fleet.addAgent('micro-1', 'MICRO', 'engine-m', { account: { develop: 'a1', feature: 'a2' }, payment: { develop: 'p1' }, user: { develop: 'u1' } });
  const draft = <K extends Kind>(kind: K, name: string, spec: Draft<K>['spec']) => ({ draft: { apiVersion: API_VERSION, kind, metadata: { name }, spec } as Draft });
  const by = { user: 'ada' };
  await store.apply([
    draft('Environment', 'common', { variables: { LOG: 'debug', QUOTED: 'a "b" $c\nd' }, secrets: { TOKEN: 'not-a-secret' }, files: { '/etc/app/app.yaml': 'a: 1\n', '/etc/app/bytes': { base64: 'AAEC' } } }),
    draft('Environment', 'own', { variables: { LOG: 'info', ONLY: 'own' } }),
    draft('Service', 'account', { baseline: 'https://account.example.com', port: 9090, health: '/ready', environments: ['common'], urlVariable: 'ACCOUNT', sharedState: ['database accounts'] }),
    draft('Service', 'payment', { baseline: 'https://payment.example.com', replace: 'recreate', drain: '5s' }),
    draft('Service', 'user', { baseline: 'https://user.example.com', upstreamsFile: { path: '/etc/upstreams.json', format: 'json' } }),
  ], by);
  await store.apply([
    draft('Sandbox', 'QA-FULL', {
      description: 'Everything that a sandbox may have', environments: ['common'], variables: { STAGE: 'qa' }, limits: { cpu: 4, memory: '2Gi' },
      gateway: { branch: 'develop', variables: { MODE: 'test' }, upstreamsFile: { path: '/app/upstreams.php', format: 'php' } },
      services: {
        account: { branch: 'feature', environments: ['own'], variables: { EXTRA: '1' }, resources: { cpu: 0.5, memory: '256Mi' } },
        payment: { branch: 'develop' },
        user: { branch: 'develop', commit: 'u1' },
      },
    }),
    draft('Sandbox', 'QA-BARE', { services: { account: { branch: 'develop' } } }),
    draft('Sandbox', 'QA-OCP', { services: { account: { use_ocp: true }, payment: { branch: 'develop', run: 'stopped' } } }),
    draft('Route', 'QA-FULL', { routes: { payment: { target: 'ocp' }, user: { fault: { status: 503, percent: 50, path: '/login' } } } }),
  ], by);
  await start();
  await areReady();
  expect(fleet.all().length).toBeGreaterThanOrEqual(7);
  await reconciler.stop();
  await store.close();
  await writeRelease(name, file, fleet);
}

if (releases.length === 0 && NEW === undefined) throw new Error('No release is recorded.');

describe('an upgrade', () => {
  if (NEW !== undefined) it('can be tested from now on', () => record(NEW));
  else it.each(releases)('from %s replaces no container, fetches and builds nothing, and finds every sandbox Ready', async (release) => {
    const file = join(folder, 'sdp.db');
    const at = await readRelease(release, file, fleet);
    const before = structuredClone(fleet.all());
    // Only the date: what expires by the years since the recording is not what this is about.
    vi.useFakeTimers({ now: at.getTime() + 3_600_000, toFake: ['Date'] });
    store = await open(file);
    const known = await facts();
    await start();
    await areReady();
    await sleep(500);
    expect(disturbing(fleet)).toEqual([]);
    expect(fleet.all()).toEqual(before);
    expect(await facts()).toEqual(known);
  });
});
