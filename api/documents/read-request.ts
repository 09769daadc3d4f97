/** Documents of a request: YAML or JSON, with positions where there is a text. */
import type { IncomingMessage } from 'node:http';
import { SdpError, type Finding } from '#schema/errors';
import { parseDocuments, validateDraft } from '#schema/parse/parse-documents';
import { invalid } from '#schema/parse/validate-draft';
import type { Write } from '#specs/store';
import { MAX_DOCUMENTS_BYTES, mediaType, parseObject, readText } from '../http/body.ts';
import { optionalStrings } from '../http/fields.ts';
import { locatorOf, type Locate } from './locate.ts';

const YAML_TYPES: ReadonlySet<string> = new Set(['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/plain']);

export interface ReadDocuments {
  writes: Write[];
  locate?: Locate;
  /** What somebody agreed to lose, where a folder prunes. */
  expectPruned?: string[];
}

/** A file's name as the CLI gives it, for findings; never opened. */
function fileHeader(request: IncomingMessage): string | undefined {
  const header = request.headers['x-sdp-file'];
  if (typeof header !== 'string' || header === '') return undefined;
  try {
    return decodeURIComponent(header).slice(0, 500);
  } catch {
    return header.slice(0, 500);
  }
}

/**
 * @param sandbox sandbox that a short map of routes belongs to
 * @throws SdpError invalid_yaml, invalid_document, invalid_request
 */
export async function readDocuments(request: IncomingMessage, sandbox?: string): Promise<ReadDocuments> {
  const text = await readText(request, MAX_DOCUMENTS_BYTES);
  const type = mediaType(request);
  if (YAML_TYPES.has(type)) return readYaml(text, fileHeader(request), sandbox);
  if (type !== 'application/json') {
    throw new SdpError('invalid_request', `Documents come as application/yaml or application/json, not as ${type}.`);
  }
  const body = parseObject(text);
  if ('files' in body) return readFiles(body, sandbox);
  const documents = 'documents' in body ? body['documents'] : [body];
  if (!Array.isArray(documents) || documents.length === 0) {
    throw new SdpError('invalid_request', '"documents" must be a list of at least one document.');
  }
  return { writes: documents.map((value: unknown) => ({ draft: validateDraft(value) })) };
}

/** Several files at once: every mistake of every one, each with its file. */
function readFiles(body: Record<string, unknown>, sandbox: string | undefined): ReadDocuments {
  const files = body['files'];
  if (!Array.isArray(files) || !files.every(isFile)) throw new SdpError('invalid_request', '"files" must be a list of {name, text}.');
  const read: ReadDocuments[] = [];
  const findings: Finding[] = [];
  for (const { name, text } of files) {
    try {
      read.push(readYaml(text, name.slice(0, 500), sandbox));
    } catch (thrown) {
      const error = SdpError.from(thrown);
      if (error.findings.length === 0) throw error;
      findings.push(...error.findings);
    }
  }
  if (findings.length > 0) throw invalid(findings);
  const places = read.flatMap(({ writes, locate }) => writes.map((_, index) => ({ locate, index })));
  const expectPruned = optionalStrings(body, 'expectPruned');
  return {
    writes: read.flatMap(({ writes }) => writes),
    locate: (index, path) => {
      const place = places[index];
      return place?.locate?.(place.index, path) ?? {};
    },
    ...(expectPruned === undefined ? {} : { expectPruned }),
  };
}

const isFile = (value: unknown): value is { name: string; text: string } =>
  typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && 'text' in value && typeof value.text === 'string';

function readYaml(text: string, file: string | undefined, sandbox: string | undefined): ReadDocuments {
  const parsed = parseDocuments(text, { ...(file === undefined ? {} : { file }), ...(sandbox === undefined ? {} : { sandbox }) });
  return { writes: parsed.map((document) => ({ draft: document.draft, text: document.text })), locate: locatorOf(text, file) };
}
