/** An agent's YAML file, checked whole, with defaults filled in. */
import { Ajv } from 'ajv';
import { readFile } from 'node:fs/promises';
import { availableParallelism, homedir } from 'node:os';
import path from 'node:path';
import { overlap, parseNetwork } from '#schema/cidr';
import { SdpError, type Finding } from '#schema/errors';
import { explain, type Explanation } from '#schema/parse/explain';
import { invalid } from '#schema/parse/validate-draft';
import { YamlSource } from '#schema/parse/yaml-source';
import { EDGE_INSIDE_PORT } from '#schema/names';
import type { NodeType } from '#schema/states';
import type { AgentConfig, BuildConfig, RepositoryConfig } from '../contract.ts';
import schema from './agent-config.schema.json' with { type: 'json' };

interface BuildFile {
  kind?: BuildConfig['kind'];
  package?: string;
  cgo?: boolean;
  with?: string[];
  goproxy?: string;
  file?: string;
  base?: string;
  target?: string;
}

interface AgentFile {
  node: AgentConfig['node'];
  dataDir?: string;
  controlPlane: AgentConfig['controlPlane'];
  repositories: { name: string; path: string; build?: BuildFile }[];
  ports?: { service?: string; gateway?: string; allowFrom?: string[]; shared?: number };
  network?: { pool?: string; prefix?: number; forbidden?: string[] };
  images?: { runtime?: string; edge?: string };
  baseline?: { caFile?: string; hosts?: Record<string, string>; dns?: string[] };
  docker?: { socket?: string };
  auth?: { repository?: string };
  build?: { concurrency?: number };
}

const DEFAULT_GATEWAYS = '8080-8999';
const DEFAULT_SERVICES = '9001-9999';
/** Serves all sandboxes by name. */
const DEFAULT_SHARED = 7081;
/** Subnets of sandboxes, and what they must keep clear of, where the file says nothing. */
const DEFAULT_POOL = '10.213.0.0/16';
const DEFAULT_FORBIDDEN = ['172.18.0.0/16'];

const validate = new Ajv({ allErrors: true, verbose: true }).compile<AgentFile>(schema);

function buildConfig(build: BuildFile | undefined, type: NodeType): BuildConfig {
  const kind = build?.kind ?? (type === 'GATEWAY' ? 'dockerfile' : 'go');
  if (kind === 'dockerfile') return { kind, file: build?.file ?? 'Dockerfile' };
  if (kind === 'copy') return { kind, base: build?.base ?? '', target: build?.target ?? '/app' };
  return {
    kind,
    package: build?.package ?? '.',
    cgo: build?.cgo ?? false,
    with: build?.with ?? [],
    ...(build?.goproxy === undefined ? {} : { goproxy: build.goproxy }),
  };
}

function range(text: string): { from: number; to: number } {
  const [from = 0, to = 0] = text.split('-').map(Number);
  return { from, to };
}

/** The range that a port belongs to, in words. */
function rangeWith(file: AgentFile, port: number): string | undefined {
  const ranges = { gateway: file.ports?.gateway ?? DEFAULT_GATEWAYS, service: file.ports?.service ?? DEFAULT_SERVICES };
  const kind = (['gateway', 'service'] as const).find((each) => port >= range(ranges[each]).from && port <= range(ranges[each]).to);
  return kind === undefined ? undefined : `in ports.${kind}, which SDP gives out to sandboxes`;
}

/** None where the ranges that were chosen contain the usual one. */
const defaultShared = (file: AgentFile): number => (rangeWith(file, DEFAULT_SHARED) === undefined ? DEFAULT_SHARED : 0);

/** What the schema cannot say. */
function contradictions(file: AgentFile): Explanation[] {
  const found: Explanation[] = [];
  const at = (at: string[], message: string): void => void found.push({ path: at, message, atKey: false });
  const names = file.repositories.map((repository) => repository.name);
  for (const [index, repository] of file.repositories.entries()) {
    const place = ['repositories', String(index)];
    if (names.indexOf(repository.name) !== index) at([...place, 'name'], `repository "${repository.name}" is there twice.`);
    if (repository.build?.kind === 'copy' && repository.build.base === undefined) {
      at([...place, 'build'], '"base" is missing: the image that the tree is laid on.');
    }
  }
  for (const kind of ['service', 'gateway'] as const) {
    const text = file.ports?.[kind];
    if (text === undefined) continue;
    const { from, to } = range(text);
    if (from < 1 || to > 65535 || from > to) at(['ports', kind], `"${text}" is not a range of ports, such as 9001-9999.`);
  }
  const shared = file.ports?.shared ?? 0;
  const owner = shared === EDGE_INSIDE_PORT ? 'the port that services are called at inside of sandboxes' : rangeWith(file, shared);
  if (owner !== undefined) at(['ports', 'shared'], `${shared} is ${owner}: choose another port, or 0 for none.`);
  const pool = parseNetwork(file.network?.pool ?? DEFAULT_POOL);
  const taken = [...(file.network?.forbidden ?? DEFAULT_FORBIDDEN), file.node.address];
  for (const other of taken) {
    const network = parseNetwork(other);
    if (pool !== undefined && network !== undefined && overlap(pool, network)) {
      at(['network', 'pool'], `overlaps ${other}: sandboxes in it would cut this node off from its neighbours.`);
    }
  }
  const login = file.auth?.repository;
  if (login !== undefined && !names.includes(login)) at(['auth', 'repository'], `there is no repository "${login}" in this file.`);
  return found;
}

function complete(file: AgentFile, directory: string): AgentConfig {
  const absolute = (name: string): string =>
    path.resolve(directory, name.startsWith('~/') ? path.join(homedir(), name.slice(2)) : name);
  const { caFile } = file.controlPlane;
  const baselineCa = file.baseline?.caFile;
  return {
    node: file.node,
    dataDir: absolute(file.dataDir ?? '/var/lib/sdp-agent'),
    controlPlane: {
      url: file.controlPlane.url,
      tokenFile: absolute(file.controlPlane.tokenFile),
      ...(caFile === undefined ? {} : { caFile: absolute(caFile) }),
    },
    repositories: file.repositories.map(
      (repository): RepositoryConfig => ({
        name: repository.name,
        path: absolute(repository.path),
        build: buildConfig(repository.build, file.node.type),
      }),
    ),
    ports: {
      gateway: range(file.ports?.gateway ?? DEFAULT_GATEWAYS),
      service: range(file.ports?.service ?? DEFAULT_SERVICES),
      allowFrom: file.ports?.allowFrom ?? [],
      shared: file.ports?.shared ?? defaultShared(file),
    },
    network: {
      pool: file.network?.pool ?? DEFAULT_POOL,
      prefix: file.network?.prefix ?? 26,
      forbidden: file.network?.forbidden ?? DEFAULT_FORBIDDEN,
    },
    images: { runtime: file.images?.runtime ?? 'alpine:3.20', edge: file.images?.edge ?? 'haproxy:lts-alpine' },
    baseline: {
      hosts: file.baseline?.hosts ?? {},
      dns: file.baseline?.dns ?? [],
      ...(baselineCa === undefined ? {} : { caFile: absolute(baselineCa) }),
    },
    docker: { socket: file.docker?.socket ?? '/var/run/docker.sock' },
    auth: file.auth ?? {},
    build: { concurrency: file.build?.concurrency ?? Math.max(1, Math.floor(availableParallelism() / 2)) },
  };
}

/**
 * @param text YAML
 * @param file shown in findings; relative paths inside are relative to its folder
 * @throws SdpError invalid_yaml, invalid_document with every mistake
 */
export function parseAgentConfig(text: string, file: string): AgentConfig {
  const source = new YamlSource(text, file);
  source.assertReadable();
  const document = source.documents[0];
  if (document === undefined) throw new SdpError('invalid_document', `${file} is empty.`, { hint: 'See examples/ for an agent\'s file.' });
  const value: unknown = document.toJS({ maxAliasCount: 100 });
  const mistakes = validate(value) ? contradictions(value) : explain(validate.errors ?? []);
  const findings: Finding[] = mistakes.map((mistake) => source.locate(document, mistake));
  if (findings.length > 0) throw invalid(findings);
  return complete(value as AgentFile, path.dirname(path.resolve(file)));
}

/** @throws SdpError not_found when the file cannot be read, and as parseAgentConfig */
export async function loadAgentConfig(file: string): Promise<AgentConfig> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new SdpError('not_found', `The agent's file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      hint: 'Give its path with --config.',
      cause: error,
    });
  });
  return parseAgentConfig(text, file);
}
