/** YAML text of one or more documents, short forms included, to validated drafts with positions. */
import { LineCounter, isMap, isPair, isScalar, parseAllDocuments, type Document, type Node as YamlNode, type YAMLError } from 'yaml';
import type { Draft } from '../documents.ts';
import { SdpError, type Finding, type SourcePosition } from '../errors.ts';
import { dotted, type Explanation } from './explain.ts';
import { expandShortForm } from './short-forms.ts';
import { findMistakes, formatPosition, invalid, toDraft } from './validate-draft.ts';

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

class Source {
  readonly lines = new LineCounter();
  readonly documents: Document.Parsed[];

  constructor(
    readonly text: string,
    readonly file: string | undefined,
  ) {
    const parsed = parseAllDocuments(text, { lineCounter: this.lines, prettyErrors: false, uniqueKeys: true });
    this.documents = 'empty' in parsed ? [] : parsed.filter((document) => document.contents !== null || document.errors.length > 0);
  }

  position(offset: number): SourcePosition {
    const { line, col } = this.lines.linePos(offset);
    return { ...(this.file === undefined ? {} : { file: this.file }), line, column: col };
  }

  /** Where a path stands; the nearest ancestor that is written where the whole is not. */
  offsetOf(document: Document.Parsed, path: readonly string[], atKey: boolean): number {
    let node: YamlNode | null = document.contents;
    let offset = node?.range?.[0] ?? 0;
    for (const [index, part] of path.entries()) {
      if (!isMap(node)) {
        const next: unknown = document.getIn(path.slice(0, index + 1), true);
        if (typeof next !== 'object' || next === null || !('range' in next)) return offset;
        node = next as YamlNode;
        offset = node.range?.[0] ?? offset;
        continue;
      }
      const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === part);
      if (pair === undefined) return offset;
      const key = pair.key as YamlNode;
      const value = pair.value as YamlNode | null;
      const last = index === path.length - 1;
      offset = (last && atKey ? key.range : (value?.range ?? key.range))?.[0] ?? offset;
      node = value;
    }
    return offset;
  }

  textOf(index: number): string {
    const start = index === 0 ? 0 : (this.documents[index - 1]?.range[2] ?? 0);
    const end = this.documents[index]?.range[2] ?? this.text.length;
    return this.text.slice(start, end).replace(/^(?:\s*\n)?---[ \t]*\n/, '').replace(/\n(?:---|\.\.\.)\s*$/, '\n');
  }
}

function yamlMessage(error: YAMLError): string {
  if (error.code === 'DUPLICATE_KEY') return 'this key is there twice.';
  if (error.code === 'TAB_AS_INDENT') return 'a tab is used to indent: YAML takes spaces only.';
  return `${error.message.replace(/\s+$/, '')}.`;
}

function yamlFindings(source: Source): Finding[] {
  return source.documents.flatMap((document) =>
    document.errors.map((error) => ({ ...source.position(error.pos[0]), message: yamlMessage(error) })),
  );
}

function locate(source: Source, document: Document.Parsed, mistake: Explanation, sourcePath: readonly string[]): Finding {
  const offset = source.offsetOf(document, sourcePath, mistake.atKey);
  return { ...source.position(offset), path: dotted(mistake.path), message: mistake.message };
}

const byPlace = (a: Finding, b: Finding): number => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/**
 * Reads every document of a text. All mistakes are found at once.
 * @throws SdpError invalid_yaml, invalid_document; findings say file, line, column and path
 */
export function parseDocuments(text: string, options: ParseOptions = {}): ParsedDocument[] {
  const source = new Source(text, options.file);
  const broken = yamlFindings(source);
  if (broken[0] !== undefined) {
    throw new SdpError('invalid_yaml', `${formatPosition(broken[0])}${broken[0].message}`, { findings: broken });
  }
  const findings: Finding[] = [];
  const parsed: ParsedDocument[] = [];
  let sandbox = options.sandbox;
  for (const [index, document] of source.documents.entries()) {
    const start = source.position(document.contents?.range?.[0] ?? 0);
    try {
      const expanded = expandShortForm(document.toJS({ maxAliasCount: 100 }), sandbox);
      const mistakes = findMistakes(expanded.value);
      findings.push(...mistakes.map((mistake) => locate(source, document, mistake, expanded.sourcePath(mistake.path))));
      if (mistakes.length > 0) continue;
      const draft = toDraft(expanded.value);
      if (draft.kind === 'Sandbox' && options.sandbox === undefined) sandbox = draft.metadata.name;
      parsed.push({ draft, text: source.textOf(index), position: start });
    } catch (thrown) {
      const error = SdpError.from(thrown);
      findings.push({ ...start, message: error.hint === undefined ? error.message : `${error.message} ${error.hint}` });
    }
  }
  if (findings.length > 0) throw invalid(findings.sort(byPlace));
  if (parsed.length === 0) {
    const file = options.file === undefined ? 'The input' : options.file;
    throw new SdpError('invalid_document', `${file} holds no document.`, { hint: 'See examples/ for what one looks like.' });
  }
  return parsed;
}
