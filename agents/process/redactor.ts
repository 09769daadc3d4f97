/** Takes secrets out of text before anybody sees it: raw, URL-encoded, base64, also across chunk borders. */

/** What stands where a secret stood. */
export const REDACTED = '***';

/** Shorter secrets are taken out only where they look like a credential: else they would eat ordinary words. */
const SHORTEST_PLAIN = 4;
/** A run of overlapping matches without a line end is given up as one once it is longer (characters). */
const LONGEST_PENDING = 1 << 20;

export interface RedactingStream {
  /** The next piece in; what is decided by now out. */
  push(chunk: string): string;
  /** What was held back. */
  end(): string;
}

export interface Redactor {
  /** A complete text. */
  text(text: string): string;
  /** A text that comes in pieces: a secret cut by a border is found all the same. */
  stream(): RedactingStream;
}

interface Needle {
  /** Global; a match never spans a line end. */
  pattern: RegExp;
  /** Longest possible match with what it looks at, in characters. */
  longest: number;
}

const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** One character, raw or percent-encoded in either case; a space also as `+`. */
function flexible(char: string): { source: string; longest: number } {
  const bytes = [...Buffer.from(char, 'utf8')].map((byte) => {
    const hex = byte.toString(16).padStart(2, '0');
    return '%' + [...hex].map((h) => (/[a-f]/.test(h) ? `[${h}${h.toUpperCase()}]` : h)).join('');
  });
  return {
    source: `(?:${literal(char)}|${bytes.join('')}${char === ' ' ? '|\\+' : ''})`,
    longest: Math.max(char.length, bytes.length * 3),
  };
}

/** A secret inside of a longer text in base64 shows as one of three strings, by its offset modulo 3. */
function base64Forms(secret: string): string[] {
  const bytes = Buffer.from(secret, 'utf8');
  return [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64');
    const stable = encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + bytes.length) * 8) / 6));
    return [stable, stable.replace(/\+/g, '-').replace(/\//g, '_')];
  });
}

function needlesOf(secret: string): Needle[] {
  const parts = [...secret].map(flexible);
  const plain = parts.map((part) => part.source).join('');
  const longest = parts.reduce((sum, part) => sum + part.longest, 0);
  if (secret.length < SHORTEST_PLAIN) {
    return [{ pattern: new RegExp(`[:='"]${plain}(?=[@'"&\\s]|$)`, 'g'), longest: longest + 2 }];
  }
  const escaped = JSON.stringify(secret).slice(1, -1);
  const quoted = escaped === secret ? [] : [{ pattern: new RegExp(literal(escaped), 'g'), longest: escaped.length }];
  const encoded = [...new Set(base64Forms(secret))].map((form) => ({
    pattern: new RegExp(`[\\w+/-]?${literal(form)}[\\w+/-]?(?:=|%3[dD]){0,2}`, 'g'),
    longest: form.length + 8,
  }));
  return [{ pattern: new RegExp(plain, 'g'), longest }, ...quoted, ...encoded];
}

/** Merged stretches of `text` that belong to a secret, in order. */
function stretches(needles: readonly Needle[], text: string): { start: number; end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const { pattern } of needles) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
      found.push({ start: match.index, end: match.index + match[0].length });
      pattern.lastIndex = match.index + 1;
    }
  }
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const merged: { start: number; end: number }[] = [];
  for (const next of found) {
    const last = merged.at(-1);
    if (last !== undefined && next.start < last.end) last.end = Math.max(last.end, next.end);
    else merged.push({ ...next });
  }
  return merged;
}

function masked(text: string, until: number, hidden: readonly { start: number; end: number }[]): string {
  let out = '';
  let at = 0;
  for (const { start, end } of hidden) {
    if (end > until) break;
    out += text.slice(at, start) + REDACTED;
    at = end;
  }
  return out + text.slice(at, until);
}

/**
 * A redactor for these secrets. Each line of a secret with several counts as one secret; empty ones are ignored.
 * Secrets under 4 characters are hidden only between delimiters, as in `user:pw@host`: give `user:pw` as a secret too.
 */
export function createRedactor(secrets: readonly string[]): Redactor {
  const lines = new Set(secrets.flatMap((secret) => secret.split(/[\r\n]+/)).filter((line) => line !== ''));
  const needles = [...lines].flatMap(needlesOf);
  const longest = needles.reduce((most, needle) => Math.max(most, needle.longest), 1);

  return {
    text: (text) => (needles.length === 0 ? text : masked(text, text.length, stretches(needles, text))),
    stream() {
      let pending = '';
      return {
        push(chunk) {
          if (needles.length === 0) return chunk;
          pending += chunk;
          const lineEnd = Math.max(pending.lastIndexOf('\n'), pending.lastIndexOf('\r')) + 1;
          let decided = Math.max(lineEnd, pending.length - longest + 1, 0);
          const hidden = stretches(needles, pending);
          const cut = hidden.find((stretch) => stretch.start < decided && stretch.end > decided);
          if (cut !== undefined) decided = cut.start;
          const out = masked(pending, decided, hidden);
          pending = pending.slice(decided);
          if (pending.length <= LONGEST_PENDING) return out;
          pending = '';
          return out + REDACTED;
        },
        end() {
          const out = masked(pending, pending.length, stretches(needles, pending));
          pending = '';
          return out;
        },
      };
    },
  };
}
