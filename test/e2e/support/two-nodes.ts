/** A control plane, two VMs with an engine and an agent each, a git server and a baseline: every part its own process. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { stringify } from 'yaml';
import { startDocker, importBusyboxImage, type PrivateDocker } from '../../world/support/docker.ts';
import { makeEdgeImage } from '../../world/support/edge-image.ts';
import { createGitWorld, type GitWorld } from '../../world/support/git-world.ts';
import { sharedGoCache } from './go-cache.ts';

const run = promisify(execFile);
const MAIN = path.resolve(import.meta.dirname, '../../../dist/main.mjs');

/** A password that breaks whatever splices it into a URL, a shell or a configuration line. */
export const PERSON = { username: 'ann.o', password: 'p@ss:w%rd /?#"\'$`\\ü' };

/** Of a link between the two VMs alone. */
const ADDRESSES = { gateway: '198.19.98.1', micro: '198.19.98.2' };

/** A Go service that says who it is, and a gateway that hands `/SERVICE/...` on to the address that it read at boot. */
const SERVICE = (name: string, version: string): Record<string, string> => ({
  'go.mod': `module example.com/${name}\n\ngo 1.19\n`,
  'main.go': `package main

import (
	"fmt"
	"net/http"
	"os"
)

func main() {
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "{\\"service\\":\\"${name}\\",\\"servedBy\\":\\"sandbox\\",\\"version\\":\\"${version}\\",\\"secretHeader\\":%q}", r.Header.Get("X-SDP-Hop"))
	})
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
`,
});
const GATEWAY: Record<string, string> = {
  'go.mod': 'module example.com/gateway\n\ngo 1.19\n',
  'main.go': `package main

import (
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
)

func main() {
	for _, name := range []string{"account", "payment"} {
		target, err := url.Parse(os.Getenv(map[string]string{"account": "ACCOUNT_URL", "payment": "PAYMENT_URL"}[name]))
		if err != nil {
			panic(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(target)
		director := proxy.Director
		proxy.Director = func(r *http.Request) { director(r); r.Host = target.Host }
		http.Handle("/"+name, proxy)
	}
	http.ListenAndServe(":"+os.Getenv("PORT"), nil)
}
`,
};

export interface TwoNodes {
  git: GitWorld;
  micro: PrivateDocker;
  gateway: PrivateDocker;
  /** Where the gateway's port answers, from this host. */
  gatewayUrl(port: number): string;
  /** Where a service's port answers, from this host: not through an edge. */
  serviceUrl(port: number): string;
  service(name: string, version: string): Record<string, string>;
  sdp(args: readonly string[], input?: string): Promise<{ code: number; stdout: string; stderr: string }>;
  startAgent(name: 'micro-1' | 'gateway-1'): Promise<void>;
  killAgent(name: 'micro-1' | 'gateway-1'): Promise<void>;
  /** Cuts or mends the link between the two VMs; both keep reaching the control plane. */
  setLink(up: boolean): Promise<void>;
  close(): Promise<void>;
}

function startBaseline(): Promise<Server> {
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ servedBy: 'baseline', path: request.url, host: request.headers.host }));
  });
  return new Promise((resolve) => server.listen(0, '0.0.0.0', () => resolve(server)));
}

function ended(child: ChildProcess): Promise<void> {
  return child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('close', () => resolve()));
}

/** What was started is ended again when the rest cannot be. */
export async function startTwoNodes(): Promise<TwoNodes> {
  const ending: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of ending.splice(0).reverse()) await end();
  };
  try {
    return await build(ending, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function build(ending: (() => Promise<unknown>)[], close: () => Promise<void>): Promise<TwoNodes> {
  const git = await createGitWorld({ [PERSON.username]: PERSON.password }, '0.0.0.0');
  ending.push(() => git.close());
  const micro = await startDocker({ name: 'two-micro' });
  ending.push(() => micro.stop());
  const gateway = await startDocker({ name: 'two-gateway' });
  ending.push(() => gateway.stop());
  const [inGateway, inMicro] = [path.basename(gateway.netns), path.basename(micro.netns)];
  await run('ip', ['link', 'add', 'sdptwo', 'netns', inGateway, 'type', 'veth', 'peer', 'name', 'sdptwo', 'netns', inMicro]);
  for (const [engine, address] of [[gateway, ADDRESSES.gateway], [micro, ADDRESSES.micro]] as const) {
    await engine.exec('ip', ['addr', 'add', `${address}/30`, 'dev', 'sdptwo']);
    await engine.exec('ip', ['link', 'set', 'sdptwo', 'up']);
    await importBusyboxImage(engine.socket, 'test/runtime:1');
    await makeEdgeImage(new Docker({ socketPath: engine.socket }), 'test/edge:1');
  }
  const baseline = await startBaseline();
  ending.push(async () => {
    baseline.closeAllConnections();
    baseline.close();
  });
  const baselinePort = (baseline.address() as AddressInfo).port;
  const dataDir = path.join(git.folder, 'server-data');
  const socket = path.join(git.folder, 'sdp.sock');
  const children = new Map<string, ChildProcess>();
  ending.push(async () => {
    for (const child of children.values()) child.kill('SIGTERM');
    await Promise.all([...children.values()].map(ended));
  });

  const server = spawn('node', [MAIN, 'server', '--data-dir', dataDir, '--listen', '0.0.0.0:0', '--insecure-listen', '--local-socket', socket, '--gateway-repository', 'gateway'], { stdio: ['ignore', 'ignore', 'pipe'] });
  children.set('server', server);
  let said = '';
  server.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  for (const end = Date.now() + 20_000; !/listens on http:\/\/\S+:\d+/.test(said); await sleep(20)) {
    if (Date.now() > end) throw new Error(`The server did not start:\n${said}`);
  }
  const port = Number(/listens on http:\/\/\S+:(\d+)/.exec(said)?.[1]);

  const sdp: TwoNodes['sdp'] = (args, input = '') => {
    const child = spawn('node', [MAIN, ...args], {
      env: { PATH: process.env['PATH'], HOME: git.folder, NO_COLOR: '1', SDP_CONFIG: path.join(git.folder, 'settings.json'), SDP_URL: `http://127.0.0.1:${port}`, SDP_LOCAL_SOCKET: socket },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.end(input);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    return new Promise((resolve) => child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr })));
  };

  const checkouts = {
    account: await git.repository('account', SERVICE('account', 'one')),
    gateway: await git.repository('gateway', GATEWAY),
  };
  const nodes = {
    'micro-1': { type: 'MICRO', engine: micro, address: ADDRESSES.micro, repository: checkouts.account },
    'gateway-1': { type: 'GATEWAY', engine: gateway, address: ADDRESSES.gateway, repository: checkouts.gateway },
  } as const;

  // The standard library is compiled once, not once by each agent at the same time: this is not a test of Go.
  const goCache = await sharedGoCache();
  const flags = ['build', '-trimpath', '-buildvcs=false', '-o', '/dev/null', '.'];
  await run('go', flags, { cwd: checkouts.gateway.path, env: { PATH: process.env['PATH'], HOME: git.folder, GOCACHE: goCache, CGO_ENABLED: '0', GOPROXY: 'off' } });

  const writeAgent = async (name: keyof typeof nodes): Promise<void> => {
    const { type, engine, address, repository } = nodes[name];
    const folder = path.join(git.folder, name);
    mkdirSync(path.join(folder, 'data'), { recursive: true, mode: 0o700 });
    symlinkSync(goCache, path.join(folder, 'data', 'go-build'));
    // The operator's checkout names the git server as this VM reaches it.
    await run('git', ['-C', repository.path, 'remote', 'set-url', 'origin', `http://${engine.hostAddress}:${git.server.port}/${repository.name}.git`]);
    const { code, stdout, stderr } = await sdp(['--local', 'nodes', 'token', name]);
    if (code !== 0) throw new Error(stderr);
    writeFileSync(path.join(folder, 'token'), stdout, { mode: 0o600 });
    writeFileSync(path.join(folder, 'agent.yaml'), stringify({
      node: { name, type, address },
      dataDir: path.join(folder, 'data'),
      controlPlane: { url: `ws://${engine.hostAddress}:${port}`, tokenFile: path.join(folder, 'token') },
      repositories: [{ name: repository.name, path: repository.path, build: { kind: 'go' } }],
      network: { pool: `${engine.pool.split('.').slice(0, 2).join('.')}.0.0/17`, forbidden: ['172.16.0.0/12'] },
      images: { runtime: 'test/runtime:1', edge: 'test/edge:1' },
      docker: { socket: engine.socket },
    }));
  };

  const online = async (name: string): Promise<boolean> => {
    const { stdout } = await sdp(['--local', 'get', 'nodes', '-o', 'json']);
    const found = (JSON.parse(stdout) as { name: string; online: boolean; edge: { state: string } }[]).find((node) => node.name === name);
    return found?.online === true && found.edge.state === 'ready';
  };
  const startAgent: TwoNodes['startAgent'] = async (name) => {
    const config = path.join(git.folder, name, 'agent.yaml');
    const child = spawn('nsenter', [`--net=${nodes[name].engine.netns}`, 'node', MAIN, 'agent', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
    let output = '';
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    children.set(name, child);
    for (const end = Date.now() + 30_000; !(await online(name)); await sleep(100)) {
      if (Date.now() > end) throw new Error(`${name} did not come online:\n${output}\n${said.slice(-2000)}`);
    }
  };
  await writeAgent('micro-1');
  await writeAgent('gateway-1');
  await startAgent('micro-1');
  await startAgent('gateway-1');

  const catalogue = ['account', 'payment'].map((name) =>
    stringify({ apiVersion: 'sdp/v1', kind: 'Service', metadata: { name }, spec: { baseline: `http://${gateway.hostAddress}:${baselinePort}`, repository: name === 'account' ? 'account' : undefined } }),
  );
  const applied = await sdp(['login', '-u', PERSON.username, '--password-stdin'], `${PERSON.password}\n`);
  if (applied.code !== 0) throw new Error(applied.stderr);
  const services = await sdp(['apply', '-f', '-'], catalogue.join('---\n'));
  if (services.code !== 0) throw new Error(services.stderr);

  return {
    git,
    micro,
    gateway,
    gatewayUrl: (gatewayPort) => `http://${gateway.address}:${gatewayPort}`,
    serviceUrl: (servicePort) => `http://${micro.address}:${servicePort}`,
    service: SERVICE,
    sdp,
    startAgent,
    killAgent: async (name) => {
      const child = children.get(name);
      if (child === undefined) return;
      child.kill('SIGKILL');
      await ended(child);
    },
    setLink: async (up) => {
      await micro.exec('ip', ['link', 'set', 'sdptwo', up ? 'up' : 'down']);
    },
    close,
  };
}
