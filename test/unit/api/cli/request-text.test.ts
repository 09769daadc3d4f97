import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DoctorView, TraceView } from '#schema/http';
import { doctorText, requestHeader, requestLines, requestWidths, traceText } from '#api/cli/request-text';
import { view } from '../requests/support.ts';

const columns = process.stdout.columns;
beforeEach(() => void (process.stdout.columns = 80));
afterEach(() => void (process.stdout.columns = columns));

const requests = [
  view({ entry: 'gateway', service: 'gateway', path: '/account/profile/with/quite/a/long/path/for/one/line', durationMs: 12 }),
  view({ service: 'payment', path: '/payment/7', status: 503, durationMs: 3_004, target: { kind: 'https', host: 'payment-dev.company.com', address: '10.1.2.3:443' }, failure: 'The connection to payment-dev.company.com (10.1.2.3:443) was refused: nothing listens there' }),
  view({ service: 'account', entry: 'service', method: 'OPTIONS', target: { kind: 'container', address: '10.213.0.66:8080' }, status: 0 }),
  view({ service: 'user', status: 302, location: 'https://gateway-dev.company.com/login', leaves: true, target: { kind: 'node', address: '172.18.136.92:9002' } }),
  view({ service: 'user', status: 503, fault: 'status', target: { kind: 'none' } }),
];
const widest = (lines: readonly string[]): number => Math.max(...lines.flatMap((line) => line.split('\n')).map((line) => line.length));

describe('the list of requests', () => {
  it('fits 80 columns, flags what is odd, and keeps status and time whole', () => {
    const widths = requestWidths(requests, 80);
    const lines = [requestHeader(widths), ...requests.flatMap((request) => requestLines(request, widths, true))];
    expect(widest(lines)).toBeLessThanOrEqual(80);
    const text = lines.join('\n');
    expect(text).toMatch(/503\s+3004 .*payment .*\n\s+! The connection to payment-dev/);
    expect(text).toContain('! redirect leaves the sandbox: https://gateway-dev.company.com/login');
    expect(text).toContain('! a fault of its route: status');
    expect(text).toMatch(/none .*>account/);
    expect(text).toContain('! the connection ended without an answer');
  });

  it('gives what is to come the whole width when there is nothing yet', () => {
    expect(requestWidths([], 80).reduce((sum, width) => sum + width, 12)).toBe(80);
  });

  it('keeps its columns within 80 without a terminal, and cuts nothing: what is longer goes on to the right', () => {
    const widths = requestWidths(requests, undefined);
    expect(widths.reduce((sum, width) => sum + width, 12)).toBeLessThanOrEqual(80);
    const lines = requests.map((request) => requestLines(request, widths, false)[0] ?? '');
    expect(lines[0]).toContain('  GET      gateway   /account/profile/with/quite/a/long/path/for/one/line  10.213.0.2:8080');
    expect(new Set(lines.map((line) => line.indexOf(line.split(/ {2,}/)[4] ?? ''))).size, 'services stand below each other').toBe(1);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(120);
  });
});

describe('a trace in words', () => {
  const base: TraceView = { requestId: 'trace-1', url: 'http://127.0.0.1:8080/payment/7', status: 502, durationMs: 72, hops: [] };

  it('names the answer, the hop that failed and why, first', () => {
    const [gateway, payment] = requests;
    if (gateway === undefined || payment === undefined) throw new Error('two are there');
    const text = traceText({ ...base, failedAt: 1, hops: [{ node: 'gateway-1', by: 'id', request: { ...gateway, status: 502 } }, { node: 'gateway-1', by: 'time', request: payment }] });
    const [url, answer, failed] = text.split('\n');
    expect([url, answer]).toEqual(['GET http://127.0.0.1:8080/payment/7', 'answered: 502 in 72 ms']);
    expect(failed).toMatch(/^failed at hop 2, call of payment on gateway-1: The connection/);
    expect(text).toContain('(found by its time: it carried another request id)');
    expect(text.split('^ failed here')).toHaveLength(2);
    expect(widest([text])).toBeLessThanOrEqual(80);
  });

  it('says when there was no answer, no hop, and when the app is sent elsewhere', () => {
    const { status: _status, ...nothing } = base;
    expect(traceText({ ...nothing, failure: 'nothing listens on port 8080' })).toContain('answered: no answer (nothing listens on port 8080) in 72 ms\n\nNo edge told of it');
    const away = traceText({ ...base, status: 302, location: 'https://gateway-dev.company.com/', leaves: true, hops: [{ node: 'n', by: 'id', request: requests[0] as never }] });
    expect(away).toContain('redirects OUT of the sandbox: https://gateway-dev.company.com/');
    expect(away).toContain('No call from inside was seen');
  });
});

describe('the doctor in words', () => {
  it('says of each node what is wrong, and of each baseline how far it came', () => {
    const check = { url: 'https://x', at: 't', addresses: [], durationMs: 12 };
    const view: DoctorView = {
      ok: false, at: 't', nodes: [
        { node: 'gateway-1', ok: false, online: true, pool: '10.213.0.0/16', findings: [{ level: 'failed', message: 'The baseline of account, https://account-dev.company.com, has the address 10.213.7.7, which lies in network.pool. Choose another network.pool.' }],
          baselines: [{ ...check, service: 'account', ok: true, step: 'answer', message: 'It answers with 200.' }, { ...check, service: 'payment', ok: false, step: 'certificate', message: 'Signed by an unknown CA.' }] },
        { node: 'micro-1', ok: true, online: true, pool: '10.213.0.0/16', findings: [], baselines: [] },
      ],
    };
    const text = doctorText(view, false);
    expect(text).toMatch(/^gateway-1 {2}failed {2}network\.pool 10\.213\.0\.0\/16\n {2}failed: The baseline of account/);
    expect(text).toMatch(/payment +failed +certificate +12 +Signed by an unknown CA\./);
    expect(text).toMatch(/\n\nmicro-1 {2}ok/);
    expect(widest([text])).toBeLessThanOrEqual(80);
  });
});
