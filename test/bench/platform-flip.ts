/** Benchmark 11, through the whole platform: flips by the API under load, and replacements of a service and of the gateway. */
import { Platform } from '../e2e/support/platform.ts';
import { local, login, statusOf } from '../faults/support/helpers.ts';
import { SANDBOX } from './support/demo.ts';
import { startLoad, type LoadResult } from './support/load.ts';
import { ms, printJson, printTable, quantile } from './support/table.ts';

const FLIPS = 200;
const REPLACEMENTS = 100;
/** Milliseconds between two requests of one of four connections: the gateway is PHP's development server. */
const PAUSE = 20;

export default async function platformFlip(): Promise<void> {
  const platform = await Platform.create('bench-platform');
  try {
    await platform.start();
    await login(platform);
    await platform.ok(['route', 'set', SANDBOX, 'payment', 'sandbox', '--branch', 'develop', '--wait']);
    const gateway = (await statusOf(platform, SANDBOX)).gateway?.url ?? '';
    const rows: string[][] = [];
    const flips = await underLoad(platform, `${gateway}/payment`, () => flipAll(platform, `${gateway}/payment`));
    rows.push(['flip of payment', String(FLIPS), ms(quantile(flips.took, 0.5)), ms(quantile(flips.took, 0.99)), String(flips.load.requests), String(flips.load.failed)]);
    printJson('platform-flip', 'write answered -> request moved, p50', { ours: quantile(flips.took, 0.5), limit: 50, failed: flips.load.failed, unit: 'ms' });
    for (const service of ['account', 'gateway'] as const) {
      const { took, load } = await underLoad(platform, `${gateway}/account`, () => replaceAll(platform, service));
      rows.push([`replacement of ${service}`, String(REPLACEMENTS), ms(quantile(took, 0.5)), ms(quantile(took, 0.99)), String(load.requests), String(load.failed)]);
      printJson('platform-flip', `replacement of ${service}, save -> Ready, p50`, { ours: quantile(took, 0.5), failed: load.failed, unit: 'ms' });
    }
    printTable(['what', 'times', 'p50', 'p99', 'requests', 'failed'], rows);
  } finally {
    await platform.destroy();
  }
}

async function underLoad(platform: Platform, url: string, work: () => Promise<number[]>): Promise<{ took: number[]; load: LoadResult }> {
  const load = startLoad({ netns: platform.docker.netns, url, connections: 4, seconds: 3_600, pauseMs: PAUSE });
  const took = await work();
  const result = await load.stop();
  for (const failure of result.failures) console.log(failure);
  return { took, load: result };
}

/** Milliseconds from the answer of each write to the first request that went to the new target. */
async function flipAll(platform: Platform, url: string): Promise<number[]> {
  const took: number[] = [];
  // From this process, which is outside of the platform's network namespace.
  const from = url.replace('127.0.0.1', platform.docker.address);
  for (let index = 0; index < FLIPS; index += 1) {
    const [target, servedBy] = index % 2 === 0 ? ['ocp', 'baseline'] : ['sandbox', 'sandbox'];
    await local(platform, 'PUT', `/sandboxes/${SANDBOX}/routes/payment`, { target });
    const answered = performance.now();
    for (;;) {
      const sent = performance.now();
      const { servedBy: who } = (await (await fetch(from)).json()) as { servedBy: string };
      // The moment of sending counts: how long the service takes to answer is no part of the flip.
      if (who === servedBy) {
        took.push(Math.max(0, sent - answered));
        break;
      }
    }
  }
  return took;
}

/** Milliseconds from each save to Ready with the new container. */
async function replaceAll(platform: Platform, service: 'account' | 'gateway'): Promise<number[]> {
  const took: number[] = [];
  for (let index = 0; index < REPLACEMENTS; index += 1) {
    const { document } = await local<{ document: { spec: Record<string, unknown>; apiVersion: string; kind: string; metadata: { name: string } } }>(platform, 'GET', `/sandboxes/${SANDBOX}`);
    const { apiVersion, kind, metadata, spec } = document;
    const variables = { ROUND: `${service}-${index}` };
    const changed =
      service === 'gateway'
        ? { ...spec, gateway: { ...(spec['gateway'] as object), variables } }
        : { ...spec, services: { ...(spec['services'] as object), account: { ...(spec['services'] as { account: object }).account, variables } } };
    const before = (await statusOf(platform, SANDBOX)).observedResourceVersion;
    const began = performance.now();
    await local(platform, 'PUT', `/sandboxes/${SANDBOX}`, { apiVersion, kind, metadata: { name: metadata.name }, spec: changed });
    for (;;) {
      const status = await statusOf(platform, SANDBOX);
      const ready = status.conditions.some((one) => one.type === 'Ready' && one.status === 'True');
      if (ready && status.observedResourceVersion > before) break;
      if (performance.now() - began > 60_000) throw new Error(`The replacement of ${service} did not end.`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    took.push(performance.now() - began);
  }
  return took;
}
