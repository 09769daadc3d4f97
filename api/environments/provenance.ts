/** Which names of an environment came from where by import, kept in an annotation. Pure. */

export const IMPORTED_FROM = 'sdp/imported-from';

/** Longest annotation in characters. */
const LONGEST = 16_384;

export type Provenance = Record<string, string[]>;

/** Names by source, as the annotation has it; empty when there is none or somebody wrote something else into it. */
export function provenanceOf(annotations: Readonly<Record<string, string>> | undefined): Provenance {
  try {
    const value: unknown = JSON.parse(annotations?.[IMPORTED_FROM] ?? '{}');
    if (typeof value !== 'object' || value === null) return {};
    const entries = Object.entries(value).filter(([, names]) => Array.isArray(names) && names.every((name) => typeof name === 'string'));
    return Object.fromEntries(entries) as Provenance;
  } catch {
    return {};
  }
}

/** The annotations after an import. Names that are not in the environment any more are forgotten. */
export function withProvenance(
  annotations: Readonly<Record<string, string>> | undefined,
  taken: readonly { name: string; source: string }[],
  present: ReadonlySet<string>,
): Record<string, string> {
  const sourceOf = new Map<string, string>();
  for (const [source, names] of Object.entries(provenanceOf(annotations))) for (const name of names) sourceOf.set(name, source);
  for (const { name, source } of taken) if (source !== '') sourceOf.set(name, source);
  const bySource: Provenance = {};
  for (const [name, source] of [...sourceOf].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (present.has(name)) (bySource[source] ??= []).push(name);
  }
  const { [IMPORTED_FROM]: _before, ...others } = annotations ?? {};
  const text = JSON.stringify(bySource);
  return text === '{}' || text.length > LONGEST ? others : { ...others, [IMPORTED_FROM]: text };
}
