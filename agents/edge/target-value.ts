/**
 * One map value holds everything that HAProxy needs to know of a route, so that a flip is one write:
 * `owner|service|type|address|port|host|path prefix|text`. The owner is the sandbox that the target belongs to.
 */
import { isIP } from 'node:net';

/** How a target is reached; the words are matched in the configuration. */
export type ValueType = 'container' | 'node' | 'http' | 'https' | 'unavailable' | 'unresolved';

export interface TargetValue {
  owner: string;
  service: string;
  type: ValueType;
  /** IP address. */
  address?: string;
  port?: number;
  /** Host header of http and https; its name is also what the certificate must say. */
  host?: string;
  /** Put before the path, without a slash at its end. */
  prefix?: string;
  /** Reason shown to people. */
  text?: string;
}

/** Field numbers, from 1, as HAProxy's `field` converter counts. */
export const FIELD = { owner: 1, service: 2, type: 3, address: 4, port: 5, host: 6, prefix: 7, text: 8 } as const;

const MAX_TEXT = 400;

/** Text that may stand in HTML, in JSON and in a log-format string as it is. */
export function neutralText(text: string): string {
  const replaced: Record<string, string> = {
    '"': '\u201d', "'": '\u2019', '<': '\u2039', '>': '\u203a', '&': '\uff06', '\\': '\u2216',
  };
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, ' ')
    .replace(/["'<>&\\]/g, (c) => replaced[c] ?? ' ')
    .trim()
    .slice(0, MAX_TEXT)
    .replace(/\p{Cs}/gu, '');
}

/** The value as it stands in a map. @throws Error when a part could be read as something else. */
export function encodeValue(value: TargetValue): string {
  if (value.address !== undefined && isIP(value.address) === 0) throw new Error(`"${value.address}" is no IP address`);
  return [
    token(value.owner),
    token(value.service),
    value.type,
    value.address ?? '',
    value.port === undefined ? '' : String(value.port),
    encodeURI(value.host ?? '').replace(/[|;]/g, encodeURIComponent),
    (value.prefix ?? '').replace(/[|;\\\s%]/g, (c) => (c === '%' ? c : encodeURIComponent(c))),
    encodeURIComponent(neutralText(value.text ?? '')),
  ].join('|');
}

/** The same value with another address, when it led to `from`; else undefined. */
export function readdressed(value: string, from: string, to: string): string | undefined {
  const fields = value.split('|');
  if (fields[FIELD.type - 1] !== 'container' || fields[FIELD.address - 1] !== from) return undefined;
  fields[FIELD.address - 1] = to;
  return fields.join('|');
}

/** A name that is part of a map key or value: uid, service, sandbox name. */
export function token(text: string): string {
  if (!/^[A-Za-z0-9._-]{1,128}$/.test(text)) throw new Error(`"${text.slice(0, 80)}" cannot stand in a map of the edge`);
  return text;
}
