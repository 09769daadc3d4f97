import { randomUUID } from 'node:crypto';

/**
 * A uid for a document: a UUID that begins with the time (version 7 of RFC 9562), so that new rows lie beside each other
 * in every index, and a write touches few pages. The rest is random.
 * @param at unix milliseconds
 */
export function newUid(at: number): string {
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-7${randomUUID().slice(15)}`;
}
