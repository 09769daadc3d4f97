/** YAML text of one or more documents, short forms included, to validated drafts with positions. */
import type { Draft } from '../documents.ts';
import { SdpError, type Finding, type SourcePosition } from '../errors.ts';
import { expandShortForm } from './short-forms.ts';
import { findMistakes, invalid, toDraft } from './validate-draft.ts';
import { YamlSource } from './yaml-source.ts';

export { validateDraft } from './validate-draft.ts';

export interface ParsedDocument {
  draft: Draft;
  /** The author's text of this document, comments included. */
  text: string;
  position: SourcePosition;
}

export interface ParseOptions {
  /** Name shown in findings. */
  file?: string;
  /** Sandbox that a short map of routes belongs to. */
  sandbox?: string;
}

/**
 * Reads every document of a text. All mistakes are found at once.
 * @throws SdpError invalid_yaml, invalid_document; findings say file, line, column and path
 */
export function parseDocuments(text: string, options: ParseOptions = {}): ParsedDocument[] {
  const source = new YamlSource(text, options.file);
  source.assertReadable();
  const findings: Finding[] = [];
  const parsed: ParsedDocument[] = [];
  let sandbox = options.sandbox;
  for (const [index, document] of source.documents.entries()) {
    const start = source.position(document.contents?.range?.[0] ?? 0);
    try {
      const expanded = expandShortForm(source.valueOf(document), sandbox);
      const mistakes = findMistakes(expanded.value);
      findings.push(...mistakes.map((mistake) => source.locate(document, mistake, expanded.sourcePath(mistake.path))));
      if (mistakes.length > 0) continue;
      const draft = toDraft(expanded.value);
      if (draft.kind === 'Sandbox' && options.sandbox === undefined) sandbox = draft.metadata.name;
      parsed.push({ draft, text: source.textOf(index), position: start });
    } catch (thrown) {
      const error = SdpError.from(thrown);
      findings.push({ ...start, message: error.hint === undefined ? error.message : `${error.message} ${error.hint}` });
    }
  }
  if (findings.length > 0) throw invalid(findings);
  if (parsed.length === 0) {
    const file = options.file === undefined ? 'The input' : options.file;
    throw new SdpError('invalid_document', `${file} holds no document.`, { hint: 'See examples/ for what one looks like.' });
  }
  return parsed;
}
