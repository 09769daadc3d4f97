import { describe, expect, it } from 'vitest';
import type { StoredDocument } from '#schema/documents';
import type { RouteView } from '#schema/http';
import { createProgram, runCli } from '#api/cli/program';
import { routesText } from '#api/cli/route-text';
import { describeSandbox } from '#api/cli/sandbox-text';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();
const check = { ok: true, at: ago(60), step: 'answer' as const, message: 'It answers 200.', durationMs: 2 };
const VIEWS: RouteView[] = [
  { service: 'account', target: 'sandbox', url: 'http://sandbox-qa-login-error-account:8080', reason: 'it has a branch in this sandbox', since: ago(7200), verified: check, requests: 12, edges: {} },
  {
    service: 'payment', target: 'ocp', url: 'https://payment-dev.company.com/a/rather/long/path/before/everything', reason: 'it has no branch in this sandbox',
    since: ago(300), verified: { ...check, ok: false, step: 'certificate', message: 'The certificate of payment-dev.company.com ended on 2025-12-31.' }, requests: 0,
    fault: { kind: 'status', status: 503, percent: 50, path: '/pay', until: new Date(NOW + 60_000).toISOString() }, edges: {},
  },
  { service: 'user', target: 'url', url: 'https://mine', reason: 'the route names a URL', edges: {} },
];

describe('routes', () => {
  it('say all in 80 columns, faults and what cannot be reached beneath', () => {
    const text = routesText(VIEWS, false, NOW, 80);
    expect(text).toMatchInlineSnapshot(`
      "SERVICE  TARGET   SINCE  VERIFIED                       REQ/10M
      account  sandbox  2h     ok 60s ago                     12
        http://sandbox-qa-login-error-account:8080
        because it has a branch in this sandbox
      payment  ocp      5m     FAILED at certificate 60s ago  0
        https://payment-dev.company.com/a/rather/long/path/before/everything
        because it has no branch in this sandbox
        fault: answers 503 to 50 % of the requests below /pay, for 60s more (until
        2026-01-01T12:01:00.000Z)
        not reachable: The certificate of payment-dev.company.com ended on 2025-12-31.
      user     url             not yet                        -
        https://mine
        because the route names a URL

      0 requests: none came through an edge in the last 10 minutes. Calls among OCP's
      own services never enter a sandbox, so they are counted nowhere."
    `);
    const tooLong = text.split('\n').filter((line) => line.length > 80);
    // Only addresses and messages of others are longer; they are not cut, as people copy them.
    expect(tooLong).toEqual([]);
  });

  it('stand in one row each where there is room, or with -o wide', () => {
    const [head, account] = routesText(VIEWS, true, NOW, 80).split('\n');
    expect(head).toMatch(/^SERVICE +TARGET +URL +WHY +SINCE +VERIFIED +REQ\/10M$/);
    expect(account).toMatch(/http:\/\/sandbox-qa-login-error-account:8080 +it has a branch in this sandbox/);
    expect(account).toMatch(/2h +ok 60s ago +12$/);
  });

  it('explain zero only where there is one', () => {
    expect(routesText(VIEWS, false, NOW, 80)).toContain("never enter a sandbox");
    expect(routesText(VIEWS.slice(0, 1), false, NOW, 80)).not.toContain('never enter');
    expect(routesText(VIEWS.slice(2), false, NOW, 80)).toMatch(/not yet +-/);
  });
});

it('describes faults and verification of a sandbox', () => {
  const [, payment] = VIEWS;
  const route = { target: 'ocp' as const, url: payment!.url, reason: payment!.reason, since: ago(5), verified: payment!.verified!, fault: payment!.fault! };
  const text = describeSandbox({
    kind: 'Sandbox',
    metadata: { name: 'QA', generation: 1, revision: 1, updatedBy: 'ada', updatedAt: ago(5) },
    spec: {},
    status: { health: 'Degraded', sync: 'Synced', operation: 'RUNNING', conditions: [], services: { payment: { route } } },
  } as unknown as StoredDocument<'Sandbox'>);
  expect(text).toContain('payment: fault: answers 503 to 50 % of the requests below /pay');
  expect(text).toContain('is not reachable: The certificate of payment-dev.company.com ended');
  expect(text).toContain('FAILED at certificate');
});

describe('sdp route fault', () => {
  it.each([
    [['--status', '503', '--delay', '2s'], 'exactly one of'],
    [[], 'exactly one of'],
    [['--off', '--reset'], '--off ends a fault'],
    [['--reset', '--for', '1m', '--until', '2026-01-01T00:00:00Z'], '--for or --until'],
  ])('refuses %j before it asks anybody', async (options, words) => {
    const said: string[] = [];
    const write = process.stderr.write.bind(process.stderr);
    process.stderr.write = ((text: string) => said.push(text) > 0) as typeof process.stderr.write;
    try {
      const program = createProgram('0', () => undefined);
      expect(await runCli(program, ['--server', 'http://127.0.0.1:9', 'route', 'fault', 'QA', 'payment', ...options])).toBe(2);
    } finally {
      process.stderr.write = write;
    }
    expect(said.join('')).toContain(words);
  });
});
