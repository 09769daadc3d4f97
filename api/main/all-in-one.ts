/** Control plane, agents and demo world in one process; at the first start also logs in and applies the examples. */
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createAgent, type Agent } from '#agents/create-agent';
import { loadAgentConfig } from '#agents/config/load-config';
import { createDemoWorld, type DemoWorld } from '#examples/demo/demo-world';
import { SdpError } from '#schema/errors';
import type { LoginResponse, NodeView, Page } from '#schema/http';
import { ApiClient } from '../cli/client.ts';
import { jsonLogger } from '../http/logger.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { followSandbox } from './first-run.ts';
import { Progress } from './progress.ts';
import { serverSettings } from './server-settings.ts';
import { summary } from './summary.ts';
import { VERSION } from './version.ts';

/** The sandbox that the demo shows. */
const DEMO_SANDBOX = 'QA-LOGIN-ERROR';
/** Longest wait for the agents, and for the demo's sandbox, in milliseconds. */
const NODES_WITHIN_MS = 60_000;
const SANDBOX_WITHIN_MS = 300_000;

export interface StartOptions {
  /** Folder of everything that is kept. */
  root: string;
  port: number;
  dockerSocket: string;
  /** Resolves when the person wants to stop; waiting ends then. */
  stopped: Promise<unknown>;
}

export interface AllInOne {
  /** In order; containers and the edge stay. */
  stop(): Promise<void>;
}

/** The clone's folder `examples`, beside the bundle's `dist/`. */
const examplesFolder = (): string => path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'examples');

/** Programs of packages that are not installed, as api/main/provision/nginx.mjs keeps them. */
const packagesFolder = (): string => path.resolve(examplesFolder(), '..', 'node_modules', '.cache', 'sdp');

/** A token that the store knows, in the file where the agent looks for it. */
async function provideToken(local: ApiClient, controlPlane: ControlPlane, node: string, tokenFile: string): Promise<void> {
  if (existsSync(tokenFile)) {
    const token = (await readFile(tokenFile, 'utf8')).trim();
    if ((await controlPlane.nodeOfToken(token)) === node) return;
  }
  const { token } = await local.post<{ token: string }>(`/nodes/${node}/token`);
  await mkdir(path.dirname(tokenFile), { recursive: true, mode: 0o700 });
  await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
}

async function untilOnline(local: ApiClient, names: readonly string[], stopped: Promise<unknown>): Promise<void> {
  let asked = false;
  void stopped.then(() => (asked = true));
  const end = Date.now() + NODES_WITHIN_MS;
  for (;;) {
    const { items } = await local.get<Page<NodeView>>('/nodes');
    const ready = (name: string): boolean => items.some((node) => node.name === name && node.online && node.edge.state !== 'starting');
    if (asked || names.every(ready)) return;
    if (Date.now() > end) throw new SdpError('node_offline', `The agents ${names.join(' and ')} did not come online within a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function startAgents(world: DemoWorld, log: (line: string) => void): Promise<Agent[]> {
  // By name: the first on an engine gets its edge.
  const files = [...world.agents].sort((a, b) => (a.name < b.name ? -1 : 1));
  const agents: Agent[] = [];
  for (const { name, file } of files) {
    const agent = createAgent({ config: await loadAgentConfig(file), version: VERSION, log: (line) => log(`${name}: ${line}`) });
    await agent.start();
    agents.push(agent);
  }
  return agents;
}

/** Logs in as the demo's person, applies the examples and shows the sandbox coming up. */
async function firstRun(url: string, world: DemoWorld, progress: Progress, stopped: Promise<unknown>): Promise<void> {
  const { token } = await new ApiClient({ url }).post<LoginResponse>('/login', world.login);
  const client = new ApiClient({ url, token });
  await progress.step('Apply the examples', async () => {
    for (const { file, text } of world.documents) {
      await client.request('POST', '/apply', { yaml: text, query: { message: 'from the examples' }, headers: { 'x-sdp-file': `examples/${file}` } });
    }
  });
  await progress.step(`Build and start ${DEMO_SANDBOX}`, (say) => followSandbox(client, DEMO_SANDBOX, SANDBOX_WITHIN_MS, say, stopped));
}

/** @throws SdpError when something cannot be started; what was started is ended first */
export async function startAll(options: StartOptions): Promise<AllInOne> {
  // From the beginning of `npm start`, installations and builds included.
  const started = Number(process.env['SDP_STARTED_AT'] ?? Date.now());
  const root = path.resolve(options.root);
  const ending: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of ending.splice(0).reverse()) await end();
  };
  const progress = new Progress();
  const settings = await serverSettings({
    dataDir: path.join(root, 'server'),
    listen: `127.0.0.1:${options.port}`,
    localSocket: path.join(root, 'sdp.sock'),
  });
  const marker = path.join(root, 'demo', 'applied');
  try {
    const world = await progress.step('Demo world', async (say) => {
      const made = await createDemoWorld({
        root,
        examples: examplesFolder(),
        packages: packagesFolder(),
        docker: { socket: options.dockerSocket },
        controlPlaneUrl: `ws://127.0.0.1:${options.port}`,
        pull: process.env['SDP_DEMO_PULL'] === '1',
        log: say,
      });
      ending.push(() => made.stop());
      return made;
    });
    const controlPlane = await progress.step('Control plane', async () => {
      // People read this terminal; what the server has to say in detail goes beside its data.
      const file = createWriteStream(path.join(root, 'server.log'), { flags: 'a', mode: 0o600 });
      ending.push(async () => void (await finished(file.end())));
      const plane = await startControlPlane(settings, jsonLogger((line) => void file.write(line)));
      ending.push(() => plane.close());
      return plane;
    });
    const local = new ApiClient({ url: 'http://localhost', socket: settings.localSocket });
    await progress.step('Agents', async (say) => {
      for (const { name, tokenFile } of world.agents) await provideToken(local, controlPlane, name, tokenFile);
      const agents = await startAgents(world, (line) => (progress.busy ? say(line) : process.stderr.write(`${line}\n`)));
      ending.push(async () => void (await Promise.all(agents.map((agent) => agent.stop()))));
      await untilOnline(local, world.agents.map(({ name }) => name), options.stopped);
    });
    if (!existsSync(marker)) {
      await firstRun(controlPlane.url, world, progress, options.stopped);
      await writeFile(marker, `${new Date().toISOString()}\n`);
    }
    process.stdout.write(`${await summary(local, controlPlane.url, DEMO_SANDBOX, world.login, Date.now() - started)}\n`);
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
