import { describe, expect, it } from 'vitest';
import { activeFault, faultWords } from '#schema/faults';
import { SdpError } from '#schema/errors';
import { parseDocuments, validateDraft } from '#schema/parse/parse-documents';

const WRITTEN = '2026-01-01T00:00:00.000Z';
const HOUR = 3_600_000;
const at = Date.parse(WRITTEN);

const mistakes = (routes: unknown): string[] => {
  try {
    validateDraft({ apiVersion: 'sdp/v1', kind: 'Route', metadata: { name: 'QA' }, spec: { routes } });
    return [];
  } catch (thrown) {
    return SdpError.from(thrown).findings.map((finding) => `${finding.path}: ${finding.message}`);
  }
};
const fault = (value: unknown): string[] => mistakes({ payment: { fault: value } });

describe('faults in a Route', () => {
  it('stand beside a target or alone, in the short form too', () => {
    expect(mistakes({ payment: { target: 'ocp', fault: { status: 503 } } })).toEqual([]);
    const [parsed] = parseDocuments('payment: {fault: {delay: 2s, percent: 20}}\naccount: {target: OCP}\n', { sandbox: 'QA' });
    expect(parsed?.draft).toMatchObject({
      kind: 'Route',
      spec: { routes: { payment: { fault: { delay: '2s', percent: 20 } }, account: { target: 'ocp' } } },
    });
  });

  it('are exactly one of status, delay and reset', () => {
    const one = 'spec.routes.payment.fault: give exactly one of "status", "delay" or "reset: true".';
    expect(fault({})).toEqual([one]);
    expect(fault({ percent: 50 })).toEqual([one]);
    expect(fault({ status: 503, delay: '2s' })).toEqual([one]);
    expect(fault({ delay: '2s', reset: true })).toEqual([one]);
    expect(mistakes({ payment: {} })).toEqual(['spec.routes.payment: give "target", "fault" or both.']);
  });

  it('keep to their limits', () => {
    for (const good of [{ status: 200 }, { status: 599 }, { delay: '60s' }, { delay: '60000ms' }, { delay: '500ms' }, { reset: true, percent: 1 }])
      expect(fault(good)).toEqual([]);
    const bad = [{ status: 199 }, { status: 600 }, { delay: '61s' }, { delay: '60001ms' }, { delay: '2m' }, { reset: false },
      { status: 503, percent: 0 }, { status: 503, percent: 101 }, { status: 503, path: 'pay' }, { status: 503, path: '/a|b' }, { status: 503, until: 'tomorrow' }];
    for (const wrong of bad) expect(fault(wrong)).toHaveLength(1);
    expect(fault({ status: 700 })[0]).toContain('not 700. Answers with this HTTP status');
  });

  it('end when they say, or one hour after the last write', () => {
    expect(activeFault({ status: 503, percent: 50, path: '/pay', until: '2026-01-01T00:01:00Z' }, WRITTEN, at)).toEqual({
      kind: 'status', status: 503, percent: 50, path: '/pay', until: '2026-01-01T00:01:00.000Z',
    });
    expect(activeFault({ status: 503, until: '2026-01-01T00:01:00Z' }, WRITTEN, at + 60_000)).toBeUndefined();
    expect(activeFault({ delay: '500ms' }, WRITTEN, at + HOUR - 1)).toEqual({ kind: 'delay', ms: 500, percent: 100, until: '2026-01-01T01:00:00.000Z' });
    expect(activeFault({ delay: '2s' }, WRITTEN, at + HOUR)).toBeUndefined();
    expect(activeFault({ reset: true, until: '2026-99-01T00:00:00Z' }, WRITTEN, at)).toBeUndefined();
    expect(activeFault(undefined, WRITTEN, at)).toBeUndefined();
  });

  it('are said in words', () => {
    const words = (value: Parameters<typeof activeFault>[0]): string => faultWords(activeFault(value, WRITTEN, at)!);
    expect(words({ status: 503, percent: 50, path: '/pay' })).toBe('answers 503 to 50 % of the requests below /pay');
    expect(words({ delay: '1500ms' })).toBe('delays all requests by 1500 ms');
    expect(words({ reset: true })).toBe('ends the connection of all requests');
  });
});

describe('URLs with a login', () => {
  it('are refused without being quoted', () => {
    for (const url of ['https://ada:s3cret@host/x', 'http://s3cret@host', 'https:ada:s3cret@host']) {
      const found = mistakes({ payment: { target: url } });
      expect(found).toEqual([expect.stringContaining('must not hold a user name or password')]);
      expect(found.join()).not.toContain('s3cret');
    }
    expect(mistakes({ payment: { target: 'https://host/a@b' } })).toEqual([]);
  });

  it('are not quoted in whatever else is wrong', () => {
    const service = { apiVersion: 'sdp/v1', kind: 'Service', metadata: { name: 'x' }, spec: { baseline: 'https://ada:s3cret@host' } };
    expect(() => validateDraft(service)).toThrow('***@host');
  });
});
