/**
 * Benchmark 11, added latency of the edge: one container asked directly, through docker-proxy, through HAProxy without a
 * single rule, and through the edge.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { edgeFor, ECHO_IMAGE, network, observe, sandbox, service, startNode, subnetOf } from '../world/agents/edge/edge-world.ts';
import { startBareHaproxy } from './support/bare-haproxy.ts';
import { load, type LoadResult } from './support/load.ts';
import { median, ms, printJson, printTable } from './support/table.ts';

const ROUNDS = 5;
const SECONDS = 3;
const GATEWAY = 8080;
const PUBLISHED = 7900;
const BARE = 7901;

export default async function edgeLatency(): Promise<void> {
  const node = await startNode('bench-latency');
  const edge = edgeFor(node, 'bench-1');
  try {
    const ref = sandbox('bench');
    await network(node.docker, ref, subnetOf(node, 0));
    const { address } = await service(node.docker, ref, 'gateway');
    // What docker-proxy leads to is the same program in a container like the edge's.
    const published = await node.docker.createContainer({
      Image: ECHO_IMAGE,
      Env: ['NAME=published'],
      ExposedPorts: { '8080/tcp': {} },
      HostConfig: { NetworkMode: `sandbox-${ref.slug}`, PortBindings: { '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: String(PUBLISHED) }] } },
    });
    await published.start();
    await edge.start();
    await edge.containersChanged(await observe(node.docker), []);
    const target = { kind: 'container', container: `sandbox-${ref.slug}-gateway`, port: 8080 } as const;
    await edge.apply(ref, { sandbox: ref, revision: 1, subnet: subnetOf(node, 0), inside: {}, outside: { [GATEWAY]: { service: 'gateway', kind: 'gateway', target } } }, 'h1');
    const bare = await startBareHaproxy(node.engine.netns, BARE, `${address}:8080`);
    await sleep(500);

    const ways = {
      direct: `http://${address}:8080/`,
      'docker-proxy': `http://127.0.0.1:${PUBLISHED}/`,
      'bare HAProxy': `http://127.0.0.1:${BARE}/`,
      edge: `http://127.0.0.1:${GATEWAY}/`,
    };
    for (const connections of [1, 16]) {
      const rounds: Record<keyof typeof ways, LoadResult[]> = { direct: [], 'docker-proxy': [], 'bare HAProxy': [], edge: [] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const [name, url] of Object.entries(ways)) {
          rounds[name as keyof typeof ways].push(await load({ netns: node.engine.netns, url, connections, seconds: SECONDS }));
        }
      }
      const of = (name: keyof typeof ways, figure: (result: LoadResult) => number): number => median(rounds[name].map(figure));
      const added = (name: keyof typeof ways): number => of(name, (one) => one.p50) - of('direct', (one) => one.p50);
      console.log(`\n${connections} kept connection(s), medians of ${ROUNDS} interleaved rounds of ${SECONDS} s`);
      printTable(
        ['way', 'p50', 'p99', 'requests/s', 'added to p50', 'failed'],
        Object.keys(ways).map((key) => {
          const name = key as keyof typeof ways;
          const failed = rounds[name].reduce((sum, one) => sum + one.failed, 0);
          return [name, ms(of(name, (one) => one.p50)), ms(of(name, (one) => one.p99)), (of(name, (one) => one.requests) / SECONDS).toFixed(0), ms(added(name)), String(failed)];
        }),
      );
      printJson('edge-latency', `added p50, ${connections} connections`, { ours: added('edge'), rival: added('docker-proxy'), ratio: added('edge') / added('docker-proxy'), bareHaproxy: added('bare HAProxy'), unit: 'ms' });
    }
    await bare.stop();
  } finally {
    await edge.stop();
    await node.engine.stop();
  }
}
