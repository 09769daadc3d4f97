/** Which Go this node has, and whether it is new enough for a go.mod. */
import { SdpError } from '#schema/errors';
import { runProcess } from '../process/run-process.ts';

/** Such as `go1.19.8`. @throws SdpError unavailable only when there is no go at all */
export async function installedGo(env: Readonly<Record<string, string>>): Promise<string> {
  const result = await runProcess({ argv: ['go', 'env', 'GOVERSION'], env, timeoutMs: 30_000 });
  const version = result.stdout.trim();
  if (result.code === 0 && /^(go\d|devel)/.test(version)) return version;
  throw new SdpError('internal', `The go of this node does not tell its version: ${result.stderr.trim() || version}`, {
    hint: 'Check the Go installation of the node.',
  });
}

/** The language version in a go.mod's text, such as `1.21` or `1.21.3`. */
export function goDirective(goMod: string): string | undefined {
  return /^\s*go\s+(\d+\.\d+(?:\.\d+)?)/m.exec(goMod)?.[1];
}

/** Numbers of `go1.21.3` or `1.21`. */
function numbers(version: string): [number, number, number] {
  const [, major = '0', minor = '0', patch = '0'] = /^(?:go)?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? [];
  return [Number(major), Number(minor), Number(patch)];
}

/** Whether a toolchain is at least as new as a go.mod asks; a development build counts as new enough. */
export function isNewEnough(toolchain: string, wanted: string): boolean {
  if (toolchain.startsWith('devel')) return true;
  const have = numbers(toolchain);
  const want = numbers(wanted);
  for (const [index, part] of want.entries()) {
    const own = have[index] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

/** @throws SdpError go_version */
export function requireGo(repository: string, goMod: string, toolchain: string): void {
  const wanted = goDirective(goMod);
  if (wanted === undefined || isNewEnough(toolchain, wanted)) return;
  throw new SdpError(
    'go_version',
    `"${repository}" asks for Go ${wanted} in its go.mod; this node has ${toolchain.replace(/^go/, 'Go ')}.`,
    {
      hint: `Install Go ${wanted} or newer on the node, or deploy a commit that an older Go builds.`,
    },
  );
}
