/** Carries a change of a document into its author's YAML, so that comments and order stay (failure 53). */
import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from 'yaml';
import type { Draft } from '#schema/documents';
import { parseDocuments } from '#schema/parse/parse-documents';
import { expandShortForm } from '#schema/parse/short-forms';
import { pathChanges } from './field-changes.ts';

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
      if (change.after === undefined) document.deleteIn(path);
      else document.setIn(path, document.createNode(change.after));
    }
    const patched = document.toString({ lineWidth: 0 });
    const after = parseDocuments(patched, { sandbox });
    return after.length === 1 && isDeepStrictEqual(after[0]?.draft.spec, draft.spec) ? patched : undefined;
  } catch {
    return undefined;
  }
}
