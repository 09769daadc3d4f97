/** Which part of the agent does which command. */
import { SdpError } from '#schema/errors';
import type { BuildCommand, FetchCommand, RunCommand } from '#schema/wire/commands';
import type { AgentConfig, Builder, Edge, Engine, GitRepositories, Reporter } from '../contract.ts';
import { checkBaselines } from '../requests/check-baselines.ts';
import { sendTrace } from '../requests/send-trace.ts';
import type { Handlers } from './executor.ts';

export interface Parts {
  config: AgentConfig;
  git: GitRepositories;
  builder: Builder;
  engine: Engine;
  /** Absent on an agent that does not own the edge of its engine. */
  edge(): Edge | undefined;
  reporterFor(deploymentId: string): Reporter;
}

/** The repository that a login is checked against (C2). */
function loginRepository(config: AgentConfig, asked: string | undefined): string {
  const name = asked ?? config.auth.repository ?? config.repositories[0]?.name;
  if (name !== undefined) return name;
  throw new SdpError('unknown_repository', `Node ${config.node.name} has no repository to check a login against.`, {
    hint: 'List one under repositories: in the agent\'s file.',
  });
}

function ownedEdge(parts: Parts): Edge {
  const edge = parts.edge();
  if (edge !== undefined) return edge;
  throw new SdpError('precondition_failed', `Node ${parts.config.node.name} does not run the edge of its engine.`);
}

const wanted = (command: FetchCommand): { branch: string } | { commit: string } =>
  command.commit === undefined ? { branch: command.branch ?? '' } : { commit: command.commit };

export function createHandlers(parts: Parts): Handlers {
  const { git, builder, engine } = parts;
  const reporter = (command: FetchCommand | BuildCommand | RunCommand): Reporter => parts.reporterFor(command.deploymentId);
  return {
    login: async (command, signal) => {
      const repository = loginRepository(parts.config, command.repository);
      await git.checkLogin(repository, command.credentials, signal);
      return { repository };
    },
    branches: async (command, signal) => ({
      branches: await git.branches(command.repository, command.credentials, signal),
    }),
    fetch: (command, signal) => git.fetch(command.repository, wanted(command), command.credentials, reporter(command), signal),
    build: (command, signal) => builder.build(command, reporter(command), signal),
    network: (command) => engine.ensureNetwork(command),
    run: (command, signal) => engine.run(command, reporter(command), signal),
    stop: async (command) => {
      await engine.stopContainer(command.containerId);
      return {};
    },
    restart: async (command) => {
      await engine.restartContainer(command.containerId);
      return {};
    },
    remove: async (command, signal) => {
      if (command.object.kind === 'container') await engine.removeContainer(command.object.id, command.object.drain, signal);
      else await engine.removeNetwork(command.object.name);
      return {};
    },
    routes: async (command) => {
      await ownedEdge(parts).apply(command.sandbox, command.routes, command.hash);
      return {};
    },
    trace: (command, signal) => sendTrace(command, parts.config.node.address, signal),
    doctor: async (command, signal) => ({
      baselines: await checkBaselines(command.baselines, ownedEdge(parts), signal),
      pool: parts.config.network.pool,
    }),
    prune: async (command, signal) => ({
      removedImages: await engine.removeImages(command.keepImages),
      releasedCommits: await git.releasePins(command.keepCommits ?? {}, signal),
    }),
  };
}
