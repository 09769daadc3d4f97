/** Container names are claimed at write, because `a` + `b-c` equals `a-b` + `c`. */
import type { SandboxSpec } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { GATEWAY_SERVICE, MAX_CONTAINER_NAME, containerName } from '#schema/names';
import type { DocumentRow } from '../tables.ts';
import type { Stage } from './stage.ts';

/** What of a sandbox decides its names. */
type Named = Pick<DocumentRow, 'name' | 'slug' | 'spec'>;

/** Container names that a spec needs, by name: of the gateway and of each service with a branch or commit. */
export function neededNames(row: Named): Map<string, string> {
  const spec = JSON.parse(row.spec) as SandboxSpec;
  const running = Object.entries(spec.services ?? {}).filter(
    ([, service]) => service.branch !== undefined || service.commit !== undefined,
  );
  const names = new Map<string, string>();
  for (const service of [GATEWAY_SERVICE, ...running.map(([name]) => name)]) {
    const name = containerName(row.slug, service);
    const other = names.get(name);
    if (other !== undefined) throw taken(name, { sandbox: row.name, service }, { sandbox: row.name, service: other });
    if (name.length > MAX_CONTAINER_NAME) throw tooLong(name, row, service);
    names.set(name, service);
  }
  return names;
}

/** Gives up the names that the spec no longer needs. All sandboxes of one apply release before any claims. */
export function releaseUnneededNames(stage: Stage, row: DocumentRow): void {
  const needed = neededNames(row);
  for (const { name } of stage.claimsOf(row.uid)) if (!needed.has(name)) stage.unclaim(name);
}

/** Claims the names that the spec needs. @throws SdpError name_taken naming both, invalid_document when one is too long */
export function claimNames(stage: Stage, row: DocumentRow): void {
  for (const [name, service] of neededNames(row)) {
    const claim = stage.claimOf(name);
    if (claim === undefined) stage.claim({ name, sandboxUid: row.uid, sandbox: row.name, service });
    else if (claim.sandboxUid !== row.uid) throw taken(name, { sandbox: row.name, service }, claim);
  }
}

function taken(
  name: string,
  wants: { sandbox: string; service: string },
  has: { sandbox: string; service: string },
): SdpError {
  return new SdpError(
    'name_taken',
    `Service "${wants.service}" of sandbox "${wants.sandbox}" and service "${has.service}" of sandbox "${has.sandbox}" would both have the container name "${name}".`,
    { hint: 'Give the sandbox another name.' },
  );
}

function tooLong(name: string, row: Named, service: string): SdpError {
  return new SdpError(
    'invalid_document',
    `The container of service "${service}" of sandbox "${row.name}" would be called "${name}": ${name.length} characters, ${MAX_CONTAINER_NAME} are possible.`,
    { hint: `Give the sandbox a name that is ${name.length - MAX_CONTAINER_NAME} characters shorter.` },
  );
}
