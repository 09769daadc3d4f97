/** What an image is made from besides its commit, as one hash: part of the image's name. */
import { createHash } from 'node:crypto';
import type { BuildConfig } from '../contract.ts';

/** Raised only when SDP builds differently from now on: every image gets a new name, every service a new container. */
const FORMAT = 1;

export interface BuildInputs {
  build: BuildConfig;
  /** Such as `go1.19.8`; counts for Go builds alone. */
  goVersion: string | undefined;
  /** Id of the base image; counts where the agent lays something on one. A Dockerfile names its own. */
  baseImageId: string | undefined;
}

/** SHA-256, hexadecimal. Equal inputs give equal hashes in every release of SDP with this format. */
export function buildHash({ build, goVersion, baseImageId }: BuildInputs): string {
  const parts = ((): unknown[] => {
    switch (build.kind) {
      case 'go':
        return [
          build.package,
          build.cgo,
          [...build.with].sort(),
          build.goproxy ?? 'off',
          goVersion ?? '',
          baseImageId ?? '',
        ];
      case 'dockerfile':
        return [build.file];
      case 'copy':
        return [build.base, build.target, baseImageId ?? ''];
    }
  })();
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, build.kind, ...parts]))
    .digest('hex');
}
