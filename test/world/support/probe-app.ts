import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Builds the probe service (see probe-app/main.go) as a static binary and answers its bytes. */
export async function buildProbeApp(): Promise<Buffer> {
  const directory = await mkdtemp(join(tmpdir(), 'sdp-probe-'));
  try {
    await promisify(execFile)('go', ['build', '-trimpath', '-buildvcs=false', '-o', join(directory, 'probe'), '.'], {
      cwd: new URL('./probe-app', import.meta.url).pathname,
      env: { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOPROXY: 'off', GOFLAGS: '' },
    });
    return await readFile(join(directory, 'probe'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
