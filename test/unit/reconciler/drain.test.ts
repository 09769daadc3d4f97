import { describe, expect, it } from 'vitest';
import { durationSeconds } from '#reconciler/desired/duration';
import { parseDocuments } from '#schema/parse/parse-documents';

describe('drain of a Service', () => {
  it.each([['0s', 0], ['30s', 30], ['3600s', 3600], ['60m', 3600], ['1h', 3600]])('may be %s', (drain, seconds) => {
    const text = `apiVersion: sdp/v1\nkind: Service\nmetadata: {name: a}\nspec: {baseline: "https://a.example.com", drain: ${drain}}\n`;
    expect(() => parseDocuments(text, {})).not.toThrow();
    expect(durationSeconds(drain)).toBe(seconds);
  });

  it.each(['3601s', '61m', '2h', '1d', '-1s', '05s', '30'])('may not be %s', (drain) => {
    const text = `apiVersion: sdp/v1\nkind: Service\nmetadata: {name: a}\nspec: {baseline: "https://a.example.com", drain: "${drain}"}\n`;
    expect(() => parseDocuments(text, {})).toThrow(/0s to 1h/);
  });
});
