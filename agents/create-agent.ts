/** Puts an agent together: git, builds, engine, edge, journal and the session that drives them. */
import Docker from 'dockerode';
import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { SdpError } from '#schema/errors';
import { LABELS } from '#schema/names';
import { PROTOCOL_VERSION, type AgentMessage, type Hello, type ServerMessage, type Welcome } from '#schema/wire/messages';
import type { ObservedEdge } from '#schema/wire/report';
import { createBuilder } from './build/builder.ts';
import type { AgentConfig, Builder, Edge, Engine, Reporter } from './contract.ts';
import { connectAddressSwitch } from './edge/address-switch.ts';
import { createOwnedEdge } from './edge/edge.ts';
import { openEngine } from './engine/open-engine.ts';
import { Executor } from './executor/executor.ts';
import { createHandlers } from './executor/handlers.ts';
import { createGitRepositories, type LocalRepositories } from './git/repositories.ts';
import { Journal } from './journal/journal.ts';
import { NodeReporter } from './report/node-reporter.ts';
import { observeNode } from './report/observe-node.ts';
import { RequestOutbox } from './requests/request-outbox.ts';
import { keepIdentity, readIdentity, type Identity } from './session/identity.ts';
import { Session } from './session/session.ts';

/** A look without a reason to look, in milliseconds. */
const PERIODIC_LOOK_MS = 15_000;
/** Every so many periodic looks the report is a full one. */
const FULL_EVERY = 4;

export interface AgentOptions {
  config: AgentConfig;
  version: string;
  log(line: string): void;
}

export interface Agent {
  start(): Promise<void>;
  /** Ends what runs in order; containers and the edge stay. */
  stop(): Promise<void>;
}

/** An agent that does not own the edge of its engine says so. */
const NOT_OWNER: ObservedEdge = { owner: false, state: 'ready', routes: {}, foreignPorts: [] };

/** The parts that exist once the agent knows which installation it belongs to. */
interface Body {
  identity: Identity;
  engine: Engine;
  edge: Edge | undefined;
  executor: Executor;
  reporter: NodeReporter;
  close(): Promise<void>;
}

class RunningAgent implements Agent {
  private readonly bootId = `${Date.now().toString(36)}-${randomUUID().slice(0, 8)}`;
  private readonly docker: Docker;
  private readonly session: Session;
  private git: LocalRepositories | undefined;
  private journal: Journal | undefined;
  private body: Body | undefined;
  private readonly requests = new RequestOutbox(this.bootId);
  private send: ((message: AgentMessage) => void) | undefined;
  /** Session changes are handled one after the other. */
  private turn: Promise<void> = Promise.resolve();

  constructor(private readonly options: AgentOptions) {
    this.docker = new Docker({ socketPath: options.config.docker.socket });
    this.session = new Session(options.config.controlPlane, {
      hello: () => this.hello(),
      welcomed: (welcome, send, backlog) => this.inTurn(() => this.welcomed(welcome, send, backlog)),
      received: (message) => this.received(message),
      lost: () => this.lost(),
      log: options.log,
    });
  }

  async start(): Promise<void> {
    const { config } = this.options;
    await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
    this.git = createGitRepositories({ dataDir: config.dataDir, repositories: config.repositories });
    this.journal = new Journal(path.join(config.dataDir, 'journal'), this.bootId, () => this.sendJournal());
    const identity = await readIdentity(config.dataDir);
    if (identity !== undefined) {
      // The engine may still be coming up; the first session tries again.
      await this.become(identity).catch((error: unknown) => this.options.log(SdpError.from(error).message));
    }
    this.session.start();
  }

  async stop(): Promise<void> {
    this.session.stop();
    this.requests.detach();
    await this.turn;
    await this.body?.close();
    this.journal?.flush();
  }

  private inTurn(work: () => Promise<void>): void {
    this.turn = this.turn.then(work).catch((error: unknown) => this.options.log(SdpError.from(error).message));
  }

  private async hello(): Promise<Hello> {
    const { config, version } = this.options;
    return {
      type: 'hello',
      protocol: PROTOCOL_VERSION,
      node: config.node,
      bootId: this.bootId,
      agentVersion: version,
      engine: await this.engineOf('').info(),
      ports: { gateway: config.ports.gateway, service: config.ports.service },
      network: { pool: config.network.pool, prefix: config.network.prefix },
    };
  }

  private async welcomed(welcome: Welcome, send: (message: AgentMessage) => void, backlog: () => number): Promise<void> {
    await keepIdentity(this.options.config.dataDir, welcome);
    const body = await this.become(welcome);
    body.executor.follow(welcome.epoch);
    this.send = send;
    await body.reporter.attach(send);
    this.journal?.rewind();
    this.sendJournal();
    // It may have ended meanwhile; what is sent into an ended session would count as sent.
    if (this.send === send) this.requests.attach(send, backlog);
  }

  /** The body for an identity; the present one where nothing changed. */
  private async become(identity: Identity): Promise<Body> {
    const present = this.body;
    if (present !== undefined) {
      const same =
        present.identity.installation === identity.installation &&
        present.identity.edgeSecret === identity.edgeSecret &&
        present.identity.edgeOwner === identity.edgeOwner;
      if (same) return present;
      await present.close();
      this.body = undefined;
    }
    this.body = await this.build(identity);
    return this.body;
  }

  private async build(identity: Identity): Promise<Body> {
    const { config, log } = this.options;
    const { docker, git } = this;
    if (git === undefined) throw new SdpError('internal', 'The agent was not started.');
    const { installation } = identity;
    const edge = identity.edgeOwner
      ? createOwnedEdge({ config, installation, secret: identity.edgeSecret, docker, onChange: () => reporter.edgeChanged() })
      : undefined;
    const engine = this.engineOf(installation);
    const builder: Builder = createBuilder({ config, git, images: engine, labels: { [LABELS.installation]: installation } });
    const reporter: NodeReporter = new NodeReporter(
      () => observeNode({ engine, builder, edge, dataDir: config.dataDir }),
      () => edge?.state() ?? NOT_OWNER,
      (error) => log(`The node cannot be looked at: ${SdpError.from(error).message}`),
    );
    const executor = new Executor(
      createHandlers({ config, git, builder, engine, edge: () => edge, reporterFor: (id) => this.reporterFor(id) }),
      reporter,
    );
    const unlisten = edge?.onRequests((requests, missed) => this.requests.note(requests, missed));
    const unwatch = engine.watch(() => void reporter.refresh());
    let looks = 0;
    const timer = setInterval(() => {
      looks += 1;
      if (looks % FULL_EVERY === 0) reporter.askForFull();
      void reporter.refresh();
    }, PERIODIC_LOOK_MS);
    // An edge that cannot start is reported as such; the rest of the agent works on.
    await edge?.start().catch((error: unknown) => log(`The edge cannot start: ${SdpError.from(error).message}`));
    const close = async (): Promise<void> => {
      clearInterval(timer);
      unwatch();
      unlisten?.();
      await executor.stop();
      await edge?.stop();
    };
    return { identity, engine, edge, executor, reporter, close };
  }

  private engineOf(installation: string): Engine {
    const { config } = this.options;
    return openEngine({
      socket: config.docker.socket,
      installation,
      node: config.node.name,
      baseImages: () => [config.images.runtime, config.images.edge],
      forbidden: () => config.network.forbidden,
      addressSwitch: () => connectAddressSwitch(this.docker, installation),
    });
  }

  private reporterFor(deploymentId: string): Reporter {
    return {
      event: (event, more = {}) => this.journal?.append({ kind: 'event', deploymentId, event, ...more }),
      log: (phase, text) => this.journal?.append({ kind: 'log', deploymentId, phase, text }),
    };
  }

  private received(message: ServerMessage): void {
    const { body, send } = this;
    if (message.type === 'ack') {
      this.journal?.acknowledge(message.bootId, message.seq);
      this.sendJournal();
    } else if (message.type === 'cancel') {
      body?.executor.cancel(message.commandId, message.reason);
    } else if (message.type === 'command' && body !== undefined && send !== undefined) {
      void body.executor.execute(message.command).then((result) => {
        // Events and lines of the work go before its result.
        this.journal?.flush();
        if (this.send === send) send(result);
      });
    }
  }

  private lost(): void {
    this.send = undefined;
    this.requests.detach();
    this.body?.reporter.detach();
  }

  private sendJournal(): void {
    const { send, journal } = this;
    if (send === undefined || journal === undefined) return;
    for (let batch = journal.next(); batch !== undefined; batch = journal.next()) send({ type: 'journal', ...batch });
  }
}

/** An agent that dials the control plane once it is started. */
export function createAgent(options: AgentOptions): Agent {
  return new RunningAgent(options);
}
