/** The files of the demo's two agents, in the format that an operator would write by hand. */
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { NodeType } from '#schema/states';
import { BASE_IMAGES } from './base-images.ts';
import { BASELINE_HOSTS } from './baseline-server.ts';
import { writeWhole } from './ports.ts';

export interface DemoAgent {
  name: string;
  type: NodeType;
  /** The agent's YAML file. */
  file: string;
  /** Where its token is expected; whoever starts the agent writes it. */
  tokenFile: string;
}

export interface AgentFileOptions {
  /** Absolute path of `.sdp`. */
  root: string;
  controlPlaneUrl: string;
  docker: { socket: string };
  ports: { gateway: string; service: string };
  pool: string;
  checkouts: string;
  caFile: string;
}

const GO_REPOSITORIES = ['account', 'payment', 'user'];

const GATEWAY_REPOSITORIES = ['api-gateway', 'api-gateway-nginx'];

const dockerfile = (name: string, checkouts: string): object => ({
  name,
  path: join(checkouts, name),
  build: { kind: 'dockerfile', file: 'Dockerfile' },
});

const go = (name: string, checkouts: string): object => ({
  name,
  path: join(checkouts, name),
  build: { kind: 'go', package: '.', cgo: false },
});

const NODES: readonly { name: string; type: NodeType; repositories(checkouts: string): object[] }[] = [
  { name: 'micro-1', type: 'MICRO', repositories: (at) => GO_REPOSITORIES.map((name) => go(name, at)) },
  {
    name: 'gateway-1',
    type: 'GATEWAY',
    repositories: (at) => GATEWAY_REPOSITORIES.map((name) => dockerfile(name, at)),
  },
];

/** Written at every start: they are the demo's own, and a port or a socket may be another one now. */
export async function writeAgentFiles(options: AgentFileOptions): Promise<DemoAgent[]> {
  const agents: DemoAgent[] = [];
  for (const { name, type, repositories } of NODES) {
    const dataDir = join(options.root, 'agents', name);
    const tokenFile = join(dataDir, 'token');
    const own = repositories(options.checkouts);
    const text = stringify({
      node: { name, type, address: '127.0.0.1' },
      dataDir,
      controlPlane: { url: options.controlPlaneUrl, tokenFile },
      repositories: own,
      ports: options.ports,
      network: { pool: options.pool, prefix: 26, forbidden: ['172.16.0.0/12'] },
      images: { runtime: BASE_IMAGES.runtime, edge: BASE_IMAGES.edge },
      baseline: {
        caFile: options.caFile,
        hosts: Object.fromEntries(Object.values(BASELINE_HOSTS).map((host) => [host, '127.0.0.1'])),
      },
      docker: options.docker,
      auth: { repository: (own[0] as { name: string }).name },
    });
    const file = join(options.root, 'agents', `${name}.yaml`);
    await writeWhole(file, `# An agent of the demo. Written anew at every start of the demo.\n${text}`);
    agents.push({ name, type, file, tokenFile });
  }
  return agents;
}
