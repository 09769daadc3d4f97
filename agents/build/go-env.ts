/** The environment of every go process: offline, without credentials, nothing of the operator's settings. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { BuildConfig } from '../contract.ts';

export type GoBuild = Extract<BuildConfig, { kind: 'go' }>;

/** Folders that all builds of a node share. */
export interface GoFolders {
  /** Build cache. */
  cache: string;
  /** Where modules are looked for. */
  modules: string;
  gopath: string;
}

/** The host's own module cache, as its operator's `go` uses it; the build cache is the agent's. */
export function goFolders(dataDir: string, host: NodeJS.ProcessEnv = process.env): GoFolders {
  const gopath = host['GOPATH']?.split(':')[0] || join(host['HOME'] || homedir(), 'go');
  return { cache: join(dataDir, 'go-build'), modules: host['GOMODCACHE'] || join(gopath, 'pkg', 'mod'), gopath };
}

/** @param temporary folder of this build, also its HOME */
export function goEnv(
  build: Pick<GoBuild, 'cgo' | 'goproxy'>,
  folders: GoFolders,
  temporary: string,
): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin',
    HOME: temporary,
    TMPDIR: temporary,
    LC_ALL: 'C',
    GOENV: 'off',
    GOFLAGS: '',
    GOWORK: 'off',
    GOTOOLCHAIN: 'local',
    GOSUMDB: 'off',
    GOPROXY: build.goproxy ?? 'off',
    // Modules come from the cache or a proxy, never by running git and the like.
    GOVCS: '*:off',
    GOTELEMETRY: 'off',
    GOPATH: folders.gopath,
    GOMODCACHE: folders.modules,
    GOCACHE: folders.cache,
    CGO_ENABLED: build.cgo ? '1' : '0',
  };
}

/** @param moduleFlag `-mod=vendor` or `-mod=readonly` */
export const goListArgv = (moduleFlag: string, target: string): string[] => [
  'go',
  'list',
  moduleFlag,
  '-deps',
  '-f',
  '{{if not .DepOnly}}{{.Name}}{{end}}',
  '--',
  target,
];

export const goBuildArgv = (moduleFlag: string, output: string, target: string): string[] => [
  'go',
  'build',
  moduleFlag,
  '-trimpath',
  '-buildvcs=false',
  '-o',
  output,
  '--',
  target,
];
