/** The world around SDP on one machine: git hosting, the baseline, base images, two agents' files (TESTWORLD). */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import { writeAgentFiles, type DemoAgent } from './agent-files.ts';
import { ensureBaseImages, ensureNginxImage, removeBaseImages } from './base-images.ts';
import { BASELINE_HOSTS, startBaseline } from './baseline-server.ts';
import { ensureCertificates } from './certificates.ts';
import { exampleDocuments, type ExampleText } from './documents.ts';
import { startGitServer } from './git-server.ts';
import { setGitUser } from './git-users.ts';
import { rememberedNetworkPool } from './network-pool.ts';
import { demoPorts, type DemoPorts } from './ports.ts';
import { ensureCheckouts, ensureRepositories } from './repositories.ts';

export interface DemoOptions {
  /** Absolute path of `.sdp`; everything that the demo makes is below `demo/` and `agents/` of it. */
  root: string;
  /** Absolute path of the clone's folder `examples`. */
  examples: string;
  /** Absolute path of a folder with programs of packages that are not installed (nginx); it need not be there. */
  packages: string;
  docker: { socket: string };
  /** Such as `ws://127.0.0.1:7070`. */
  controlPlaneUrl: string;
  /** Port ranges of both agents; default 8080-8999 and 9001-9999. */
  agentPorts?: { gateway: string; service: string };
  /** Wanted at the first start; kept afterwards. */
  ports?: DemoPorts;
  /** Pull base images before making them from packages. */
  pull?: boolean;
  log(line: string): void;
}

export interface DemoWorld {
  git: { port: number; urlOf(repository: string): string; usersFile: string };
  baseline: { port: number; caFile: string; hosts: Record<string, string> };
  agents: DemoAgent[];
  /** What is applied at the first start. */
  documents: ExampleText[];
  /** Who may log in. */
  login: { username: string; password: string };
  /** Resolves when the base image of the second gateway is there, or cannot be had. The demo does not wait for it. */
  nginxImage: Promise<void>;
  /** Ends the servers. Files and images stay. */
  stop(): Promise<void>;
}

export const DEMO_LOGIN = { username: 'demo', password: 'demo' };

/** Longest wait for the second gateway's image at the end, in milliseconds. */
const STOP_WITHIN_MS = 3_000;

const placesIn = (root: string) => ({
  state: join(root, 'demo', 'ports.json'),
  pool: join(root, 'demo', 'network-pool'),
  repositories: join(root, 'demo', 'git', 'repositories'),
  users: join(root, 'demo', 'git', 'users.json'),
  checkouts: join(root, 'demo', 'checkouts'),
  certificates: join(root, 'demo', 'tls'),
});

/**
 * Makes what is missing, starts both servers and writes the agents' files. Nothing that is there is made again.
 * @throws SdpError unavailable, missing_base_image, engine_failed, internal
 */
export async function createDemoWorld(options: DemoOptions): Promise<DemoWorld> {
  const { root, examples, log } = options;
  const places = placesIn(root);
  const ports = await demoPorts(places.state, options.ports);
  const pool = await rememberedNetworkPool(places.pool);
  if (!existsSync(places.users)) await setGitUser(places.users, DEMO_LOGIN.username, DEMO_LOGIN.password);

  const images = ensureBaseImages({ socket: options.docker.socket, pull: options.pull ?? false, log });
  // Awaited below; a failure before that must not count as unhandled.
  images.catch(() => undefined);

  const nginxImage = ensureNginxImage({ socket: options.docker.socket, folder: options.packages, pull: options.pull ?? false, log }).catch(
    (error: unknown) => log(`api-gateway-nginx cannot be built here: ${error instanceof Error ? error.message : String(error)}`),
  );

  await ensureRepositories(join(examples, 'demo'), places.repositories);
  const git = await startGitServer({ repositories: places.repositories, users: places.users, port: ports.git, log });
  try {
    await ensureCheckouts(places.checkouts, places.repositories, git.urlOf);
    log(`git server with ${DEMO_LOGIN.username} / ${DEMO_LOGIN.password} on ${git.urlOf('account')}`);
    const certificates = await ensureCertificates(places.certificates, Object.values(BASELINE_HOSTS));
    const agents = await writeAgentFiles({
      root,
      controlPlaneUrl: options.controlPlaneUrl,
      docker: options.docker,
      ports: options.agentPorts ?? { gateway: '8080-8999', service: '9001-9999' },
      pool,
      checkouts: places.checkouts,
      caFile: certificates.caFile,
    });
    const documents = await exampleDocuments(examples, ports.baseline);
    await images;
    const baseline = await startBaseline({ port: ports.baseline, certificates });
    log(`baseline on https://${BASELINE_HOSTS['account']}:${baseline.port}`);
    return {
      git: { port: git.port, urlOf: git.urlOf, usersFile: places.users },
      baseline: { port: baseline.port, caFile: certificates.caFile, hosts: { ...BASELINE_HOSTS } },
      agents,
      documents,
      login: DEMO_LOGIN,
      nginxImage,
      stop: async () => {
        await Promise.all([git.close(), baseline.close(), Promise.race([nginxImage, sleep(STOP_WITHIN_MS, undefined, { ref: false })])]);
      },
    };
  } catch (error) {
    await git.close();
    throw SdpError.from(error);
  }
}

/** Removes the demo's files and its names of base images. End the world, and what runs on it, before. */
export async function removeDemoWorld(options: { root: string; docker: { socket: string } }): Promise<void> {
  await removeBaseImages(options.docker.socket);
  await rm(join(options.root, 'demo'), { recursive: true, force: true });
  await rm(join(options.root, 'agents'), { recursive: true, force: true });
}
