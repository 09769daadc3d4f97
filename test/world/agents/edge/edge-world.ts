/** Engines with an edge each, in network namespaces of their own, and services that say who they are. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { pack } from 'tar-stream';
import { LABELS } from '#schema/names';
import type { SandboxRef } from '#schema/wire/commands';
import type { ObservedContainer } from '#schema/wire/report';
import { createEdge, type EdgeOptions } from '#agents/edge/index';
import { startDocker, type PrivateDocker } from '../../support/docker.ts';
import { importImage, makeEdgeImage } from '../../support/edge-image.ts';

const run = promisify(execFile);

export const INSTALLATION = 'edge-world-installation';
export const EDGE_IMAGE = 'sdp-test/haproxy:edge';
export const ECHO_IMAGE = 'sdp-test/echo:edge';

async function buildEcho(): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'sdp-edge-echo-'));
  const file = join(directory, 'echo');
  const env = { ...process.env, CGO_ENABLED: '0', GO111MODULE: 'off', GOFLAGS: '' };
  try {
    await run('go', ['build', '-trimpath', '-o', file, 'main.go'], { cwd: join(import.meta.dirname, 'echo'), env });
    return await readFile(file);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function importEcho(docker: Docker, binary: Buffer): Promise<void> {
  const tar = pack();
  tar.entry({ name: 'echo', mode: 0o755 }, binary);
  tar.finalize();
  await importImage(docker, tar, ECHO_IMAGE, ['ENTRYPOINT ["/echo"]']);
}

/** An engine with the images of these tests. */
export interface Node {
  engine: PrivateDocker;
  docker: Docker;
  address: string;
}

export async function startNode(name: string): Promise<Node> {
  const engine = await startDocker({ name });
  const docker = new Docker({ socketPath: engine.socket });
  await makeEdgeImage(docker, EDGE_IMAGE);
  await importEcho(docker, await buildEcho());
  return { engine, docker, address: engine.address };
}

/** The n-th /26 of the node's pool. */
export const subnetOf = (node: Node, n: number): string => node.engine.pool.replace(/\d+\.\d+\/16$/, `${n >> 2}.${(n % 4) * 64}/26`);

export const sandbox = (name: string): SandboxRef => ({ uid: `uid-${name.toLowerCase()}`, slug: name.toLowerCase(), name });

export async function network(docker: Docker, ref: SandboxRef, subnet: string): Promise<void> {
  await docker.createNetwork({
    Name: `sandbox-${ref.slug}`,
    IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] },
    Labels: { [LABELS.installation]: INSTALLATION, [LABELS.sandbox]: ref.uid },
  });
}

/** Starts a service that answers with its name; resolves with its address. */
export async function service(
  docker: Docker,
  ref: SandboxRef,
  name: string,
  more: { says?: string; suffix?: string; hosts?: string[] } = {},
): Promise<{ container: Docker.Container; address: string; name: string }> {
  const containerName = `sandbox-${ref.slug}-${name}${more.suffix ?? ''}`;
  const container = await docker.createContainer({
    name: containerName,
    Image: ECHO_IMAGE,
    Env: [`NAME=${more.says ?? `${ref.slug}/${name}`}`],
    Labels: { [LABELS.installation]: INSTALLATION, [LABELS.sandbox]: ref.uid, [LABELS.service]: name },
    HostConfig: { NetworkMode: `sandbox-${ref.slug}`, ExtraHosts: more.hosts ?? [] },
  });
  await container.start();
  const info = await container.inspect();
  const address = info.NetworkSettings.Networks[`sandbox-${ref.slug}`]?.IPAddress ?? '';
  return { container, address, name: containerName };
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** What the echo service says, or the page. */
  body: Record<string, unknown> & { name?: string; headers?: Record<string, string> };
}

const keepAlive = new Agent({ keepAlive: true, maxSockets: 16 });

export function get(url: string, headers: Record<string, string> = {}, agent: Agent | false = keepAlive, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { agent, headers, method, timeout: 40_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const json = String(response.headers['content-type']).includes('json');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body: json ? (JSON.parse(text) as Answer['body']) : {} });
      });
    });
    asked.on('timeout', () => asked.destroy(new Error('timed out')));
    asked.on('error', reject);
    asked.end();
  });
}

export type EdgeUnderTest = ReturnType<typeof createEdge>;

export function edgeFor(node: Node, name: string, more: Partial<EdgeOptions['config']> = {}, directory = 'agent', options: Partial<EdgeOptions> = {}): EdgeUnderTest {
  return createEdge({
    config: {
      node: { name, type: 'MICRO', address: node.address },
      dataDir: join(node.engine.directory, directory),
      ports: { gateway: { from: 8080, to: 8999 }, service: { from: 9001, to: 9999 }, allowFrom: [], shared: 7081 },
      network: { pool: node.engine.pool, prefix: 26, forbidden: [] },
      images: { runtime: '', edge: EDGE_IMAGE },
      baseline: { hosts: {}, dns: [] },
      ...more,
    },
    installation: INSTALLATION,
    secret: 'the-secret-of-the-installation',
    docker: node.docker,
    edgeOwner: true,
    procNet: `/proc/${node.engine.pid}/net`,
    ...options,
  });
}

/** Containers as an agent reports them. */
export async function observe(docker: Docker): Promise<ObservedContainer[]> {
  const all = await docker.listContainers({ all: true, filters: { label: [LABELS.sandbox] } });
  return all.map((each) => {
    const address = Object.values(each.NetworkSettings.Networks)[0]?.IPAddress ?? '';
    const name = each.Names[0]?.slice(1) ?? '';
    return { id: each.Id, name, state: each.State as 'running', ...(address === '' ? {} : { address }) };
  });
}
