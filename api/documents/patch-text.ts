/** Carries a change of a document into its author's YAML, so that comments and order stay (failure 53). */
import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from 'yaml';
import type { Draft } from '#schema/documents';
import { parseDocuments } from '#schema/parse/parse-documents';
import { expandShortForm } from '#schema/parse/short-forms';
import { pathChanges } from './field-changes.ts';

/** The highest part of a path that the draft does not have: what becomes empty goes as a whole. */
function goneAt(path: readonly string[], draft: Draft): string[] {
  let value: unknown = draft;
  for (const [index, part] of path.entries()) {
    const next: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, part) : undefined;
    if (next === undefined) return path.slice(0, index + 1);
    value = next;
  }
  return [...path];
}

/**
 * The text with the draft's spec in it, or undefined where that does not work out: the document then has none.
 * @param sandbox name that a short map of routes belongs to
 */
export function patchText(text: string | undefined, draft: Draft): string | undefined {
  if (text === undefined) return undefined;
  const sandbox = draft.metadata.name;
  try {
    const before = parseDocuments(text, { sandbox })[0]?.draft;
    if (before === undefined) return undefined;
    const document = parseDocument(text);
    const { sourcePath } = expandShortForm(document.toJS({ maxAliasCount: 100 }), sandbox);
    for (const change of pathChanges(before.spec, draft.spec, ['spec'])) {
      const path = sourcePath(change.path);
      if (change.after === undefined) document.deleteIn(sourcePath(goneAt(change.path, draft)));
      else document.setIn(path, document.createNode(change.after));
    }
    const patched = document.toString({ lineWidth: 0 });
    const after = parseDocuments(patched, { sandbox });
    return after.length === 1 && isDeepStrictEqual(after[0]?.draft.spec, draft.spec) ? patched : undefined;
  } catch {
    return undefined;
  }
}
