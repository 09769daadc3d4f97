import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRedactor } from '#agents/process/redactor';

const secret = fc
  .string({ unit: 'grapheme', minLength: 4, maxLength: 40 })
  .filter((s) => !/[\r\n*]/.test(s) && s.trim().length > 3);
const padding = fc.string({ unit: 'grapheme', maxLength: 40 });

/** Every way in which a secret may stand in a text. */
const forms: Record<string, (s: string) => string> = {
  raw: (s) => s,
  'URL-encoded': encodeURIComponent,
  'URL-encoded in small letters': (s) => encodeURIComponent(s).replace(/%../g, (hex) => hex.toLowerCase()),
  'URL-encoded wholly': (s) =>
    [...Buffer.from(s)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join(''),
  'in JSON': (s) => JSON.stringify(s).slice(1, -1),
  base64: (s) => Buffer.from(s).toString('base64'),
  base64url: (s) => Buffer.from(s).toString('base64url'),
};

function inPieces(text: string, cuts: readonly number[], secrets: readonly string[]): string {
  const stream = createRedactor(secrets).stream();
  let out = '';
  let at = 0;
  for (const cut of [...cuts].map((c) => c % (text.length + 1)).sort((a, b) => a - b)) {
    out += stream.push(text.slice(at, cut));
    at = cut;
  }
  return out + stream.push(text.slice(at)) + stream.end();
}

describe('createRedactor', () => {
  it.each(Object.entries(forms))('hides a secret %s, wherever the text is cut', (_, form) => {
    fc.assert(
      fc.property(
        secret,
        padding,
        padding,
        fc.array(fc.nat(200), { maxLength: 8 }),
        (password, before, after, cuts) => {
          const shown = form(password);
          const text = `${before}${shown}${after}`;
          expect(createRedactor([password]).text(shown)).not.toContain(shown);
          const out = inPieces(text, cuts, [password]);
          // What stands there by chance beside the secret's own place is hidden too.
          expect(out.includes(shown)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('hides it in the base64 of a user name and password, at each offset', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), secret, (user, password) => {
        const header = Buffer.from(`${user}:${password}`).toString('base64');
        const out = createRedactor([password]).text(`Authorization: Basic ${header}`);
        const rest = out.replace('Authorization: Basic ', '').replace(/\*+/g, '');
        expect(Buffer.from(rest, 'base64').toString()).not.toContain(password);
        expect(createRedactor([password, `${user}:${password}`]).text(`>${header}<`)).not.toContain(header);
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same whether the text comes whole or in pieces', () => {
    fc.assert(
      fc.property(
        secret,
        padding,
        padding,
        fc.array(fc.nat(300), { maxLength: 12 }),
        (password, before, after, cuts) => {
          const text = `${before}${password}\n${after}${password.slice(0, 3)} ${before}`;
          expect(inPieces(text, cuts, [password])).toBe(createRedactor([password]).text(text));
        },
      ),
    );
  });

  it('leaves a text without secrets as it is', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), fc.array(fc.nat(200)), (text, cuts) => {
        fc.pre(!/never-in-there/i.test(text));
        expect(inPieces(text, cuts, ['never-in-there'])).toBe(text);
      }),
    );
  });

  it('hides each line of a secret with several', () => {
    expect(createRedactor(['first-line\nsecond-line']).text('a second-line b\nfirst-line')).toBe('a *** b\n***');
  });

  it('hides a longer secret whole when a shorter one begins it', () => {
    expect(createRedactor(['pass', 'password1']).text('x password1 y')).toBe('x *** y');
    expect(inPieces('x password1 y', [6, 7, 8], ['pass', 'password1'])).toBe('x *** y');
  });

  it('hides a very short secret where it stands like one, and leaves words alone', () => {
    const redactor = createRedactor(['a', 'dev:a']);
    expect(redactor.text('https://dev:a@host/ and a cat')).not.toContain(':a@');
    expect(redactor.text('password=a')).toBe('password***');
    expect(redactor.text('a cat sat')).toBe('a cat sat');
    expect(redactor.text(Buffer.from('dev:a').toString('base64'))).not.toContain(
      Buffer.from('dev:a').toString('base64'),
    );
  });

  it('ignores empty secrets', () => {
    expect(createRedactor(['']).text('text')).toBe('text');
  });

  it('hands complete lines on at once', () => {
    const stream = createRedactor(['a-long-secret-of-somebody']).stream();
    expect(stream.push('line one\nli')).toBe('line one\n');
  });

  it('stays fast on hostile texts', () => {
    const started = Date.now();
    createRedactor([`${'\\'.repeat(40)}x`, `${'%'.repeat(40)}x`]).text('\\'.repeat(20_000) + '%25'.repeat(5_000));
    // Backtracking would take minutes.
    expect(Date.now() - started).toBeLessThan(10_000);
  });
});
