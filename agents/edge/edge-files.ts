/** Everything that HAProxy loads at its start besides the maps, and the hash that says which of it runs. */
import { createHash } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { SdpError } from '#schema/errors';
import { DELAY_LUA } from './faults.ts';
import { writeWhole } from './files.ts';
import { haproxyConfig, type HaproxySettings } from './haproxy-config.ts';
import { ALL_PAGES, renderPage } from './pages.ts';
import { INSIDE, type EdgePaths } from './paths.ts';
import type { PortRange } from './ports.ts';

export interface EdgeFiles {
  /** What `show info` says when exactly this runs. */
  description: string;
  config: string;
  /** By file name: certificates, pages and the like, in a folder of this edition's own. */
  side: ReadonlyMap<string, string>;
}

export function edgeFiles(settings: HaproxySettings, ca: string): EdgeFiles {
  const side = new Map([['ca.pem', ca], ['delay.lua', DELAY_LUA]]);
  for (const page of ALL_PAGES) {
    for (const format of ['html', 'json'] as const) side.set(`${page.name}.${format}`, renderPage(page, format, settings.node));
  }
  const hash = createHash('sha256');
  for (const part of [haproxyConfig(settings, ''), ...side.values()]) hash.update(`${part.length}\0${part}`);
  const description = `sdp-edge-${hash.digest('hex').slice(0, 32)}`;
  const config = haproxyConfig(settings, description).replaceAll(INSIDE.side, `${INSIDE.config}/${sideFolder(description)}/`);
  return { description, config, side };
}

const SIDE = 'side-';
const sideFolder = (description: string): string => `${SIDE}${description.slice(-32)}`;

/**
 * Each edition of the configuration has a folder of its own: what HAProxy refuses never takes the place of what it runs
 * with, and would start with again.
 */
export async function writeSideFiles(paths: EdgePaths, files: EdgeFiles): Promise<void> {
  const folder = join(paths.config, sideFolder(files.description));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await Promise.all([...files.side].map(([name, text]) => writeWhole(join(folder, name), text)));
}

/** Of editions that nothing starts with any more. */
export async function dropOtherSideFiles(paths: EdgePaths, files: EdgeFiles): Promise<void> {
  for (const name of await readdir(paths.config)) {
    if (!name.startsWith(SIDE) || name === sideFolder(files.description)) continue;
    await rm(join(paths.config, name), { recursive: true, force: true });
  }
}

const CONFIG = 'haproxy.cfg';
const CANDIDATE = 'haproxy.new.cfg';
/** As HAProxy's own check sees it. */
export const CANDIDATE_INSIDE = `${INSIDE.config}/${CANDIDATE}`;

/** What HAProxy starts with; undefined: nothing yet. */
export const readConfig = (paths: EdgePaths): Promise<string | undefined> => readFile(join(paths.config, CONFIG), 'utf8').catch(() => undefined);
export const writeConfig = (paths: EdgePaths, text: string): Promise<void> => writeWhole(join(paths.config, CONFIG), text);
export const writeCandidate = (paths: EdgePaths, text: string): Promise<void> => writeWhole(join(paths.config, CANDIDATE), text);
export const acceptCandidate = (paths: EdgePaths): Promise<void> => rename(join(paths.config, CANDIDATE), join(paths.config, CONFIG));
export const dropCandidate = (paths: EdgePaths): Promise<void> => rm(join(paths.config, CANDIDATE), { force: true });

/** Port ranges of the configuration on disk: what a running edge listens on. */
export async function configuredPorts(paths: EdgePaths): Promise<PortRange[]> {
  const text = await readFile(join(paths.config, CONFIG), 'utf8').catch(() => '');
  return [...text.matchAll(/^\s+bind :(\d+)(?:-(\d+))?$/gm)].map((match) => ({
    from: Number(match[1]),
    to: Number(match[2] ?? match[1]),
  }));
}

const SYSTEM_CA = ['/etc/ssl/certs/ca-certificates.crt', '/etc/pki/tls/certs/ca-bundle.crt', '/etc/ssl/ca-bundle.pem'];

/** Certificates that baselines are believed by: the operator's file, else the host's, else Node's. */
export async function certificates(caFile: string | undefined): Promise<string> {
  if (caFile !== undefined) {
    return readFile(caFile, 'utf8').catch((error: unknown) => {
      throw new SdpError('edge_failed', `The file baseline.caFile ${caFile} cannot be read.`, { cause: error });
    });
  }
  for (const file of SYSTEM_CA) {
    const there = await access(file).then(() => true, () => false);
    if (there) return readFile(file, 'utf8');
  }
  return `${rootCertificates.join('\n')}\n`;
}
