/** Typed access to fields of a JSON body or a query. */
import { SdpError } from '#schema/errors';

const wrong = (name: string, what: string): SdpError => new SdpError('invalid_request', `"${name}" must be ${what}.`);

/** @throws SdpError invalid_request */
export function requiredString(body: Record<string, unknown>, name: string, maxLength = 1024): string {
  const value = body[name];
  if (typeof value !== 'string' || value === '') throw wrong(name, 'given as text');
  if (value.length > maxLength) throw wrong(name, `at most ${maxLength} characters`);
  return value;
}

export function optionalString(body: Record<string, unknown>, name: string, maxLength = 1024): string | undefined {
  return body[name] === undefined || body[name] === null ? undefined : requiredString(body, name, maxLength);
}

export function optionalStrings(body: Record<string, unknown>, name: string): string[] | undefined {
  const value = body[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw wrong(name, 'a list of text');
  }
  return value;
}

/** A map of answers to a template's questions. */
export function optionalAnswers(body: Record<string, unknown>, name: string): Record<string, string | number | boolean> {
  const value = body[name];
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrong(name, 'a map of answers by name');
  const entries = Object.entries(value as Record<string, unknown>);
  for (const [key, item] of entries) {
    if (typeof item !== 'string' && typeof item !== 'number' && typeof item !== 'boolean') throw wrong(`${name}.${key}`, 'text, a number, true or false');
  }
  return Object.fromEntries(entries) as Record<string, string | number | boolean>;
}

/** A whole number of at least `least`. `undefined` when it is not given. */
export function wholeNumber(value: unknown, name: string, least = 0): number | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  const number = typeof value === 'number' ? value : Number(value);
  if (!Number.isSafeInteger(number) || number < least) throw wrong(name, `a whole number of at least ${least}`);
  return number;
}
