/** Turns what Ajv found into sentences for the person who wrote the document. */
import { suggestion } from './near.ts';
import type { SchemaError } from './validator.ts';

export interface Explanation {
  /** Keys and indexes from the document's root. */
  path: string[];
  message: string;
  /** The finding is about the key itself, not about its value. */
  atKey: boolean;
}

/** `spec.services.account.branch`, with keys that hold dots or slashes in brackets. */
export function dotted(path: readonly string[]): string {
  return path.reduce((text, part) => {
    if (/^\d+$/.test(part)) return `${text}[${part}]`;
    if (!/^[A-Za-z0-9_-]+$/.test(part)) return `${text}["${part}"]`;
    return text === '' ? part : `${text}.${part}`;
  }, '');
}

export function pointerPath(pointer: string): string[] {
  if (pointer === '') return [];
  return pointer.slice(1).split('/').map((part) => part.replace(/~1/g, '/').replace(/~0/g, '~'));
}

interface SchemaPart {
  title?: string;
  description?: string;
  properties?: Record<string, unknown>;
  examples?: unknown[];
}

const schemaOf = (error: SchemaError): SchemaPart => (error.parentSchema ?? {}) as SchemaPart;

/** The text without user names and passwords in URLs: nothing that is shown or kept may hold them (invariant 13). */
export function withoutUserInfo(text: string): string {
  return text.replace(/(\/\/)[^/?#"]*@/g, '$1***@');
}

/** Whether a text is a URL that brings a login. */
export const hasUserInfo = (text: string): boolean => /^[a-z][a-z0-9+.-]*:\/*[^/?#]*@/i.test(text);

function quoteValue(value: unknown): string {
  const whole = typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
  const text = whole === undefined ? undefined : withoutUserInfo(whole);
  return text === undefined ? 'nothing' : text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function expected(error: SchemaError): string {
  const part = schemaOf(error);
  const example = part.examples?.[0];
  const help = part.description ?? '';
  return `${help}${example === undefined ? '' : ` Example: ${quoteValue(example)}.`}`;
}

/** What has to be given, by the title of the schema that a choice stands in. */
const CHOICES: Record<string, string> = {
  RouteEntry: 'give "target", "fault" or both.',
  RouteFault: 'give exactly one of "status", "delay" or "reset: true".',
};
const DEFAULT_CHOICE = 'give exactly one of "branch", "commit" or "use_ocp: true".';

const SECRET_EXPECTED = 'must be the value as text, in quotes where it looks like something else, or {version: N} to keep the stored one.';

/** A placeholder without quotes is a map of a map in YAML. */
const isBareBraces = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 1 && /^\{ ?/.test(Object.keys(value)[0] ?? '');

const LOGIN_IN_URL =
  'a URL must not hold a user name or password: documents are kept and shown to everybody. Take them out; a service that needs a login gets it from an environment.';

function explainOne(error: SchemaError): Explanation | undefined {
  const path = pointerPath(error.instancePath);
  const at = (message: string, more: Partial<Explanation> = {}): Explanation => ({ path, message, atKey: false, ...more });
  // Whatever stands there may be a password that was written wrongly: nothing of it is repeated.
  if (path[0] === 'spec' && path[1] === 'secrets' && error.keyword !== 'propertyNames') {
    const message = path.length > 2 ? SECRET_EXPECTED : 'must be a map of values by name.';
    return { path: path.slice(0, 3), message, atKey: false };
  }
  switch (error.keyword) {
    case 'additionalProperties': {
      const name = String((error.params as { additionalProperty: string }).additionalProperty);
      const known = Object.keys(schemaOf(error).properties ?? {});
      return at(`unknown field "${name}".${suggestion(name, known)}`, { path: [...path, name], atKey: true });
    }
    case 'required':
      return at(`"${String((error.params as { missingProperty: string }).missingProperty)}" is missing.`);
    case 'propertyNames': {
      const name = String((error.params as { propertyName: string }).propertyName);
      return at(`"${name}" cannot be used as a name here.`, { path: [...path, name], atKey: true });
    }
    case 'not':
      return at(CHOICES[schemaOf(error).title ?? ''] ?? DEFAULT_CHOICE);
    case 'type':
      if (isBareBraces(error.data)) return at('is a placeholder without quotes, which YAML takes for a map: write "{{name}}" in quotes.');
      return at(`must be ${String((error.params as { type: string }).type)}, not ${quoteValue(error.data)}. ${expected(error)}`.trim());
    case 'enum':
      return at(`must be one of ${(error.params as { allowedValues: unknown[] }).allowedValues.map(quoteValue).join(', ')}, not ${quoteValue(error.data)}.`);
    case 'const':
      return at(`must be ${quoteValue((error.params as { allowedValue: unknown }).allowedValue)}, not ${quoteValue(error.data)}.`);
    case 'pattern':
      return at(`${quoteValue(error.data)} is not accepted. ${expected(error)}`.trim());
    case 'maxLength':
      return at(`is ${String(error.data).length} characters long; at most ${String((error.params as { limit: number }).limit)} are accepted. ${expected(error)}`.trim());
    case 'minimum':
    case 'maximum':
      return at(`${error.message ?? ''}, not ${quoteValue(error.data)}. ${expected(error)}`.trim());
    // One way in which our schemas say "exactly one of these"; the description says of which.
    case 'minProperties':
    case 'maxProperties':
    case 'oneOf':
      if (typeof error.data === 'string' && hasUserInfo(error.data)) return at(LOGIN_IN_URL);
      return at(`${quoteValue(error.data)} is not accepted. ${expected(error)}`.trim());
    default:
      return at(`${error.message ?? 'is not accepted'}.`);
  }
}

/** One explanation per mistake: what only repeats another one (branches of oneOf, of propertyNames) is left out. */
export function explain(errors: readonly SchemaError[]): Explanation[] {
  const wholes = errors.filter((error) => error.keyword === 'oneOf').map((error) => error.schemaPath);
  const found = new Map<string, Explanation>();
  const misspelt = new Set(errors.filter((error) => error.keyword === 'additionalProperties').map((error) => error.instancePath));
  for (const error of errors) {
    if (wholes.some((whole) => error.schemaPath.startsWith(`${whole}/`))) continue;
    if (error.schemaPath.includes('/propertyNames/')) continue;
    // A misspelt "branch" is one mistake, not two.
    if (error.keyword === 'not' && misspelt.has(error.instancePath)) continue;
    const explanation = explainOne(error);
    if (explanation !== undefined) found.set(`${explanation.path.join('/')} ${explanation.message}`, explanation);
  }
  return [...found.values()];
}
