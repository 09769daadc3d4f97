/** What a killed git or a killed agent leaves behind in a clone. Only called under the clone's lock. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Lock files and half-received packs: under the lock nobody else writes, so all of them are stale. */
export async function removeLeftovers(gitDir: string): Promise<string[]> {
  const entries = await readdir(gitDir, { recursive: true, withFileTypes: true });
  const stale = entries
    .filter((entry) => entry.isFile() && (entry.name.endsWith('.lock') || /^tmp_(pack|idx|obj|rev)_/.test(entry.name)))
    .map((entry) => join(entry.parentPath, entry.name));
  await Promise.all(stale.map((path) => rm(path, { force: true })));
  // A fetch receives into a quarantine folder first.
  const quarantines = entries.filter((entry) => entry.isDirectory() && entry.name.startsWith('tmp_objdir-'));
  for (const folder of quarantines) await rm(join(folder.parentPath, folder.name), { recursive: true, force: true });
  return stale;
}

/** Ends git processes on this clone that an agent killed before this one left running: they would still write. */
export async function endOrphans(gitDir: string): Promise<number> {
  let ended = 0;
  const own = `--git-dir=${gitDir}`;
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const argv = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '');
    if (!argv.split('\0').includes(own)) continue;
    try {
      // It leads its own group, its helpers are in it.
      process.kill(-Number(name), 'SIGKILL');
      ended += 1;
    } catch {
      // Ended by itself, or not a leader: its leader is in the list too.
    }
  }
  return ended;
}
