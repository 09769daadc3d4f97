/** Request bodies, read on demand and bounded. */
import type { IncomingMessage } from 'node:http';
import { SdpError } from '#schema/errors';

/** Bytes. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;
/** A whole folder of documents, or a snapshot, comes at once; bytes. */
export const MAX_DOCUMENTS_BYTES = 32 * 1024 * 1024;

const tooLarge = (most: number): SdpError =>
  new SdpError('value_too_large', `The request is larger than ${most / 1024 / 1024} MiB.`, {
    hint: 'Apply fewer documents at once.',
  });

/**
 * @param most bytes
 * @throws SdpError value_too_large, invalid_request when it is not UTF-8
 */
export async function readText(request: IncomingMessage, most = MAX_BODY_BYTES): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > most) throw tooLarge(most);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) throw tooLarge(most);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new SdpError('invalid_request', 'The request is not UTF-8 text.');
  }
}

/** Media type without parameters, lower case; `application/json` when none is given. */
export function mediaType(request: IncomingMessage): string {
  return (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim().toLowerCase() ?? '';
}

/**
 * A JSON object, or a web form's fields.
 * @param most bytes
 * @throws SdpError value_too_large, invalid_request
 */
export async function readObject(request: IncomingMessage, most = MAX_BODY_BYTES): Promise<Record<string, unknown>> {
  const text = await readText(request, most);
  if (mediaType(request) === 'application/x-www-form-urlencoded') return Object.fromEntries(new URLSearchParams(text));
  return parseObject(text);
}

/** An empty text is an empty object. */
export function parseObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text, which may hold a password.
    throw new SdpError('invalid_request', 'The request is not valid JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SdpError('invalid_request', 'The request is not a JSON object.');
  }
  return value as Record<string, unknown>;
}
