/** An image of the distribution's HAProxy: the binary and what `ldd` lists, imported under a name of our own. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { pack, type Pack } from 'tar-stream';

const run = promisify(execFile);

/** @param ref such as `sdp-demo/haproxy:2.6`; left as it is when the engine has it. */
export async function makeEdgeImage(docker: Docker, ref: string, binary = '/usr/sbin/haproxy'): Promise<void> {
  const there = await docker.getImage(ref).inspect().then(() => true, () => false);
  if (there) return;
  const tar = pack();
  for (const file of [binary, ...(await libraries(binary))]) {
    tar.entry({ name: file.slice(1), mode: 0o755 }, await readFile(file));
  }
  // HAProxy is looked up in PATH by the edge's container.
  tar.entry({ name: 'usr/local/bin/haproxy', type: 'symlink', linkname: binary });
  tar.finalize();
  await importImage(docker, tar, ref, ['ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin', 'ENTRYPOINT ["haproxy"]']);
}

/** Libraries and loader that a dynamic binary needs, as absolute paths. */
export async function libraries(binary: string): Promise<string[]> {
  const { stdout } = await run('ldd', [binary]);
  return stdout.split('\n').flatMap((line) => /(?:=> )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Imports a root file system. `changes` are Dockerfile instructions. */
export async function importImage(docker: Docker, tar: Pack, ref: string, changes: string[]): Promise<void> {
  const at = ref.lastIndexOf(':');
  const query = { repo: ref.slice(0, at), tag: ref.slice(at + 1), changes };
  const stream = await docker.importImage(Readable.from(tar), query);
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
