/** A service's file of upstreams, as it is copied into its container. Pure. */
import type { UpstreamsFile } from '#schema/documents';
import { inFormat } from './formats.ts';
import { renderTemplate, type TemplateVariables } from './template.ts';

/** @throws SdpError invalid_document, saying where the template is wrong and what to do */
export function renderUpstreams(file: UpstreamsFile, variables: TemplateVariables): string {
  if (file.template !== undefined) return renderTemplate(file.template, variables);
  return inFormat(file.format ?? 'json', variables.services);
}

/** Of `paths`, the one that cannot be in a container together with `path`: the same, or one below the other. */
export function clashOf(path: string, paths: Iterable<string>): string | undefined {
  return [...paths].find((other) => other === path || other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
}
