/** The demo's base images, under names of its own: made from the distribution's packages, or pulled. */
import { Readable } from 'node:stream';
import Docker from 'dockerode';
import { SdpError } from '#schema/errors';
import { edgeFiles, phpFiles, runtimeFiles } from './base-image-files.ts';
import { tarOf, type ImageEntry } from './image-tar.ts';
import { nginxFiles } from './nginx-files.ts';
import { pullAs } from './pull-image.ts';

export const BASE_IMAGES = {
  /** Under every Go service's binary. */
  runtime: 'sdp-demo/runtime:1',
  /** What api-gateway's Dockerfile begins with. */
  php: 'sdp-demo/php:8.2',
  edge: 'sdp-demo/haproxy:2.6',
} as const;

/** What api-gateway-nginx's Dockerfile begins with. The demo starts without it. */
export const NGINX_IMAGE = 'sdp-demo/nginx:1.22';

interface Recipe {
  ref: string;
  files(): Promise<ImageEntry[]>;
  /** The public image that is the same, where one can be pulled. */
  publicRef: string;
  changes: string[];
}

const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export const RECIPES: readonly Recipe[] = [
  { ref: BASE_IMAGES.runtime, files: runtimeFiles, publicRef: 'alpine:3.20', changes: [PATH, 'CMD ["/bin/sh"]'] },
  { ref: BASE_IMAGES.php, files: phpFiles, publicRef: 'php:8.2-cli-alpine', changes: [PATH, 'CMD ["php", "-a"]'] },
  {
    ref: BASE_IMAGES.edge,
    files: edgeFiles,
    publicRef: 'haproxy:2.6-alpine',
    changes: [PATH, 'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]'],
  },
];

const statusOf = (error: unknown): number | undefined => (error as { statusCode?: number }).statusCode;

async function isThere(docker: Docker, ref: string): Promise<boolean> {
  try {
    await docker.getImage(ref).inspect();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw new SdpError('engine_failed', `The engine does not say whether it has ${ref}: ${String(error)}`);
  }
}

async function importImage(docker: Docker, recipe: Recipe): Promise<void> {
  const [repo, tag] = recipe.ref.split(':');
  const changes = [...recipe.changes, 'LABEL sdp.demo=base'];
  const abort = new AbortController();
  const body = Readable.from(tarOf(await recipe.files()));
  const unreadable = new Promise<never>((_resolve, reject) => {
    body.once('error', (error) => {
      reject(error);
      abort.abort();
    });
  });
  const imported = docker
    .importImage(body, { repo, tag, changes, abortSignal: abort.signal })
    .then(
      (answer) =>
        new Promise<void>((resolve, reject) => {
          docker.modem.followProgress(answer, (error) => (error === null ? resolve() : reject(error)));
        }),
    );
  await Promise.race([imported, unreadable]);
}

/**
 * Packages first: they are there offline and make the same image every time. What they cannot make is pulled.
 * `pull` turns that round.
 */
async function make(docker: Docker, recipe: Recipe, pull: boolean, log: (line: string) => void): Promise<void> {
  const ways = [
    { how: 'made from packages', go: () => importImage(docker, recipe) },
    { how: `pulled as ${recipe.publicRef}`, go: () => pullAs(docker, recipe.publicRef, recipe.ref) },
  ];
  if (pull) ways.reverse();
  const failures: string[] = [];
  for (const way of ways) {
    const started = Date.now();
    try {
      await way.go();
      log(`${recipe.ref} ${way.how} in ${((Date.now() - started) / 1000).toFixed(1)} s`);
      return;
    } catch (error) {
      failures.push(`not ${way.how}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  throw new SdpError('missing_base_image', `The base image ${recipe.ref} cannot be had. ${failures.join('; ')}`, {
    hint: 'Install busybox-static, php-cli and haproxy, or load the image with `docker load`, then start again.',
  });
}

/** Images that are there already are left as they are. @throws SdpError missing_base_image, engine_failed */
export async function ensureBaseImages(options: {
  socket: string;
  /** Pull before making them from packages. */
  pull?: boolean;
  log(line: string): void;
}): Promise<void> {
  const docker = new Docker({ socketPath: options.socket });
  for (const recipe of RECIPES) {
    if (!(await isThere(docker, recipe.ref))) await make(docker, recipe, options.pull ?? false, options.log);
  }
}

/**
 * The base image of the second example gateway. Nothing that the demo begins with needs it.
 * @param options.folder where its program is, when nginx is not installed
 * @throws SdpError missing_base_image, engine_failed
 */
export async function ensureNginxImage(options: { socket: string; folder: string; pull?: boolean; log(line: string): void }): Promise<void> {
  const docker = new Docker({ socketPath: options.socket });
  const ref = NGINX_IMAGE;
  if (await isThere(docker, ref)) return;
  const files = (): Promise<ImageEntry[]> => nginxFiles(options.folder);
  const recipe: Recipe = { ref, files, publicRef: 'nginx:1.22-alpine', changes: [PATH, 'CMD ["nginx", "-g", "daemon off;"]'] };
  await make(docker, recipe, options.pull ?? false, options.log);
}

/** Takes the demo's names off; what a container still uses stays. */
export async function removeBaseImages(socket: string): Promise<void> {
  const docker = new Docker({ socketPath: socket });
  for (const ref of [...Object.values(BASE_IMAGES), NGINX_IMAGE]) {
    try {
      await docker.getImage(ref).remove();
    } catch (error) {
      // Not there, or in use.
      if (statusOf(error) !== 404 && statusOf(error) !== 409) throw error;
    }
  }
}
