/** Base images made on the spot: nothing can be pulled where the tests run. */
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import Docker from 'dockerode';
import { pack } from 'tar-stream';

export interface StaticFile {
  /** Contents as text or bytes, or a path on this machine, or where a symbolic link leads. */
  from: { text: string } | { bytes: Buffer } | { path: string } | { link: string };
  /** Default 0755 for `path`, else 0644. */
  mode?: number;
}

/**
 * Makes an image of exactly these files (by absolute path) through `POST /images/create?fromSrc=-`. Answers its id.
 * `changes` are Dockerfile instructions such as `ENTRYPOINT ["/app"]`.
 */
export async function importStaticImage(
  socket: string,
  ref: string,
  { files, changes = [] }: { files: Record<string, StaticFile>; changes?: string[] },
): Promise<string> {
  const docker = new Docker({ socketPath: socket });
  const tar = pack();
  const directories = new Set<string>();
  for (const directory of ['tmp', 'etc', 'proc', 'sys', 'dev']) {
    directories.add(directory);
    tar.entry({ name: `${directory}/`, type: 'directory', mode: directory === 'tmp' ? 0o1777 : 0o755 });
  }
  for (const [path, file] of Object.entries(files)) {
    const name = path.replace(/^\/+/, '');
    name.split('/').slice(0, -1).reduce((parent, part) => {
      const directory = parent === '' ? part : `${parent}/${part}`;
      if (!directories.has(directory)) tar.entry({ name: `${directory}/`, type: 'directory', mode: 0o755 });
      directories.add(directory);
      return directory;
    }, '');
    if ('link' in file.from) tar.entry({ name, type: 'symlink', linkname: file.from.link });
    else if ('path' in file.from) tar.entry({ name, mode: file.mode ?? 0o755 }, await readFile(file.from.path));
    else tar.entry({ name, mode: file.mode ?? 0o644 }, 'text' in file.from ? file.from.text : file.from.bytes);
  }
  tar.finalize();
  const [, repo = ref, tag = 'latest'] = /^(.*?)(?::([^:/]+))?$/.exec(ref) ?? [];
  const stream = await docker.importImage(Readable.from([await buffer(tar)]), { repo, tag, changes });
  const lines = (await buffer(stream)).toString('utf8');
  if (/"error"/.test(lines)) throw new Error(`import of ${ref}: ${lines}`);
  return (await docker.getImage(ref).inspect()).Id;
}

const APPLETS = [
  'sh', 'cat', 'ls', 'sleep', 'echo', 'env', 'id', 'true', 'false', 'mkdir', 'rm', 'mv', 'cp', 'touch', 'test', 'stat',
  'httpd', 'nc', 'ip', 'hostname', 'kill', 'ps', 'head', 'tail', 'grep', 'sed', 'awk', 'chmod', 'seq', 'yes', 'date',
];

/**
 * A runtime base with a shell, from Debian's busybox-static. Its static build crashes in name lookups, so it is
 * no client of named services; `httpd`, `nc` to addresses and the shell work.
 */
export async function importBusyboxImage(socket: string, ref = 'sdp-test/runtime:1'): Promise<string> {
  const files: Record<string, StaticFile> = {
    '/bin/busybox': { from: { path: '/usr/bin/busybox' } },
    '/etc/passwd': { from: { text: 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n' } },
    '/etc/group': { from: { text: 'root:x:0:\nnogroup:x:65534:\n' } },
  };
  for (const applet of APPLETS) files[`/bin/${applet}`] = { from: { link: 'busybox' } };
  return importStaticImage(socket, ref, { files, changes: ['ENV PATH=/bin', 'CMD ["/bin/sh"]'] });
}
