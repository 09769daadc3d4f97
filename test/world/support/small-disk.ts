import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A disk that can be filled. */
export interface SmallDisk {
  folder: string;
  /** Takes all the room that is left. */
  fill(): void;
  /** Gives that room back. */
  empty(): void;
}

/** Runs with a disk of so many MiB, which is removed afterwards. */
export async function withSmallDisk(mebibytes: number, run: (disk: SmallDisk) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sdp-disk-'));
  const ballast = path.join(folder, 'ballast');
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=755`, 'tmpfs', folder]);
  try {
    await run({
      folder,
      fill: () => void execFileSync('sh', ['-c', `head -c ${mebibytes * 3}m /dev/zero > ${ballast} 2>/dev/null || true`]),
      empty: () => rmSync(ballast),
    });
  } finally {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  }
}
