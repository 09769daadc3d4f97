/** What a template becomes with the answers given so far: for the preview; the API decides when it is created. Pure. */
import type { TemplateSpec } from '#schema/documents';
import { stringify } from 'yaml';

function fill(value: unknown, answers: Readonly<Record<string, string>>): unknown {
  if (typeof value === 'string') {
    return value.replace(/\{\{\s*([A-Za-z][A-Za-z0-9_]*)\s*\}\}/g, (whole, name: string) => answers[name] ?? whole);
  }
  if (Array.isArray(value)) return value.map((item) => fill(item, answers));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, answers)]));
}

export function resolvedYaml(name: string, spec: TemplateSpec, answers: Readonly<Record<string, string>>): string {
  const given = Object.fromEntries(Object.entries(answers).filter(([, answer]) => answer !== ''));
  const defaults = Object.fromEntries(
    (spec.parameters ?? []).flatMap((one) => (one.default === undefined ? [] : [[one.name, one.default]]))
  );
  const rest: TemplateSpec = { ...spec };
  delete rest.parameters;
  const document = {
    apiVersion: 'sdp/v1',
    kind: 'Sandbox',
    metadata: { name: name === '' ? 'NAME' : name },
    spec: fill(rest, { ...defaults, ...given }),
  };
  return stringify(document, { lineWidth: 0 });
}
