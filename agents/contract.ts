/** What the parts of an agent need of each other: each is written and tested against these alone. */
import type { LogPhase, NodeType, PipelineEvent } from '#schema/states';
import type { BranchInfo, CommitInfo, ContainerSpec, Credentials, EdgeRoutes, SandboxRef } from '#schema/wire/commands';
import type { EngineInfo, PortRanges } from '#schema/wire/messages';
import type { ErrorBody } from '#schema/errors';
import type {
  ObservedContainer,
  ObservedEdge,
  ObservedImage,
  ObservedNetwork,
  ObservedRepository,
  TargetCheck,
} from '#schema/wire/report';
import type { EdgeRequest } from '#schema/wire/requests';

/** How a repository's sources become an image. */
export type BuildConfig =
  | {
      kind: 'go';
      /** Package to build, relative to the sources. */
      package: string;
      cgo: boolean;
      /** Names of sibling repositories that relative `replace` lines lead to. */
      with: string[];
      /** GOPROXY of a node that can reach one; absent: `off`. */
      goproxy?: string;
    }
  | { kind: 'dockerfile'; file: string }
  | { kind: 'copy'; base: string; target: string };

export interface RepositoryConfig {
  name: string;
  /** The operator's checkout: read for its origin, never changed. */
  path: string;
  build: BuildConfig;
}

/** An agent's file, checked, with every default filled in. */
export interface AgentConfig {
  node: { name: string; type: NodeType; address: string };
  /** Absolute. */
  dataDir: string;
  controlPlane: { url: string; tokenFile: string; caFile?: string };
  repositories: RepositoryConfig[];
  /** `shared`: port that serves all sandboxes by name; 0: none. */
  ports: PortRanges & { allowFrom: string[]; shared: number };
  network: { pool: string; prefix: number; forbidden: string[] };
  images: { runtime: string; edge: string };
  baseline: { caFile?: string; hosts: Record<string, string>; dns: string[] };
  docker: { socket: string };
  auth: { repository?: string };
  build: { concurrency: number };
}

/** Where an operation tells what it is doing. Lines are redacted before they come here. */
export interface Reporter {
  event(event: PipelineEvent, more?: { message?: string; durationMs?: number; error?: ErrorBody }): void;
  log(phase: LogPhase, text: string): void;
}

/** One full bare clone per repository, fetched with a person's login only. */
export interface GitRepositories {
  /** Real `git ls-remote` with these credentials. @throws SdpError git_auth, git_unreachable, unknown_repository */
  checkLogin(repository: string, credentials: Credentials, signal: AbortSignal): Promise<void>;
  /** @throws SdpError git_auth, git_unreachable, fetch_failed, unknown_branch, bad_branch_name, missing_commit */
  fetch(
    repository: string,
    wanted: { branch: string } | { commit: string },
    credentials: Credentials,
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<CommitInfo & { branch: string }>;
  /** From the clone; with credentials from the server first. Newest commit first. */
  branches(repository: string, credentials: Credentials | undefined, signal: AbortSignal): Promise<BranchInfo[]>;
  /** Lays the tree of a commit out in a directory that does not exist yet. @throws SdpError missing_commit */
  exportTree(repository: string, commit: string, directory: string, signal: AbortSignal): Promise<void>;
  /** Releases pinned commits but these, those of a running or just ended fetch, and those of other repositories. Answers how many. */
  releasePins(keep: Readonly<Record<string, readonly string[]>>, signal: AbortSignal): Promise<number>;
  /** Origin without user info, or undefined when the checkout has none. */
  originOf(repository: string): Promise<string | undefined>;
}

/** Ways to make an image. Each answers the image's id and leaves nothing behind when it fails. */
export interface ImageMaker {
  /** Id of an image, or undefined when the engine has none of this name. */
  imageId(ref: string): Promise<string | undefined>;
  /** A base image, one file at `target` with mode 0755, and that as entry point. */
  fromFile(
    image: { ref: string; base: string; file: string; target: string; labels: Record<string, string> },
    signal: AbortSignal,
  ): Promise<string>;
  /** `docker build` of a directory, without a network. Output goes to `log`. */
  fromDockerfile(
    image: { ref: string; directory: string; file: string; labels: Record<string, string> },
    log: (line: string) => void,
    signal: AbortSignal,
  ): Promise<string>;
  /** A base image with a directory's contents laid over `target`. */
  fromDirectory(
    image: { ref: string; base: string; directory: string; target: string; labels: Record<string, string> },
    signal: AbortSignal,
  ): Promise<string>;
}

/** Builds a commit into an image, once however many ask for it. */
export interface Builder {
  /** What is reported of each repository: build hash, problems. */
  observe(): Promise<ObservedRepository[]>;
  /**
   * Export, preflight, build, image; an image that is there already is the answer.
   * @throws SdpError missing_commit, missing_module, missing_base_image, go_version, outside_replace, build_failed,
   * disk_full, precondition_failed (the build hash in `image` is not the current one)
   */
  build(
    job: { repository: string; commit: string; image: string },
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<{ image: string; imageId: string; cached: boolean }>;
}

/** What an engine holds of ours, and of others under our names. */
export interface EngineState {
  /** This agent's, and foreign ones under names of ours. */
  containers: ObservedContainer[];
  /** Of other agents on the same engine, without details: for the edge, which serves them too. */
  neighbours: ObservedContainer[];
  networks: ObservedNetwork[];
  images: ObservedImage[];
}

/** How the edge learns that a service's address changed, before the replaced container goes. */
export interface AddressSwitch {
  /** Every map entry that led to `from` leads to `to` when this resolves. */
  readdress(from: string, to: string): Promise<void>;
}

/** The container engine of this node. */
export interface Engine extends ImageMaker {
  info(): Promise<EngineInfo>;
  /** Everything of this installation on the engine, and foreign objects named `sandbox-*`. Throws rather than being partial. */
  state(): Promise<EngineState>;
  /** Called when something of ours may have changed. Reconnects by itself; a reconnect counts as a change. */
  watch(onChange: () => void): () => void;
  ensureNetwork(network: { sandbox: SandboxRef; name: string; subnet: string }): Promise<{ id: string }>;
  /** @throws SdpError precondition_failed, name_blocked, container_exited, health_check_failed, missing_base_image, engine_failed */
  run(
    order: {
      sandbox: SandboxRef;
      service: string;
      generation: number;
      deploymentId: string;
      container: ContainerSpec;
      expects: string | null;
    },
    reporter: Reporter,
    signal: AbortSignal,
  ): Promise<{ containerId: string }>;
  stopContainer(id: string): Promise<void>;
  restartContainer(id: string): Promise<void>;
  /** Already gone is success. Only containers of ours. */
  /** @param drain one that was replaced finishes its connections first, for so many seconds since then */
  removeContainer(id: string, drain?: { port: number; seconds: number }, signal?: AbortSignal): Promise<void>;
  removeNetwork(name: string): Promise<void>;
  removeImages(keep: readonly string[]): Promise<string[]>;
}

/** This node's HAProxy. */
export interface Edge {
  /** Makes sure that it runs with the current configuration, and restores the routes kept on disk. */
  start(): Promise<void>;
  /** Puts a sandbox's routes in force, or takes them away. Resolves when requests follow them. */
  apply(sandbox: SandboxRef, routes: EdgeRoutes | null, hash: string): Promise<void>;
  /** All containers of the installation on this engine as they are now; the maps follow. */
  containersChanged(containers: readonly ObservedContainer[], networks: readonly ObservedNetwork[]): Promise<void>;
  state(): ObservedEdge;
  /** Called with requests in order as the edge answers them, and how many could not be noted. Returns the unsubscriber. */
  onRequests(listener: (requests: Omit<EdgeRequest, 'seq'>[], missed: number) => void): () => void;
  /** Checks the given URL's target as this node reaches it: name, connection, certificate (baseline.caFile), health path. */
  checkTarget(url: string, health?: string, signal?: AbortSignal): Promise<TargetCheck & { addresses: string[] }>;
  stop(): Promise<void>;
}
