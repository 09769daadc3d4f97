/** A YAML text whose findings can say line and column. */
import { LineCounter, isMap, isPair, isScalar, parseAllDocuments, type Document, type Node as YamlNode, type YAMLError } from 'yaml';
import { SdpError, type Finding, type SourcePosition } from '../errors.ts';
import { dotted, type Explanation } from './explain.ts';
import { formatPosition } from './validate-draft.ts';

function yamlMessage(error: YAMLError): string {
  if (error.code === 'DUPLICATE_KEY') return 'this key is there twice.';
  if (error.code === 'TAB_AS_INDENT') return 'a tab is used to indent: YAML takes spaces only.';
  // Some messages end with the text itself, which may be a password.
  if (error.code === 'UNEXPECTED_TOKEN') return `${error.message.replace(/:[^:]*$/s, '')}. Put a value with special characters in quotes.`;
  return `${error.message.replace(/\s+$/, '')}.`;
}

export class YamlSource {
  readonly lines = new LineCounter();
  readonly documents: Document.Parsed[];

  constructor(
    readonly text: string,
    readonly file: string | undefined,
  ) {
    const parsed = parseAllDocuments(text, { lineCounter: this.lines, prettyErrors: false, uniqueKeys: true, logLevel: 'error' });
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

  /** The document as plain values. @throws SdpError invalid_document for an alias without an anchor, whose name it does not repeat */
  valueOf(document: Document.Parsed): unknown {
    try {
      return document.toJS({ maxAliasCount: 100 });
    } catch (thrown) {
      if (!(thrown instanceof ReferenceError)) throw thrown;
      const tooMany = thrown.message.startsWith('Excessive alias');
      throw new SdpError('invalid_document', tooMany ? 'it repeats itself by aliases without end.' : 'a value begins with "*", which is an alias for an anchor that is not there: put the value in quotes.');
    }
  }

  textOf(index: number): string {
    const start = index === 0 ? 0 : (this.documents[index - 1]?.range[2] ?? 0);
    const end = this.documents[index]?.range[2] ?? this.text.length;
    return this.text.slice(start, end).replace(/^(?:\s*\n)?---[ \t]*\n/, '').replace(/\n(?:---|\.\.\.)\s*$/, '\n');
  }

  /** A finding at the place of a mistake. `sourcePath` is where it stands in the text, if that differs. */
  locate(document: Document.Parsed, mistake: Explanation, sourcePath: readonly string[] = mistake.path): Finding {
    const offset = this.offsetOf(document, sourcePath, mistake.atKey);
    return { ...this.position(offset), path: dotted(mistake.path), message: mistake.message };
  }

  /** @throws SdpError invalid_yaml with a finding per syntax error */
  assertReadable(): void {
    const findings: Finding[] = this.documents.flatMap((document) =>
      document.errors.map((error) => ({ ...this.position(error.pos[0]), message: yamlMessage(error) })),
    );
    if (findings[0] === undefined) return;
    throw new SdpError('invalid_yaml', `${formatPosition(findings[0])}${findings[0].message}`, { findings });
  }
}
