/** Pins of commits that nobody needs any more. The objects stay: gc is off. */
import { runLocalGit } from './run-git.ts';

const PINS = 'refs/sdp/commits/';

/**
 * Releases all pins but those to keep.
 * @param keep full commit ids
 * @returns how many were released
 */
export async function releasePins(gitDir: string, keep: ReadonlySet<string>, signal: AbortSignal): Promise<number> {
  const listed = await runLocalGit({ gitDir, args: ['for-each-ref', '--format=%(refname)', PINS], signal });
  const gone = listed.stdout.split('\n').filter((ref) => ref.startsWith(PINS) && !keep.has(ref.slice(PINS.length)));
  if (gone.length === 0) return 0;
  const input = gone.map((ref) => `delete ${ref}\n`).join('');
  await runLocalGit({ gitDir, args: ['update-ref', '--no-deref', '--stdin'], input, signal });
  return gone.length;
}
