/** What goes into each base image when it is made from the distribution's packages. */
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { SdpError } from '#schema/errors';
import { directoryEntries, type ImageEntry } from './image-tar.ts';
import { libraryClosure } from './library-closure.ts';
import { run } from './run.ts';

const CA_BUNDLE = '/etc/ssl/certs/ca-certificates.crt';
const ZONES = '/usr/share/zoneinfo';

export function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return directories.map((directory) => join(directory, name)).find((path) => existsSync(path));
}

/** Where a program of this machine is. @throws SdpError missing_base_image, naming the package that has it */
export function programPath(name: string, debianPackage: string): string {
  const found = findProgram(name);
  if (found !== undefined) return found;
  throw new SdpError('missing_base_image', `${name} is not on this machine, so its base image cannot be made.`, {
    hint: `Install it (on Debian or Ubuntu: apt-get install ${debianPackage}), or set SDP_DEMO_PULL=1 to pull instead.`,
  });
}

/** Busybox, accounts, certificates: what a person expects in a container, 2 MB. */
export async function runtimeFiles(): Promise<ImageEntry[]> {
  const busybox = programPath('busybox', 'busybox-static');
  const applets = (await run(busybox, ['--list'])).split('\n').filter((name) => name !== '' && name !== 'busybox');
  return [
    ...['/bin', '/etc', '/etc/ssl', '/etc/ssl/certs', '/root', '/usr', '/usr/bin', '/usr/sbin', '/var', '/proc', '/sys', '/dev'].map(
      (path): ImageEntry => ({ kind: 'directory', path }),
    ),
    { kind: 'directory', path: '/tmp', mode: 0o1777 },
    { kind: 'file', path: '/bin/busybox', from: busybox, mode: 0o755 },
    ...applets.map((name): ImageEntry => ({ kind: 'link', path: `/bin/${name}`, to: 'busybox' })),
    {
      kind: 'text',
      path: '/etc/passwd',
      text: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n',
    },
    { kind: 'text', path: '/etc/group', text: 'root:x:0:\nnogroup:x:65534:\n' },
    { kind: 'text', path: '/etc/nsswitch.conf', text: 'passwd: files\ngroup: files\nhosts: files dns\n' },
    ...(existsSync(CA_BUNDLE) ? [{ kind: 'file', path: CA_BUNDLE, from: CA_BUNDLE } as const] : []),
  ];
}

/** Files at their own paths, links followed, with the directories above them that are not in `base`. */
export function withParents(base: readonly ImageEntry[], files: readonly string[]): ImageEntry[] {
  const known = new Set(base.map((entry) => entry.path));
  const entries: ImageEntry[] = [...base];
  for (const file of files) {
    if (known.has(file)) continue;
    const parts = file.split('/').slice(1, -1);
    for (let depth = 1; depth <= parts.length; depth += 1) {
      const path = `/${parts.slice(0, depth).join('/')}`;
      if (!known.has(path)) entries.push({ kind: 'directory', path });
      known.add(path);
    }
    known.add(file);
    entries.push({ kind: 'file', path: file, from: file });
  }
  return entries;
}

/** HAProxy and its libraries, at the paths of Debian and of the official image. */
export async function edgeFiles(): Promise<ImageEntry[]> {
  const haproxy = programPath('haproxy', 'haproxy');
  const entries = withParents(await runtimeFiles(), await libraryClosure([haproxy]));
  return [
    ...entries,
    { kind: 'file', path: '/usr/sbin/haproxy', from: haproxy, mode: 0o755 },
    { kind: 'directory', path: '/usr/local' },
    { kind: 'directory', path: '/usr/local/sbin' },
    { kind: 'link', path: '/usr/local/sbin/haproxy', to: '/usr/sbin/haproxy' },
    { kind: 'directory', path: '/usr/local/etc' },
    { kind: 'directory', path: '/usr/local/etc/haproxy' },
  ];
}

/** PHP's command line program with its extensions and configuration. */
export async function phpFiles(): Promise<ImageEntry[]> {
  const php = programPath('php', 'php-cli');
  const [extensionDir = '', version = ''] = (
    await run(php, ['-n', '-r', 'echo ini_get("extension_dir"), "\\n", PHP_MAJOR_VERSION, ".", PHP_MINOR_VERSION;'])
  ).split('\n');
  const names = existsSync(extensionDir) ? await readdir(extensionDir) : [];
  const extensions = names.filter((name) => name.endsWith('.so')).sort().map((name) => join(extensionDir, name));
  const files = [...extensions, ...(await libraryClosure([php, ...extensions]))];
  const entries = withParents(await runtimeFiles(), files);
  const configuration: ImageEntry[] = [];
  for (const part of ['cli', 'mods-available']) {
    const directory = `/etc/php/${version}/${part}`;
    if (existsSync(directory)) configuration.push(...(await directoryEntries(directory, directory)));
  }
  // Debian's PHP has no time zones of its own and warns where even UTC is missing.
  if (existsSync(ZONES)) {
    configuration.push({ kind: 'directory', path: '/usr/share' }, ...(await directoryEntries(ZONES, ZONES)));
  }
  return [
    ...entries,
    { kind: 'file', path: '/usr/bin/php', from: php, mode: 0o755 },
    { kind: 'directory', path: '/etc/php' },
    { kind: 'directory', path: `/etc/php/${version}` },
    ...configuration,
  ];
}
