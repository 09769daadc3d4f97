/** `{{name}}` in the texts of a template. Pure; shared by API and UI. */

/** What a parameter is answered with. */
export type Answer = string | number | boolean;

/** A backslash before the braces keeps them. */
const PLACEHOLDER = /(\\?)\{\{[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*\}\}/g;
const WHOLE = /^\{\{[ \t]*([A-Za-z][A-Za-z0-9_]*)[ \t]*\}\}$/;

/** Braces in a file of upstreams are its own template's. */
const OWN_BRACES = 'upstreamsFile';

/** Left out where it stood. */
const OUT = Symbol('left out');

export interface Placeholder {
  name: string;
  /** Keys and indexes from the value's root. */
  path: string[];
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether a value is a text with a placeholder in it. */
export function isOpenText(value: unknown): boolean {
  return typeof value === 'string' && [...value.matchAll(PLACEHOLDER)].some(([, kept]) => kept === '');
}

/** Every placeholder with its place, in the order of the value. */
export function placeholdersOf(value: unknown, path: string[] = []): Placeholder[] {
  if (typeof value === 'string') {
    const found = [...value.matchAll(PLACEHOLDER)].filter(([, kept]) => kept === '');
    return found.map(([, , name = '']) => ({ name, path }));
  }
  if (Array.isArray(value)) return value.flatMap((item, index) => placeholdersOf(item, [...path, String(index)]));
  if (!isMap(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => (key === OWN_BRACES ? [] : placeholdersOf(item, [...path, key])));
}

/**
 * The value with answers in the place of placeholders. A placeholder without an answer stays, unless its name is in
 * `leaveOut`: then it is nothing inside of a longer text, and a text that consists of it is left out, with the map or
 * list that it leaves empty.
 */
export function fillIn(value: unknown, answers: ReadonlyMap<string, Answer>, leaveOut: ReadonlySet<string> = new Set()): unknown {
  const filled = fill(value, [], answers, leaveOut);
  return filled === OUT ? {} : filled;
}

function fill(value: unknown, path: readonly string[], answers: ReadonlyMap<string, Answer>, leaveOut: ReadonlySet<string>): unknown {
  if (typeof value === 'string') return fillText(value, path, answers, leaveOut);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => fill(item, [...path, String(index)], answers, leaveOut));
    const kept = items.filter((item) => item !== OUT);
    return kept.length === 0 && items.length > 0 ? OUT : kept;
  }
  if (!isMap(value)) return value;
  const entries = Object.entries(value).map(([key, item]): [string, unknown] => [
    key,
    key === OWN_BRACES ? item : fill(item, [...path, key], answers, leaveOut),
  ]);
  const kept = entries.filter(([, item]) => item !== OUT);
  return kept.length === 0 && entries.length > 0 ? OUT : Object.fromEntries(kept);
}

function fillText(text: string, path: readonly string[], answers: ReadonlyMap<string, Answer>, leaveOut: ReadonlySet<string>): unknown {
  const whole = WHOLE.exec(text)?.[1];
  if (whole !== undefined) {
    const answer = answers.get(whole);
    if (answer !== undefined) return typed(answer, path);
    return leaveOut.has(whole) ? OUT : text;
  }
  return text.replace(PLACEHOLDER, (found, kept: string, name: string) => {
    if (kept !== '') return found.slice(1);
    return String(answers.get(name) ?? (leaveOut.has(name) ? '' : found));
  });
}

/** Everything in a sandbox is text, but for these two. `use_ocp: false` is not to say it. */
function typed(answer: Answer, path: readonly string[]): unknown {
  const [parent, key] = path.slice(-2);
  if (key === 'cpu' && (parent === 'limits' || parent === 'resources')) return answer;
  if (key === 'use_ocp' && path.at(-3) === 'services') return answer === false ? OUT : answer;
  return String(answer);
}
