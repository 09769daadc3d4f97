/** Which modules a go.mod requires that the node does not have. */
import { join } from 'node:path';
import { SdpError } from '#schema/errors';
import { exists, type GoMod, type ModuleVersion } from './go-module.ts';

/** Go writes capitals in cache paths as `!` and the small letter. */
const cachePath = (name: string): string => name.replace(/[A-Z]/g, (letter) => `!${letter.toLowerCase()}`);

async function isCached(cache: string, path: string, version: string): Promise<boolean> {
  const escaped = cachePath(path);
  const zip = join(cache, 'cache', 'download', escaped, '@v', `${cachePath(version)}.zip`);
  return (await exists(zip)) || (await exists(join(cache, `${escaped}@${cachePath(version)}`)));
}

/** What a requirement leads to after `replace`; undefined for a folder. */
function replaced(required: ModuleVersion, goMod: GoMod): ModuleVersion | undefined {
  const rule = (goMod.Replace ?? []).find(
    ({ Old }) => Old.Path === required.Path && (Old.Version === undefined || Old.Version === required.Version),
  );
  if (rule === undefined) return required;
  return rule.New.Version === undefined ? undefined : rule.New;
}

/** Required modules, as `path version`, that are not in the module cache. */
export async function missingModules(goMod: GoMod, moduleCache: string): Promise<string[]> {
  const missing: string[] = [];
  for (const required of goMod.Require ?? []) {
    const wanted = replaced(required, goMod);
    if (wanted?.Version === undefined || (await isCached(moduleCache, wanted.Path, wanted.Version))) continue;
    missing.push(`${wanted.Path} ${wanted.Version}`);
  }
  return missing;
}

/** Go's ways to say that a module would have to be downloaded. */
export const LOOKS_MISSING =
  /module lookup disabled by GOPROXY|GOPROXY list is not the empty string|dial tcp|proxyconnect|no such host|: (reading|Get) "?https?:|missing go\.sum entry|cannot find module providing|not found: module/;

/** Names all of them, with how to bring them. */
export function missingModuleError(repository: string, missing: readonly string[], moduleCache: string): SdpError {
  const one = missing.length === 1;
  return new SdpError(
    'missing_module',
    `"${repository}" needs ${
      one ? 'a Go module that is' : `${missing.length} Go modules that are`
    } not on this node: ${missing.join(', ')}.`,
    {
      hint: `Either commit vendor/ (go mod vendor), or bring ${
        one ? 'it' : 'them'
      } into the node's module cache ${moduleCache}: run "go mod download" where there is a network and copy pkg/mod/cache/download over, or name a proxy as build.goproxy.`,
      findings: missing.map((message) => ({ message })),
    },
  );
}
