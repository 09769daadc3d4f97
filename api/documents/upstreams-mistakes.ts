/** Checks the template of an upstreams file before it gets into a document. Pure. */
import type { UpstreamsFile } from '#schema/documents';
import { SdpError } from '#schema/errors';
import { peersOf } from '#reconciler/upstreams/peers';
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
  if (file?.template === undefined) return [];
  const services = peersOf([...world.services].map(([slug, { name, ...spec }]) => [slug, { name, spec }] as const));
  try {
    renderUpstreams(file, { services, ...names });
    return [];
  } catch (thrown) {
    const { code, message, hint } = SdpError.from(thrown);
    const text = `the template of ${file.path} does not render: ${message}`;
    return [{ code, path: [...path, 'template'], message: text, ...(hint === undefined ? {} : { hint }) }];
  }
}
