/**
 * Benchmark 11, flips: 1,000 flips of a route under load and beside open WebSockets, at the edge, and the same by nginx with
 * a reload each. Then flips through the API of the whole platform, from the write's answer to the first moved request.
 */
import { Agent, request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { edgeFor, network, sandbox, startNode, subnetOf, type Node } from '../world/agents/edge/edge-world.ts';
import { finish, startInside } from './support/inside.ts';
import { startLoad, type LoadResult } from './support/load.ts';
import { nginxProgram, startNginx } from './support/nginx.ts';
import { ms, printJson, printTable, quantile } from './support/table.ts';

const FLIPS = 1_000;
/** nginx keeps a former worker per reload while a WebSocket is open: a thousand would fill the machine. */
const RELOADS = 100;
const SOCKETS = 20;
const CONNECTIONS = 8;
const PORTS = { gateway: 8080, nginx: 7900, A: 7601, B: 7602 };

interface Outcome {
  flips: number;
  /** Milliseconds from the order to the first request that went to the new target. */
  effective: number[];
  /** Requests that looked for the new target and got no answer. */
  lost: number;
  load: LoadResult;
  sockets: { alive: number; echoed: number; troubles: string[] };
}

export default async function flip(): Promise<void> {
  const node = await startNode('bench-flip');
  const upstreams = [];
  try {
    for (const name of ['A', 'B'] as const) upstreams.push(await startInside(node.engine.netns, 'upstream.mjs', name, String(PORTS[name])));
    const outcomes: Record<string, Outcome> = { edge: await atTheEdge(node) };
    const program = nginxProgram();
    if (program === undefined) console.log('nginx is not here (npm test unpacks it): no rival, no ratio.');
    else outcomes['nginx reload'] = await byReload(node, program);
    report(outcomes);
  } finally {
    for (const child of upstreams) child.kill();
    await node.engine.stop();
  }
}

async function atTheEdge(node: Node): Promise<Outcome> {
  const ref = sandbox('bench');
  await network(node.docker, ref, subnetOf(node, 0));
  const edge = edgeFor(node, 'bench-1');
  try {
    await edge.start();
    let revision = 0;
    const leadTo = (name: 'A' | 'B'): Promise<void> => {
      const target = { kind: 'url', url: `http://${node.address}:${PORTS[name]}` } as const;
      revision += 1;
      return edge.apply(ref, { sandbox: ref, revision, subnet: subnetOf(node, 0), inside: {}, outside: { [PORTS.gateway]: { service: 'gateway', kind: 'gateway', target } } }, `h${revision}`);
    };
    return await measure(node, PORTS.gateway, FLIPS, leadTo);
  } finally {
    await edge.stop();
  }
}

async function byReload(node: Node, program: string): Promise<Outcome> {
  const to = (name: 'A' | 'B'): string => `127.0.0.1:${PORTS[name]}`;
  const nginx = await startNginx({ program, netns: node.engine.netns, folder: path.join(node.engine.directory, 'nginx'), port: PORTS.nginx, upstream: to('A') });
  try {
    return await measure(node, PORTS.nginx, RELOADS, (name) => nginx.flip(to(name)));
  } finally {
    await nginx.stop();
  }
}

async function measure(node: Node, port: number, flips: number, leadTo: (name: 'A' | 'B') => Promise<void>): Promise<Outcome> {
  const { netns } = node.engine;
  await leadTo('A');
  await sleep(300);
  const sockets = await startInside(netns, 'sockets.mjs', `ws://127.0.0.1:${port}/`, String(SOCKETS));
  const load = startLoad({ netns, url: `http://127.0.0.1:${port}/`, connections: CONNECTIONS, seconds: 900, pauseMs: 5 });
  const effective: number[] = [];
  let lost = 0;
  const isAt = async (name: string): Promise<boolean> => {
    const answer = await who(`http://${node.address}:${port}/`);
    if (answer === undefined) lost += 1;
    return answer === name;
  };
  for (let index = 0; index < flips; index += 1) {
    const name = index % 2 === 0 ? 'B' : 'A';
    const began = performance.now();
    await leadTo(name);
    while (!(await isAt(name))) if (performance.now() - began > 10_000) throw new Error(`no request reached ${name}`);
    effective.push(performance.now() - began);
  }
  return { flips, effective, lost, load: await load.stop(), sockets: await finish(sockets) };
}

const agent = new Agent({ keepAlive: true });
/** Who answers; undefined when nobody does. */
const who = (url: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const sent = request(url, { agent }, (response) => {
      response.resume().on('end', () => resolve(String(response.headers['x-who'])));
    });
    sent.on('error', () => resolve(undefined));
    sent.end();
  });

function report(outcomes: Record<string, Outcome>): void {
  printTable(
    ['way', 'flips', 'effective p50', 'p99', 'requests', 'failed', 'longest', `of ${SOCKETS} sockets`],
    Object.entries(outcomes).map(([way, { flips, effective, lost, load, sockets }]) => [
      way, String(flips), ms(quantile(effective, 0.5)), ms(quantile(effective, 0.99)), String(load.requests), String(load.failed + lost), ms(load.longest), `${sockets.alive} alive`,
    ]),
  );
  for (const [way, { load, sockets }] of Object.entries(outcomes)) for (const trouble of [...load.failures, ...sockets.troubles]) console.log(`${way}: ${trouble}`);
  const p50 = (way: string): number => quantile(outcomes[way]?.effective ?? [], 0.5);
  const rival = outcomes['nginx reload'] === undefined ? {} : { rival: p50('nginx reload'), ratio: p50('edge') / p50('nginx reload') };
  printJson('flip', 'effective p50', { ours: p50('edge'), ...rival, failed: outcomes['edge']?.load.failed, unit: 'ms' });
}
