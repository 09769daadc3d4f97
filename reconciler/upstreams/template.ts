/** The operator's own form of the file: a Liquid template that can read nothing but what it is given. */
import { Liquid } from 'liquidjs';
import { SdpError } from '#schema/errors';
import type { Peer } from './peers.ts';

export interface TemplateVariables {
  services: readonly Peer[];
  /** Slug. */
  sandbox: string;
  /** Slug of the service whose file it is. */
  service: string;
}

/** Longest file in characters, as for files of environments. */
const MAX_OUTPUT = 1024 * 1024;

/** Far more than a file of addresses takes, and little enough that a mistake stops nobody else's work. */
const LIMITS = { parseLimit: 65_536, renderLimit: 1_000, memoryLimit: 4_000_000 };

/** `templates` in memory, of which there are none: `include`, `render` and `layout` reach no file. */
const engine = new Liquid({ strictVariables: true, strictFilters: true, ownPropertyOnly: true, templates: {}, ...LIMITS });

/** @throws SdpError invalid_document with line and column inside of the template */
export function renderTemplate(template: string, variables: TemplateVariables): string {
  let text: unknown;
  try {
    text = engine.parseAndRenderSync(template, variables);
  } catch (error) {
    throw mistakeOf(error);
  }
  if (typeof text !== 'string' || text.length > MAX_OUTPUT) {
    throw new SdpError('invalid_document', 'the template makes a file of more than 1 MiB.', { hint: 'Make it shorter.' });
  }
  return text;
}

function mistakeOf(thrown: unknown): SdpError {
  const error = thrown as { message?: string; originalError?: { message?: string }; token?: { getPosition?: () => [number, number] } };
  const why = (error.originalError?.message ?? error.message ?? String(thrown)).replace(/, line:\d+, col:\d+$/, '');
  const [line, column] = error.token?.getPosition?.() ?? [];
  const place = line === undefined ? '' : `line ${line}, column ${column} of the template: `;
  const finding = line === undefined || column === undefined ? {} : { findings: [{ line, column, message: why }] };
  return new SdpError('invalid_document', `${place}${inWords(why)}.`, { hint: hintFor(why), ...finding });
}

function inWords(why: string): string {
  const file = /Failed to lookup "(.*?)" in/.exec(why)?.[1];
  if (file !== undefined) return `it asks for the file "${file}", but a template stands alone`;
  if (/^template render limit/.test(why)) return `it takes longer than ${LIMITS.renderLimit} ms`;
  if (/^memory alloc limit/.test(why)) return 'it takes too much memory';
  return why;
}

function hintFor(why: string): string {
  if (/undefined variable/.test(why)) {
    return 'It knows services (each with name, slug, variable, url, host, port), sandbox and service.';
  }
  if (/Failed to lookup/.test(why)) return 'Write the text of that file into the template.';
  if (/limit/.test(why)) return 'Loop over services only.';
  return 'The language is Liquid: {{ value }}, {% for service in services %} ... {% endfor %}.';
}
