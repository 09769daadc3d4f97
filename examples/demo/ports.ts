/** Ports of the demo's servers: chosen once, then the same at every start, as addresses of them are written down. */
import { createServer } from 'node:net';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SdpError } from '#schema/errors';

export interface DemoPorts {
  git: number;
  baseline: number;
}

/** Taken when free; `examples/services.yaml` names the baseline's. */
export const DEFAULT_PORTS: DemoPorts = { git: 7442, baseline: 7443 };

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

async function firstFree(from: number, except: readonly number[]): Promise<number> {
  for (let port = from; port < from + 200; port += 1) {
    if (!except.includes(port) && (await isFree(port))) return port;
  }
  throw new SdpError('unavailable', `No port from ${from} to ${from + 199} is free on 127.0.0.1 for the demo.`);
}

async function stored(file: string): Promise<DemoPorts | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as DemoPorts;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a file so that a crash leaves the old or the new one, never half of it. */
export async function writeWhole(file: string, text: string, mode = 0o644): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const next = `${file}.${process.pid}.new`;
  await writeFile(next, text, { mode });
  await rename(next, file);
}

/** @throws SdpError unavailable when a port that is written down is held by another process */
export async function demoPorts(file: string, wanted: DemoPorts = DEFAULT_PORTS): Promise<DemoPorts> {
  const known = await stored(file);
  if (known !== undefined) {
    for (const port of [known.git, known.baseline]) {
      if (await isFree(port)) continue;
      throw new SdpError('unavailable', `The demo's port ${port} on 127.0.0.1 is held by another process.`, {
        hint: 'Is another `npm start` running? End it, or start over with `npm start -- --fresh`.',
      });
    }
    return known;
  }
  const git = await firstFree(wanted.git, [wanted.baseline]);
  const baseline = await firstFree(wanted.baseline, [git]);
  const chosen = { git, baseline };
  await writeWhole(file, `${JSON.stringify(chosen)}\n`);
  return chosen;
}
