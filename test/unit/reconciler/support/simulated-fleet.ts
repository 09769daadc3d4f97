/**
 * SimulatedFleet: agents as small state machines over simulated engines, with faults. Time is vitest's fake clock.
 * It checks what an agent can check (preconditions, one command at a time) and records what must never happen.
 */
import type { Fleet, FleetNode } from '../../../../reconciler/contract.ts';
import { SdpError, type ErrorCode } from '#schema/errors';
import type { NodeType } from '#schema/states';
import type { Command, CommandOf, CommandType, ContainerSpec } from '#schema/wire/commands';
import type { NodeState, ObservedContainer, ObservedNetwork } from '#schema/wire/report';

export interface SimulatedEngine {
  containers: Map<string, ObservedContainer>;
  networks: Map<string, ObservedNetwork>;
  images: Set<string>;
  routes: Record<string, string>;
  applied: Map<string, unknown>;
  foreignPorts: number[];
  cannotDelay?: true;
  /** What its edge found at the targets, by sandbox uid and service. */
  checks: NonNullable<NodeState['edge']['checks']>;
}

export interface SimulatedAgent {
  name: string;
  type: NodeType;
  engine: string;
  online: boolean;
  /** Branch heads by repository. */
  repositories: Map<
    string,
    { branches: Record<string, string>; buildHash: string; fetched: Set<string>; problem?: string }
  >;
  reported: NodeState | undefined;
  reportNumber: number;
  running: Map<string, { command: Command; fail: (error: SdpError) => void }>;
}

export interface Faults {
  /** The error that a command meets, if any. */
  failure?: (command: Command) => ErrorCode | undefined;
  /** The command takes effect, but its answer is lost with the session. */
  loseAnswer?: (command: Command) => boolean;
  /** Milliseconds that a command takes. */
  duration?: (command: Command) => number;
}

const SERVICES_AT_WORK: ReadonlySet<CommandType> = new Set(['fetch', 'build', 'run', 'stop', 'restart']);

export class SimulatedFleet implements Fleet {
  readonly engines = new Map<string, SimulatedEngine>();
  readonly agents = new Map<string, SimulatedAgent>();
  readonly sent: { node: string; command: Command; at: number }[] = [];
  readonly cancelled: { commandId: string; reason: string }[] = [];
  readonly violations: string[] = [];
  faults: Faults = {};
  /** Changes what a new container looks like. */
  onRun: (container: ObservedContainer) => void = () => undefined;
  /** The hub records nodes beyond a server's life. */
  onHello: (hello: FleetNode['hello']) => void = () => undefined;
  #ids = 0;
  readonly #listeners = new Set<(uids: readonly string[] | 'all') => void>();

  addAgent(
    name: string,
    type: NodeType,
    engine: string,
    repositories: Record<string, Record<string, string>>,
  ): SimulatedAgent {
    if (!this.engines.has(engine)) {
      this.engines.set(engine, {
        containers: new Map(),
        networks: new Map(),
        images: new Set(),
        routes: {},
        applied: new Map(),
        foreignPorts: [],
        checks: {},
      });
    }
    const agent: SimulatedAgent = {
      name,
      type,
      engine,
      online: false,
      reported: undefined,
      reportNumber: 0,
      running: new Map(),
      repositories: new Map(
        Object.entries(repositories).map(([repository, branches]) => [
          repository,
          { branches, buildHash: `build-${repository}`, fetched: new Set<string>() },
        ]),
      ),
    };
    this.agents.set(name, agent);
    return agent;
  }

  nodes(): readonly FleetNode[] {
    return [...this.agents.values()]
      .filter((agent) => agent.reportNumber > 0)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((agent) => ({
        hello: {
          type: 'hello',
          protocol: 1,
          bootId: 'boot',
          agentVersion: '0',
          node: {
            name: agent.name,
            type: agent.type,
            address: `192.0.2.${[...this.agents.keys()].indexOf(agent.name) + 1}`,
          },
          engine: { id: agent.engine, version: '0', apiVersion: '0', cpus: 4, memoryBytes: 2 ** 33 },
          ports: { gateway: { from: 8080, to: 8999 }, service: { from: 9001, to: 9999 } },
          network: { pool: '10.213.0.0/16', prefix: 26 },
        },
        online: agent.online,
        lastSeenAt: '2026-01-01T00:00:00.000Z',
        ...(agent.reported ? { state: agent.reported } : {}),
        reportNumber: agent.reportNumber,
      }));
  }

  onChange(listener: (uids: readonly string[] | 'all') => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  connect(name: string): void {
    const agent = this.#agent(name);
    agent.online = true;
    agent.reportNumber += 1;
    const hello = this.nodes().find((node) => node.hello.node.name === name)?.hello;
    if (hello) this.onHello(hello);
    this.report(name);
  }

  disconnect(name: string): void {
    const agent = this.#agent(name);
    agent.online = false;
    for (const { fail } of [...agent.running.values()])
      fail(new SdpError('node_offline', `The session of ${name} ended.`));
    agent.running.clear();
    this.#changed('all');
  }

  /** The server started anew: it has heard of no agent yet. */
  forgetSessions(): void {
    for (const agent of this.agents.values()) {
      agent.online = false;
      agent.reported = undefined;
      agent.reportNumber = 0;
      agent.running.clear();
    }
    this.#listeners.clear();
  }

  report(name: string): void {
    const agent = this.#agent(name);
    const engine = this.#engine(agent);
    const first = [...this.agents.values()]
      .filter((item) => item.engine === agent.engine)
      .map((item) => item.name)
      .sort()[0];
    agent.reportNumber += 1;
    agent.reported = structuredClone({
      repositories: [...agent.repositories].map(([repository, { buildHash, problem }]) => ({
        name: repository,
        path: `/src/${repository}`,
        kind: 'go' as const,
        buildHash,
        ...(problem ? { problem } : {}),
      })),
      containers: [...engine.containers.values()].filter((item) => item.foreign || item.node === name),
      networks: [...engine.networks.values()],
      images: [...engine.images].map((ref) => ({ ref, id: ref })),
      edge: {
        owner: first === name,
        state: 'ready' as const,
        routes: first === name ? engine.routes : {},
        foreignPorts: first === name ? engine.foreignPorts : [],
        ...(engine.cannotDelay ? { cannotDelay: true as const } : {}),
        ...(first === name && Object.keys(engine.checks).length > 0 ? { checks: engine.checks } : {}),
      },
      memoryFreeBytes: 2 ** 32,
      diskFreeBytes: 2 ** 40,
    });
    this.#changed('all');
  }

  cancel(node: string, commandId: string, reason: string): void {
    this.cancelled.push({ commandId, reason });
    this.#agent(node).running.get(commandId)?.fail(new SdpError('cancelled', reason));
  }

  readonly send: Fleet['send'] = (node, command) => this.#send(node, command) as Promise<never>;

  #send(node: string, order: Command): Promise<unknown> {
    const agent = this.#agent(node);
    this.sent.push({ node, command: order, at: Date.now() });
    if (!agent.online) return Promise.reject(new SdpError('node_offline', `${node} is offline.`));
    this.#checkOneAtATime(order);
    return new Promise<unknown>((resolve, reject) => {
      const end = (work: () => void): void => {
        if (agent.running.get(order.id)?.command !== order) return;
        agent.running.delete(order.id);
        clearTimeout(timer);
        work();
      };
      const timer = setTimeout(
        () =>
          end(() => {
            try {
              const code = this.faults.failure?.(order);
              if (code) throw new SdpError(code, `${order.type} failed: ${code}`);
              const value = this.#effect(agent, order);
              if (this.faults.loseAnswer?.(order)) {
                this.disconnect(node);
                setTimeout(() => this.connect(node), 2_000);
                return reject(new SdpError('node_offline', 'The answer was lost.'));
              }
              for (const other of this.agents.values())
                if (other.online && other.engine === agent.engine) this.report(other.name);
              resolve(value);
            } catch (error) {
              reject(SdpError.from(error));
            }
          }),
        this.faults.duration?.(order) ?? 100,
      );
      agent.running.set(order.id, { command: order, fail: (error) => end(() => reject(error)) });
    });
  }

  /** By hand, behind SDP's back. */
  removeByHand(containerName: string): void {
    for (const engine of this.engines.values()) {
      for (const [id, item] of engine.containers) if (item.name === containerName) engine.containers.delete(id);
    }
    this.reportAll();
  }

  reportAll(): void {
    for (const agent of this.agents.values()) if (agent.online) this.report(agent.name);
  }

  all(): ObservedContainer[] {
    return [...this.engines.values()].flatMap((engine) => [...engine.containers.values()]);
  }

  commands(type?: CommandType): Command[] {
    return this.sent.map((item) => item.command).filter((command) => type === undefined || command.type === type);
  }

  place(engine: string, container: Omit<ObservedContainer, 'id'>): ObservedContainer {
    const item = { ...container, id: `c${++this.#ids}` };
    this.engines.get(engine)!.containers.set(item.id, item);
    return item;
  }

  #effect(agent: SimulatedAgent, command: Command): unknown {
    const engine = this.#engine(agent);
    switch (command.type) {
      case 'fetch': {
        const repository = agent.repositories.get(command.repository);
        if (!repository) throw new SdpError('unknown_repository', command.repository);
        const commit = command.commit ?? repository.branches[command.branch ?? ''];
        if (commit === undefined)
          throw new SdpError('unknown_branch', `${command.repository} has no branch ${command.branch}.`);
        repository.fetched.add(commit);
        return {
          commit,
          subject: `subject of ${commit}`,
          author: 'Dev',
          authoredAt: '2026-01-01T00:00:00Z',
          branch: command.branch ?? '',
        };
      }
      case 'build': {
        if (!agent.repositories.get(command.repository)?.fetched.has(command.commit))
          throw new SdpError('missing_commit', command.commit);
        if (command.commit.startsWith('bad')) throw new SdpError('build_failed', `${command.commit} does not compile.`);
        engine.images.add(command.image);
        return { image: command.image, imageId: command.image, cached: false };
      }
      case 'network':
        engine.networks.set(command.name, {
          id: command.name,
          name: command.name,
          sandboxUid: command.sandbox.uid,
          subnet: command.subnet,
        });
        return { id: command.name };
      case 'run':
        return this.#run(agent, engine, command);
      case 'stop':
        this.#mine(engine, agent, command.containerId).state = 'exited';
        return {};
      case 'restart':
        this.#mine(engine, agent, command.containerId).state = 'running';
        return {};
      case 'remove':
        return this.#remove(agent, engine, command);
      case 'routes':
        if (command.routes === null) delete engine.routes[command.sandbox.uid];
        else engine.routes[command.sandbox.uid] = command.hash;
        engine.applied.set(command.sandbox.uid, command.routes);
        return {};
      case 'prune':
        return this.#prune(agent, engine, command);
      default:
        throw new SdpError('internal', `The simulation does not know ${command.type}.`);
    }
  }

  #prune(agent: SimulatedAgent, engine: SimulatedEngine, command: CommandOf<'prune'>): { removedImages: string[]; releasedCommits: number } {
    const used = new Set([...engine.containers.values()].map(({ image }) => image));
    const removedImages = [...engine.images].filter((ref) => !used.has(ref) && !command.keepImages.includes(ref));
    for (const ref of removedImages) engine.images.delete(ref);
    let releasedCommits = 0;
    for (const [name, { fetched }] of agent.repositories) {
      for (const commit of fetched) {
        if (command.keepCommits?.[name]?.includes(commit) === false && fetched.delete(commit)) releasedCommits += 1;
      }
    }
    return { removedImages, releasedCommits };
  }

  #run(agent: SimulatedAgent, engine: SimulatedEngine, command: CommandOf<'run'>): { containerId: string } {
    const spec: ContainerSpec = command.container;
    if (!engine.images.has(spec.image)) throw new SdpError('precondition_failed', `No image ${spec.image}.`);
    if (!engine.networks.has(spec.network)) throw new SdpError('precondition_failed', `No network ${spec.network}.`);
    const holder = [...engine.containers.values()].find((item) => item.name === spec.name);
    if (holder?.foreign) this.violations.push(`run met the foreign ${spec.name}`);
    if (holder?.hash === spec.hash && holder.node === agent.name) {
      holder.state = 'running';
      return { containerId: holder.id };
    }
    if ((holder?.id ?? null) !== command.expects)
      throw new SdpError('precondition_failed', `${spec.name} is held by ${holder?.id}.`);
    if (spec.commit.startsWith('crash')) throw new SdpError('container_exited', `${spec.commit} ends at once.`);
    if (holder) engine.containers.delete(holder.id);
    const item = this.place(agent.engine, {
      name: spec.name,
      state: 'running',
      node: agent.name,
      sandboxUid: command.sandbox.uid,
      service: command.service,
      hash: spec.hash,
      commit: spec.commit,
      branch: spec.branch,
      image: spec.image,
      deployment: command.deploymentId,
      startedAt: new Date().toISOString(),
      health: 'healthy',
    });
    this.onRun(item);
    return { containerId: item.id };
  }

  #remove(agent: SimulatedAgent, engine: SimulatedEngine, command: CommandOf<'remove'>): Record<string, never> {
    if (command.object.kind === 'network') {
      const { name } = command.object;
      const used = [...engine.containers.values()].some((item) => item.sandboxUid === command.sandbox.uid);
      if (used) this.violations.push(`network ${name} removed while containers use it`);
      engine.networks.delete(name);
      return {};
    }
    const item = engine.containers.get(command.object.id);
    if (!item) return {};
    if (item.foreign || item.node !== agent.name) this.violations.push(`${item.name} is not ours and was removed`);
    engine.containers.delete(command.object.id);
    return {};
  }

  #mine(engine: SimulatedEngine, agent: SimulatedAgent, id: string): ObservedContainer {
    const item = engine.containers.get(id);
    if (!item) throw new SdpError('precondition_failed', `There is no container ${id}.`);
    if (item.foreign || item.node !== agent.name) this.violations.push(`${item.name} is not ours and was touched`);
    return item;
  }

  #checkOneAtATime(command: Command): void {
    if (!SERVICES_AT_WORK.has(command.type) || !('service' in command)) return;
    for (const agent of this.agents.values()) {
      for (const { command: other } of agent.running.values()) {
        if (!('service' in other) || !('sandbox' in other)) continue;
        const same =
          other.sandbox.uid === (command as CommandOf<'run'>).sandbox.uid && other.service === command.service;
        if (same) this.violations.push(`${command.type} and ${other.type} of ${command.service} at the same time`);
      }
    }
  }

  #agent(name: string): SimulatedAgent {
    const agent = this.agents.get(name);
    if (!agent) throw new Error(`No agent ${name}`);
    return agent;
  }

  #engine(agent: SimulatedAgent): SimulatedEngine {
    return this.engines.get(agent.engine)!;
  }

  #changed(uids: readonly string[] | 'all'): void {
    for (const listener of this.#listeners) listener(uids);
  }
}
