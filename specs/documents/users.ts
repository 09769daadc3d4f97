/** Who uses a service or an environment; both stay while somebody does. */
import type { SandboxSpec, ServiceSpec } from '#schema/documents';
import { SdpError } from '#schema/errors';
import type { DocumentRow, Tx } from '../tables.ts';
import { lookupSlug } from './rows.ts';

/** Names shown of many users. */
const SHOWN = 5;

/** @throws SdpError conflict naming the users. */
export async function checkUnused(tx: Tx, row: DocumentRow): Promise<void> {
  if (row.kind !== 'Service' && row.kind !== 'Environment') return;
  const users = await usersOf(tx, row);
  if (users.length === 0) return;
  const more = users.length > SHOWN ? ` and ${users.length - SHOWN} more` : '';
  throw new SdpError('conflict', `${row.kind} "${row.name}" is in use by ${users.slice(0, SHOWN).join(', ')}${more}.`, {
    hint: 'Take it out of them first.',
  });
}

/** Sandboxes on their way out and templates do not count: neither needs it any more, or yet. */
async function usersOf(tx: Tx, used: DocumentRow): Promise<string[]> {
  const rows = await tx
    .selectFrom('documents')
    .select(['kind', 'name', 'spec'])
    .where('kind', 'in', ['Sandbox', 'Service'])
    .where('gone', '=', 0)
    .where('deletedAt', 'is', null)
    .orderBy('kind')
    .orderBy('slug')
    .execute();
  return rows
    .filter(({ kind, spec }) => {
      const parsed = JSON.parse(spec) as SandboxSpec & ServiceSpec;
      if (used.kind === 'Environment') return environmentsOf(parsed).some((name) => lookupSlug(name) === used.slug);
      return kind === 'Sandbox' && Object.keys(parsed.services ?? {}).some((name) => lookupSlug(name) === used.slug);
    })
    .map(({ kind, name }) => `${kind} "${name}"`);
}

function environmentsOf(spec: SandboxSpec & ServiceSpec): string[] {
  const services = Object.values(spec.services ?? {});
  return [spec, spec.gateway, ...services].flatMap((part) => part?.environments ?? []);
}
