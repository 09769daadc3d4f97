/** Documents of a request: YAML or JSON, with positions where there is a text. */
import type { IncomingMessage } from 'node:http';
import { SdpError } from '#schema/errors';
import { parseDocuments, validateDraft } from '#schema/parse/parse-documents';
import type { Write } from '#specs/store';
import { mediaType, parseObject, readText } from '../http/body.ts';
import { locatorOf, type Locate } from './locate.ts';

const YAML_TYPES: ReadonlySet<string> = new Set(['application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/plain']);

export interface ReadDocuments {
  writes: Write[];
  locate?: Locate;
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
  const text = await readText(request);
  const type = mediaType(request);
  if (YAML_TYPES.has(type)) return readYaml(text, fileHeader(request), sandbox);
  if (type !== 'application/json') {
    throw new SdpError('invalid_request', `Documents come as application/yaml or application/json, not as ${type}.`);
  }
  const body = parseObject(text);
  const documents = 'documents' in body ? body['documents'] : [body];
  if (!Array.isArray(documents) || documents.length === 0) {
    throw new SdpError('invalid_request', '"documents" must be a list of at least one document.');
  }
  return { writes: documents.map((value: unknown) => ({ draft: validateDraft(value) })) };
}

function readYaml(text: string, file: string | undefined, sandbox: string | undefined): ReadDocuments {
  const parsed = parseDocuments(text, { ...(file === undefined ? {} : { file }), ...(sandbox === undefined ? {} : { sandbox }) });
  return { writes: parsed.map((document) => ({ draft: document.draft, text: document.text })), locate: locatorOf(text, file) };
}
