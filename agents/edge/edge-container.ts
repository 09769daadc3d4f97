/** The container that HAProxy runs in: host network, our directories mounted, found by its labels. */
import { createHash } from 'node:crypto';
import type Docker from 'dockerode';
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import { INSIDE, type EdgePaths } from './paths.ts';

/** Open files: two per request at most, one per listener, and some. */
export const EDGE_FILES = 20_000;
/** Must fit EDGE_FILES beside 2,000 listeners, or HAProxy refuses to start. */
export const EDGE_CONNECTIONS = 8_000;

const MEMORY_BYTES = 1024 * 1024 * 1024;

export interface EdgeContainerOrder {
  installation: string;
  node: string;
  image: string;
  paths: EdgePaths;
}

export interface EdgeContainer {
  docker: Docker;
  order: EdgeContainerOrder;
}

export const edgeContainerName = (installation: string): string =>
  `sdp-edge-${installation.replace(/[^A-Za-z0-9]/g, '').slice(0, 12)}`;

/**
 * Makes sure that the container runs as ordered; one that runs so already is left alone.
 * @returns whether it was started now
 * @throws SdpError missing_base_image, name_blocked, engine_failed
 */
export async function ensureContainer(edge: EdgeContainer): Promise<{ id: string; started: boolean }> {
  const { docker, order } = edge;
  const image = await imageId(docker, order.image);
  const spec = containerSpec(order, image);
  const found = await findContainer(edge);
  if (found !== undefined && found.hash === spec.Labels?.[LABELS.hash]) {
    if (found.state === 'running') return { id: found.id, started: false };
    const container = docker.getContainer(found.id);
    // The engine waits longer and longer between restarts of what keeps failing; this one has a new configuration.
    await (found.state === 'restarting' ? container.restart({ t: 0 }) : container.start()).catch(unlessStarted);
    return { id: found.id, started: true };
  }
  if (found !== undefined) await docker.getContainer(found.id).remove({ force: true });
  const created = await docker.createContainer(spec).catch((error: unknown) => {
    throw new SdpError('engine_failed', `The edge's container cannot be created: ${text(error)}`, { cause: error });
  });
  await created.start().catch(unlessStarted);
  return { id: created.id, started: true };
}

/** Ours under its name, or undefined. @throws SdpError name_blocked when the name is somebody else's */
export async function findContainer(
  edge: EdgeContainer,
): Promise<{ id: string; state: string; hash: string | undefined } | undefined> {
  const { docker, order } = edge;
  const name = edgeContainerName(order.installation);
  const all = await docker.listContainers({ all: true, filters: { name: [`^/?${name}$`] } });
  const found = all.find((container) => container.Names.includes(`/${name}`));
  if (found === undefined) return undefined;
  if (found.Labels[LABELS.installation] !== order.installation || found.Labels[LABELS.role] !== 'edge') {
    throw new SdpError('name_blocked', `A container named ${name} is not this installation's edge.`, {
      hint: `Rename or remove it: docker rename ${name} NEW-NAME.`,
    });
  }
  return { id: found.Id, state: found.State, hash: found.Labels[LABELS.hash] };
}

/** `unknown`: the check itself could not be made, which says nothing about the configuration. */
export type ConfigurationCheck = { result: 'accepted' } | { result: 'refused' | 'unknown'; why: string };

/** HAProxy reads a configuration in well under a second. */
const CHECK_MS = 20_000;

/** Asks HAProxy's own check about a configuration file inside of a running container. Never rejects. */
export async function checkConfiguration(docker: Docker, id: string, file: string): Promise<ConfigurationCheck> {
  let late: NodeJS.Timeout | undefined;
  try {
    const exec = await docker.getContainer(id).exec({
      Cmd: ['haproxy', '-c', '-q', '-f', file],
      AttachStdout: true,
      AttachStderr: true,
      Tty: true,
    });
    const stream = await exec.start({ Tty: true });
    late = setTimeout(() => stream.destroy(new Error(`it did not end within ${CHECK_MS / 1000} s`)), CHECK_MS);
    let output = '';
    for await (const chunk of stream) output = (output + String(chunk)).slice(-4_000);
    const { ExitCode } = await exec.inspect();
    const why = output.trim().slice(-400);
    // 1 is HAProxy's own word; others are those of the engine or of a signal.
    if (ExitCode === 0) return { result: 'accepted' };
    return ExitCode === 1 ? { result: 'refused', why } : { result: 'unknown', why: `it ended with ${ExitCode ?? 'no code'}${why === '' ? '' : `: ${why}`}` };
  } catch (error) {
    return { result: 'unknown', why: text(error) };
  } finally {
    clearTimeout(late);
  }
}

/** What HAProxy complained about, shortened to its alerts; without one, its last words (a library may be missing). */
export async function lastAlerts(docker: Docker, id: string): Promise<string> {
  const raw = await docker.getContainer(id).logs({ stdout: true, stderr: true, tail: 40 });
  // eslint-disable-next-line no-control-regex
  const lines = raw.toString('utf8').split('\n').map((line) => line.replace(/[\u0000-\u001f]/g, '').trim());
  const alerts = lines.filter((line) => line.includes('[ALERT]')).map((line) => line.replace(/^.*?\[ALERT\]\s*(\(\d+\))?\s*:?\s*/, ''));
  const said = alerts.length > 0 ? alerts.slice(-6) : [...new Set(lines.filter((line) => line !== ''))].slice(-2);
  return said.join('; ').slice(0, 600);
}

function containerSpec(order: EdgeContainerOrder, image: string): Docker.ContainerCreateOptions {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const spec: Docker.ContainerCreateOptions = {
    Image: image,
    Entrypoint: ['haproxy'],
    Cmd: ['-W', '-db', '-S', `${INSIDE.masterSocket},mode,600`, '-f', INSIDE.configFile],
    // The files and the socket belong to the agent's user; ports above 1023 need no rights.
    User: user,
    WorkingDir: '/',
    StopSignal: 'SIGUSR1',
    HostConfig: {
      NetworkMode: 'host',
      RestartPolicy: { Name: 'unless-stopped' },
      Mounts: [
        { Type: 'bind', Source: order.paths.config, Target: INSIDE.config, ReadOnly: true },
        { Type: 'bind', Source: order.paths.run, Target: INSIDE.run, ReadOnly: false },
      ],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Memory: MEMORY_BYTES,
      PidsLimit: 128,
      Ulimits: [{ Name: 'nofile', Soft: EDGE_FILES, Hard: EDGE_FILES }],
      // Only HAProxy's own notices come here: requests are not logged.
      LogConfig: { Type: 'local', Config: { 'max-size': '1m', 'max-file': '2' } },
    },
  };
  const hash = `v1:${createHash('sha256').update(JSON.stringify(spec)).digest('hex').slice(0, 32)}`;
  return {
    ...spec,
    name: edgeContainerName(order.installation),
    Labels: {
      [LABELS.installation]: order.installation,
      [LABELS.node]: order.node,
      [LABELS.role]: 'edge',
      [LABELS.edgeSocket]: order.paths.socket,
      [LABELS.hash]: hash,
    },
  };
}

async function imageId(docker: Docker, ref: string): Promise<string> {
  try {
    return (await docker.getImage(ref).inspect()).Id;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) {
      throw new SdpError('engine_failed', `The engine cannot say whether it has the image ${ref}: ${text(error)}`, { cause: error });
    }
    throw new SdpError('missing_base_image', `The edge's image ${ref} is not on this engine.`, {
      hint: `Load it: docker save ${ref} -o edge.tar where it is, then docker load -i edge.tar here; the edge starts by itself.`,
    });
  }
}

function unlessStarted(error: unknown): void {
  if ((error as { statusCode?: number }).statusCode === 304) return;
  throw new SdpError('engine_failed', `The edge's container cannot be started: ${text(error)}`, { cause: error });
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));
