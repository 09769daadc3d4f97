import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadAgentConfig } from '#agents/config/load-config';
import { BASE_IMAGES } from '#examples/demo/base-images';
import { createDemoWorld, removeDemoWorld, type DemoWorld } from '#examples/demo/demo-world';
import { parseDocuments } from '#schema/parse/parse-documents';
import { startDocker, type PrivateDocker } from '../support/docker.ts';

const examples = new URL('../../../examples', import.meta.url).pathname;
const packages = new URL('../../../node_modules/.cache/sdp', import.meta.url).pathname;
/** Away from the ports of a demo that may run on this machine. */
const ports = { git: 17_442, baseline: 17_443 };
let engine: PrivateDocker;
let root = '';

const create = (log: string[] = []): Promise<DemoWorld> =>
  createDemoWorld({
    root,
    examples,
    packages,
    docker: { socket: engine.socket },
    controlPlaneUrl: 'ws://127.0.0.1:7070',
    ports,
    log: (line) => log.push(line),
  });

/** JSON that the baseline answers under a host name; `ca` undefined trusts what everybody trusts. */
function askBaseline(world: DemoWorld, host: string, ca: string | undefined): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const call = request(
      { host: '127.0.0.1', port: world.baseline.port, servername: host, headers: { host }, path: '/account', ca, agent: false },
      (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => (body += chunk.toString()));
        response.on('end', () => resolve(JSON.parse(body) as Record<string, unknown>));
      },
    );
    call.on('error', reject);
    call.end();
  });
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'sdp-demo-world-'));
  engine = await startDocker({ name: 'demo-world' });
});

afterAll(async () => {
  await engine.stop();
  await rm(root, { recursive: true, force: true });
});

describe('demo world', () => {
  it('starts, answers as the baseline under names of a private CA, and ends', async () => {
    const world = await create();
    await world.nginxImage;
    const ca = await readFile(world.baseline.caFile, 'utf8');
    for (const [service, host] of Object.entries(world.baseline.hosts)) {
      expect(await askBaseline(world, host, ca)).toMatchObject({ service, servedBy: 'baseline' });
    }
    await expect(askBaseline(world, 'account-dev.sdp-demo.internal', undefined)).rejects.toThrow(/certificate/);
    await expect(askBaseline(world, 'other.sdp-demo.internal', ca)).rejects.toThrow(/altnames/);
    await world.stop();
    await expect(askBaseline(world, 'account-dev.sdp-demo.internal', ca)).rejects.toThrow('ECONNREFUSED');
  });

  it('writes files that agents read, for one engine', async () => {
    const world = await create();
    const configs = await Promise.all(world.agents.map(({ file }) => loadAgentConfig(file)));
    expect(configs.map(({ node }) => [node.name, node.type])).toEqual([['micro-1', 'MICRO'], ['gateway-1', 'GATEWAY']]);
    for (const config of configs) {
      expect(config.docker.socket).toBe(engine.socket);
      expect(config.images).toEqual({ runtime: BASE_IMAGES.runtime, edge: BASE_IMAGES.edge });
      expect(config.network.pool).toMatch(/^10\.2\d\d\.0\.0\/16$/);
      for (const { path } of config.repositories) expect(await readdir(path)).toContain('README.md');
    }
    await world.stop();
  });

  it('gives documents whose baseline is the one that runs', async () => {
    const world = await create();
    const drafts = world.documents.flatMap(({ file, text }) => parseDocuments(text, { file })).map(({ draft }) => draft);
    const baselines = drafts.flatMap((draft) => (draft.kind === 'Service' ? [new URL(draft.spec.baseline)] : []));
    expect(baselines.map(({ port }) => Number(port))).toEqual([world.baseline.port, world.baseline.port, world.baseline.port]);
    expect(baselines.map(({ hostname }) => hostname).sort()).toEqual(Object.values(world.baseline.hosts).sort());
    await world.stop();
  });

  it('makes nothing again at the next start, and keeps its ports', async () => {
    const docker = new Docker({ socketPath: engine.socket });
    const before = await docker.getImage(BASE_IMAGES.php).inspect();
    const log: string[] = [];
    const world = await create(log);
    expect(log.filter((line) => line.includes('made from packages'))).toEqual([]);
    expect((await docker.getImage(BASE_IMAGES.php).inspect()).Id).toBe(before.Id);
    expect(JSON.parse(await readFile(join(root, 'demo', 'ports.json'), 'utf8'))).toEqual({
      git: world.git.port,
      baseline: world.baseline.port,
    });
    await expect(create()).rejects.toThrow(`port ${world.git.port} on 127.0.0.1 is held`);
    await world.stop();
  });

  it('removes its files and images', async () => {
    await removeDemoWorld({ root, docker: { socket: engine.socket } });
    expect(await readdir(root)).toEqual([]);
    expect(await new Docker({ socketPath: engine.socket }).listImages()).toEqual([]);
  });
});
