/** A real server on a real SQLite store in a folder of its own; only reconciler and agents are doubles. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeploymentEvent } from '#schema/records';
import type { Command } from '#schema/wire/commands';
import type { Reconciler } from '#reconciler/contract';
import { loadMasterKeys, readMasterKeys } from '#specs/master-key';
import { openStore } from '#specs/open-store';
import type { Store } from '#specs/store';
import { createServer, type ControlPlaneServer, type ServerOptions } from '#api/create-server';
import { jsonLogger } from '#api/http/logger';
import { Keyring } from '#api/secrets/keyring';
import { ScriptedAgent, type Answer } from './scripted-agent.ts';

/** Stores and remembers events, and does nothing else; what the loop does is tested elsewhere. */
export class StubReconciler implements Reconciler {
  store: Store | undefined;
  readonly events: DeploymentEvent[] = [];
  start = (): Promise<void> => Promise.resolve();
  stop = (): Promise<void> => Promise.resolve();
  enqueue = (): void => undefined;
  onPipelineEvent = async (event: DeploymentEvent): Promise<void> => {
    this.events.push(event);
    if ((await this.store?.deployment(event.deploymentId)) !== undefined) await this.store?.addDeploymentEvents([event]);
  };
  preview: Reconciler['preview'] = (_drafts, sandbox) => Promise.resolve({ sandbox, steps: [], keep: [], blocked: [], warnings: [] });
  routes: Reconciler['routes'] = () => Promise.resolve([]);
  prune: Reconciler['prune'] = () => Promise.resolve([]);
  variables: Reconciler['variables'] = (sandbox, service) => Promise.resolve({ sandbox, service, variables: [], files: [], warnings: [] });
  restart: Reconciler['restart'] = () => Promise.resolve();
  cancel: Reconciler['cancel'] = (sandbox) => Promise.resolve({ sandbox, cancelled: [] });
  retry: Reconciler['retry'] = (sandbox) => Promise.resolve({ sandbox, retried: [] });
}

export const PASSWORD = 'S3cret&pass/word+1';

/** Accepts one password; answers branches. */
export function gitScript(command: Command): Answer {
  if (command.type === 'branches') return { value: { branches: [] } };
  if (command.type !== 'login') return 'silence';
  return command.credentials.password === PASSWORD
    ? { value: { repository: 'account' } }
    : { error: { code: 'git_auth', message: 'The git server refused the login.' } };
}

export class World {
  readonly directory = mkdtempSync(join(tmpdir(), 'sdp-api-'));
  readonly keyFile = join(this.directory, 'key');
  readonly logged: string[] = [];
  reconciler = new StubReconciler();
  store!: Store;
  server!: ControlPlaneServer;
  readonly agents: ScriptedAgent[] = [];

  async start(options: Partial<ServerOptions> = {}): Promise<this> {
    const keys = await loadMasterKeys(this.keyFile);
    this.store = await openStore({ url: `sqlite:${join(this.directory, 'sdp.db')}`, masterKeys: keys });
    this.reconciler.store = this.store;
    this.server = await createServer({
      store: this.store,
      listen: { host: '127.0.0.1', port: 0 },
      installation: 'test',
      epoch: await this.store.takeLeadership(),
      version: '0.1.0',
      logsDir: join(this.directory, 'logs'),
      ephemeralFile: join(this.directory, 'ephemeral.db'),
      edgeSecret: 'edge',
      keyring: new Keyring({ store: this.store, read: () => readMasterKeys(this.keyFile), file: this.keyFile }),
      makeReconciler: () => this.reconciler,
      log: jsonLogger((line) => void this.logged.push(line)),
      ...options,
    });
    return this;
  }

  async stop(): Promise<void> {
    for (const agent of this.agents.splice(0)) agent.drop();
    await this.server.close();
    await this.store.close();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }

  async agent(script: (command: Command) => Answer = gitScript, name = 'micro-1', hello: ScriptedAgent['hello'] = {}): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent(this.server.url, await this.server.createNodeToken(name), script, hello, name);
    this.agents.push(agent);
    return agent;
  }

  async onlineAgent(script?: (command: Command) => Answer): Promise<ScriptedAgent> {
    const agent = await (await this.agent(script)).online();
    await agent.until(() => this.server.fleet.nodes().some((node) => node.online));
    return agent;
  }

  async login(username = 'achmad', password = PASSWORD): Promise<string> {
    const answer = await this.call('POST', '/login', { body: { username, password } });
    if (answer.status !== 200) throw new Error(`login: ${answer.status} ${JSON.stringify(answer.body)}`);
    return String(answer.body['token']);
  }

  /** @param path under /api/v1 */
  async call(method: string, path: string, options: { token?: string; body?: unknown; yaml?: string; headers?: Record<string, string> } = {}): Promise<Answered> {
    const payload = options.yaml ?? (options.body === undefined ? undefined : JSON.stringify(options.body));
    const response = await fetch(`${this.server.url}/api/v1${path}`, {
      method,
      headers: {
        'content-type': options.yaml === undefined ? 'application/json' : 'application/yaml',
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...options.headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return { status: response.status, headers: response.headers, body: (json ? JSON.parse(text) : { text }) as AnsweredBody };
  }
}

export interface Answered {
  status: number;
  headers: Headers;
  body: AnsweredBody;
}

/** Parts of problem documents by name; everything else is looked at by matching. */
export interface AnsweredBody {
  code?: string;
  message?: string;
  hint?: string;
  findings?: { line?: number; path?: string; message: string }[];
  [key: string]: unknown;
}

export const CATALOGUE = `apiVersion: sdp/v1
kind: Service
metadata: {name: account}
spec: {baseline: "https://account-dev.company.com", port: 8080}
---
apiVersion: sdp/v1
kind: Service
metadata: {name: payment}
spec: {baseline: "https://payment-dev.company.com", repository: account}
---
apiVersion: sdp/v1
kind: Environment
metadata: {name: qa}
spec: {variables: {LEVEL: debug}}
`;

export const SANDBOX = `# why this sandbox is here
sandbox: QA-LOGIN-ERROR
gateway: {branch: develop}
services:
  account:
    branch: feature/login-error  # under test
  payment:
    use_ocp: true
`;
