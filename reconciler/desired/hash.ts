/** The desired hash: equal hash, equal container. Changing how it is made replaces every container (invariant 14). */
import { hashOf } from '../canonical.ts';
import type { VariableSource, WantedService } from '../model.ts';

/** Version of the list of fields below; raise it only together with a migration that keeps old containers. */
export const HASH_VERSION = 'v1';

type Hashed = Pick<WantedService, 'variables' | 'files' | 'limits' | 'port' | 'health' | 'upstreams'>;

/** Hash over the listed fields. Secrets count by their version; injected addresses do not count. */
export function desiredHash(commit: string, buildHash: string, service: Hashed): string {
  const variables: Record<string, string> = {};
  const secrets: Record<string, string> = {};
  for (const [name, source] of Object.entries(service.variables)) {
    if (source.kind === 'plain') variables[name] = source.value;
    else secrets[name] = secretVersion(source);
  }
  const fields = {
    commit,
    build: buildHash,
    variables,
    secrets,
    files: service.files,
    limits: { cpu: service.limits.cpu, memoryBytes: service.limits.memoryBytes },
    port: service.port,
    health: service.health,
    // Left out where there is none, so that hashes made before it existed stay.
    upstreams: service.upstreams?.file,
  };
  return `${HASH_VERSION}:${hashOf(fields)}`;
}

function secretVersion(source: Extract<VariableSource, { kind: 'secret' }>): string {
  return `${source.environmentUid}/${source.name}@${source.version}`;
}
