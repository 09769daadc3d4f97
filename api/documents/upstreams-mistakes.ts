/** Checks the templates of upstreams files: before they get into a document, and before the catalogue breaks them. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Draft, UpstreamsFile } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { GATEWAY_SERVICE, slugOf } from '#schema/names';
import { peersOf, type Peer } from '#reconciler/upstreams/peers';
import { renderUpstreams } from '#reconciler/upstreams/render';
import type { ReferenceMistake } from './reference-mistake.ts';
import type { World } from './world.ts';

/** A template is rendered with the catalogue as it would be: one that fails never gets into a document. */
export function brokenTemplate(
  file: UpstreamsFile | undefined,
  world: World,
  names: { sandbox: string; service: string },
  path: string[],
): ReferenceMistake[] {
  const error = errorOf(file, world.services, names);
  if (file === undefined || error === undefined) return [];
  const text = `the template of ${file.path} does not render: ${error.message}`;
  return [{ code: error.code, path: [...path, 'template'], message: text, ...(error.hint === undefined ? {} : { hint: error.hint }) }];
}

/** Whose file it is, as slugs. */
interface Names {
  sandbox: string;
  service: string;
}

function errorOf(file: UpstreamsFile | undefined, catalogue: World['services'], names: Names): SdpError | undefined {
  if (file?.template === undefined) return undefined;
  try {
    renderUpstreams(file, { services: peersIn(catalogue), ...names });
    return undefined;
  } catch (thrown) {
    return SdpError.from(thrown);
  }
}

const peersIn = (catalogue: World['services']): Peer[] =>
  peersOf([...catalogue].map(([slug, { name, ...spec }]) => [slug, { name, spec }] as const));

/**
 * A Service changes what every template is rendered with: where one of another document did render and would not any
 * more, it is refused with that document's name, because its sandboxes would be blocked.
 */
export function brokenByService(draft: Extract<Draft, { kind: 'Service' }>, world: World, drafts: readonly Draft[]): ReferenceMistake[] {
  const slug = slugOf(draft.metadata.name);
  const before = world.storedServices;
  if (isDeepStrictEqual(peersIn(new Map([...before].filter(([key]) => key === slug))), peersIn(new Map([...world.services].filter(([key]) => key === slug))))) return [];
  const written = new Set(drafts.map(({ kind, metadata }) => `${kind}/${slugOf(metadata.name)}`));
  const found = templatesOf(world).flatMap(({ kind, slug: owner, name, file, names }) => {
    // Those written along with it are checked by themselves, as they will be.
    if (written.has(`${kind}/${owner}`) || errorOf(file, before, names) !== undefined) return [];
    const error = errorOf(file, world.services, names);
    return error === undefined ? [] : [{ name: `${kind} ${name}`, error }];
  });
  const first = found[0];
  if (first === undefined) return [];
  const whose = found.map(({ name }) => name).join(', ');
  return [
    {
      code: first.error.code,
      path: ['metadata', 'name'],
      message: `with ${draft.metadata.name} in the catalogue, the upstreams template of ${whose} does not render any more: ${first.error.message}`,
      hint: `Change ${found.length === 1 ? 'that template' : 'those templates'} first, or in the same apply.`,
    },
  ];
}

interface HeldTemplate {
  kind: 'Service' | 'Sandbox' | 'Template';
  slug: string;
  name: string;
  file: UpstreamsFile;
  names: Names;
}

/** Every file of upstreams that a document holds. */
function templatesOf(world: World): HeldTemplate[] {
  const held: HeldTemplate[] = [];
  for (const [slug, { name, upstreamsFile: file }] of world.services) {
    if (file !== undefined) held.push({ kind: 'Service', slug, name, file, names: { sandbox: 'sandbox', service: slug } });
  }
  for (const [kind, documents] of [['Sandbox', world.sandboxes], ['Template', world.templates]] as const) {
    for (const [slug, { name, spec }] of documents) {
      const file = spec.gateway?.upstreamsFile;
      if (file !== undefined) held.push({ kind, slug, name, file, names: { sandbox: slug, service: GATEWAY_SERVICE } });
    }
  }
  return held;
}
