/** What the engine's world tests share: orders, a reporter that remembers, an engine with its images. */
import { request } from 'node:http';
import type { Engine, Reporter } from '#agents/contract';
import { openEngine, type EngineOptions } from '#agents/engine/open-engine';
import { containerName, networkName } from '#schema/names';
import type { ContainerSpec, SandboxRef } from '#schema/wire/commands';
import { importStaticImage, startDocker, type PrivateDocker } from '../../support/docker.ts';
import { buildProbeApp } from '../../support/probe-app.ts';

export const PROBE_IMAGE = 'sdp/probe:1';
export const INSTALLATION = 'installation-a';

export interface EngineWorld {
  docker: PrivateDocker;
  engine: Engine;
  open(more?: Partial<EngineOptions>): Engine;
  /** Makes a sandbox's network and answers how to refer to it. */
  sandbox(slug: string, index: number, engine?: Engine): Promise<SandboxRef>;
}

export async function startEngineWorld(name: string): Promise<EngineWorld> {
  const docker = await startDocker({ name });
  await importStaticImage(docker.socket, PROBE_IMAGE, {
    files: { '/probe': { from: { bytes: await buildProbeApp() }, mode: 0o755 } },
    changes: ['ENTRYPOINT ["/probe"]'],
  });
  const open = (more: Partial<EngineOptions> = {}): Engine =>
    openEngine({ socket: docker.socket, installation: INSTALLATION, node: 'micro-1', ...more });
  const engine = open();
  return {
    docker,
    engine,
    open,
    sandbox: async (slug, index, by = engine) => {
      const sandbox = { uid: `uid-${slug}`, slug, name: slug.toUpperCase() };
      await by.ensureNetwork({ sandbox, name: networkName(slug), subnet: subnetAt(docker, index) });
      return sandbox;
    },
  };
}

/** The world's /26 number `index`. */
export function subnetAt(docker: PrivateDocker, index: number): string {
  return docker.pool.replace('.0.0/16', `.${Math.floor(index / 4)}.${(index % 4) * 64}/26`);
}

export function orderOf(
  sandbox: SandboxRef,
  version: string,
  more: Partial<ContainerSpec> = {},
  expects: string | null = null,
  service = 'account',
): Parameters<Engine['run']>[0] {
  return {
    sandbox,
    service,
    generation: 1,
    deploymentId: `deployment-${version}`,
    expects,
    container: {
      name: containerName(sandbox.slug, service),
      image: PROBE_IMAGE,
      hash: `v1:${version.padEnd(12, '0')}`,
      commit: 'c'.repeat(40),
      branch: 'develop',
      network: networkName(sandbox.slug),
      variables: { VERSION: version },
      injected: { PORT: '8080' },
      edgeHosts: ['payment.sdp'],
      files: {},
      port: 8080,
      health: '/health',
      kind: 'go',
      replace: 'beside',
      startSeconds: 15,
      drainSeconds: 3,
      ...more,
    },
  };
}

export interface Remembering extends Reporter {
  events: string[];
  lines: string[];
}

export function remembering(): Remembering {
  const events: string[] = [];
  const lines: string[] = [];
  return {
    events,
    lines,
    event: (event) => events.push(event),
    log: (phase, text) => lines.push(`[${phase}] ${text}`),
  };
}

export const never = (): AbortSignal => new AbortController().signal;

export function fetchText(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    request(url, { agent: false, timeout: 30_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk)).on('end', () => resolve(text));
    }).on('error', reject).end();
  });
}

export async function addressIn(engine: Engine, name: string): Promise<string> {
  const found = (await engine.state()).containers.find((one) => one.name === name);
  if (!found?.address) throw new Error(`${name} has no address: ${JSON.stringify(found)}`);
  return found.address;
}
