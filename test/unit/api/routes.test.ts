/** Routes through the API: faults, what is refused, and what stays of the author's text. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DocumentView } from '#schema/http';
import { ownAddress } from '#api/documents/own-address';
import { CATALOGUE, SANDBOX, World, type Answered } from './support/world.ts';

let world: World;
let token: string;
beforeEach(async () => {
  world = await new World().start({ requestCounts: () => new Map([['account', 7]]) });
  await world.onlineAgent();
  token = await world.login();
  expect((await apply(CATALOGUE + '---\n' + SANDBOX)).status).toBe(200);
});
afterEach(() => world.remove());

const apply = (yaml: string, query = ''): Promise<Answered> => world.call('POST', `/apply${query}`, { token, yaml });
const get = (path: string): Promise<Answered> => world.call('GET', path, { token });
const put = (body: unknown, service = 'payment', sandbox = 'QA-LOGIN-ERROR'): Promise<Answered> =>
  world.call('PUT', `/sandboxes/${sandbox}/routes/${service}`, { token, body });
const route = async (): Promise<DocumentView> => (await get('/routes/qa-login-error')).body as unknown as DocumentView;
const routes = async (): Promise<unknown> => ((await route()).document.spec as { routes: unknown }).routes;
const past = '2020-01-01T00:00:00Z';
const future = '2099-01-01T00:00:00Z';

describe('a fault', () => {
  it('is set and ended beside the target, which stays', async () => {
    await put({ target: 'ocp' });
    expect((await put({ fault: { status: 503, percent: 50, until: future } })).status).toBe(200);
    expect(await routes()).toEqual({ payment: { target: 'ocp', fault: { status: 503, percent: 50, until: future } } });
    await put({ target: 'https://mine.company.com' });
    expect(await routes()).toMatchObject({ payment: { target: 'https://mine.company.com', fault: { status: 503 } } });
    await put({ fault: { reset: true, until: future } });
    expect(await routes()).toMatchObject({ payment: { fault: { reset: true, until: future } } });
    await put({ fault: null });
    expect(await routes()).toEqual({ payment: { target: 'https://mine.company.com' } });
  });

  it('needs no target, and leaves nothing behind', async () => {
    expect((await put({ fault: null })).body).toEqual({ dryRun: false, results: [] });
    await put({ fault: { delay: '2s' } });
    expect(await routes()).toEqual({ payment: { fault: { delay: '2s' } } });
    await put({ fault: null });
    expect(await routes()).toEqual({});
  });

  it('may last so long from now, by the clock of the server', async () => {
    const before = Date.now();
    await put({ fault: { status: 503, for: '1m' } });
    const { until } = ((await routes()) as { payment: { fault: { until: string } } }).payment.fault;
    expect(Date.parse(until) - before).toBeGreaterThanOrEqual(60_000);
    expect(Date.parse(until) - before).toBeLessThan(75_000);
    for (const wrong of ['1', '31d', 'soon', 5]) expect((await put({ fault: { status: 503, for: wrong } })).body.code).toBe('invalid_request');
    expect((await put({ fault: { status: 503, for: '1m', until: future } })).body.code).toBe('invalid_request');
    expect((await put({ fault: 503 })).body.code).toBe('invalid_request');
    expect((await put({})).body.code).toBe('invalid_request');
    expect((await put({ fault: { status: 99 } })).body.code).toBe('invalid_document');
  });

  it('is refused when its end is past, unless it stood there before', async () => {
    const refused = await put({ fault: { status: 503, until: past } });
    expect(refused.body).toMatchObject({
      code: 'invalid_document',
      message: expect.stringContaining('is to end at 2020-01-01T00:00:00Z, which is past'),
      hint: expect.stringContaining('a time to come'),
      findings: [{ path: 'spec.routes.payment.fault.until' }],
    });
    expect((await put({ fault: { status: 503, until: '2099-99-01T00:00:00Z' } })).body.message).toContain('is no date');
    const ended = { apiVersion: 'sdp/v1' as const, kind: 'Route' as const, metadata: { name: 'QA-LOGIN-ERROR' }, spec: { routes: { payment: { fault: { status: 503, until: past } } } } };
    await world.store.apply([{ draft: ended }], { user: 'achmad' });
    expect((await apply(`payment: {fault: {status: 503, until: "${past}"}}\naccount: {target: ocp}\n`, '?sandbox=QA-LOGIN-ERROR')).status).toBe(200);
    // A flip takes what has ended out, and a rollback does not bring it back.
    await put({ target: 'sandbox' }, 'account');
    expect(await routes()).toEqual({ account: { target: 'sandbox' } });
    expect((await world.call('POST', '/routes/qa-login-error/rollback', { token, body: { revision: 1 } })).status).toBe(200);
    expect(await routes()).toEqual({});
  });

  it("keeps the author's comments and order, also when it ends", async () => {
    await apply('# where it goes\npayment:\n  target: ocp # for now\naccount: {target: sandbox} # under test\n', '?sandbox=QA-LOGIN-ERROR');
    await put({ fault: { status: 503, percent: 50, path: '/pay', until: future } });
    const { text } = await route();
    expect(text).toContain('# where it goes\npayment:\n  target: ocp # for now\n  fault:\n');
    expect(text).toContain('account: { target: sandbox } # under test');
    expect(text).toContain('percent: 50');
    await put({ fault: null });
    expect((await route()).text).toContain('# where it goes\npayment:\n  target: ocp # for now\naccount: { target: sandbox } # under test\n');
    await put({ fault: { delay: '500ms' } }, 'account');
    expect((await route()).text).toContain('# under test');
    await put({ fault: null }, 'account');
    expect((await route()).text).toContain('# under test');
  });

  it('stays out of clones', async () => {
    await put({ target: 'ocp', fault: { status: 503, until: future } });
    await put({ fault: { reset: true } }, 'account');
    expect((await world.call('POST', '/sandboxes/QA-LOGIN-ERROR/clone', { token, body: { name: 'COPY' } })).status).toBe(201);
    expect((await get('/routes/copy')).body).toMatchObject({ document: { spec: { routes: { payment: { target: 'ocp' } } } } });
    expect(JSON.stringify((await get('/routes/copy')).body)).not.toContain('fault');
  });

  it('is told in the history and the audit', async () => {
    await put({ fault: { status: 503, percent: 50, until: future } });
    const { items } = (await get('/audit?sandbox=QA-LOGIN-ERROR')).body as unknown as { items: { action: string; message: string }[] };
    expect(items[0]).toMatchObject({ action: 'route.fault', service: 'payment', message: 'Fault of payment: answers 503 to 50 % of the requests, until 2099-01-01T00:00:00.000Z' });
  });
});

describe('a route is refused', () => {
  const other = (name: string): Promise<Answered> => apply(`sandbox: ${name}\nservices: {account: {branch: a}, payment: {branch: b}}\n`);

  it('to a sandbox that does not exist, with near names', async () => {
    await other('LEDGER');
    expect((await put({ target: { sandbox: 'LEDGR' } })).body).toMatchObject({ message: expect.stringContaining('Did you mean "LEDGER"?'), hint: expect.stringContaining('get sandboxes') });
  });

  it('to itself', async () => {
    expect((await put({ target: { sandbox: 'qa-login-error' } }, 'account')).body).toMatchObject({
      code: 'invalid_document',
      message: expect.stringContaining('account of QA-LOGIN-ERROR is routed to QA-LOGIN-ERROR itself.'),
      hint: expect.stringContaining('`sandbox`'),
    });
  });

  it('in a circle over several sandboxes, which it names', async () => {
    for (const name of ['A', 'B', 'C']) expect((await other(name)).status).toBe(200);
    expect((await put({ target: { sandbox: 'B' } }, 'payment', 'A')).status).toBe(200);
    expect((await put({ target: { sandbox: 'C' } }, 'payment', 'B')).status).toBe(200);
    expect((await put({ target: { sandbox: 'A' } }, 'account', 'C')).status).toBe(200);
    const refused = await put({ target: { sandbox: 'A' } }, 'payment', 'C');
    expect(refused.body).toMatchObject({ message: expect.stringContaining('payment is routed in a circle: C -> A -> B -> C.'), findings: [{ path: 'spec.routes.payment.target.sandbox' }] });
    // Also when the whole of it comes with one apply, as a dry run too.
    const both = ['A', 'B'].map((name, index) => `apiVersion: sdp/v1\nkind: Route\nmetadata: {name: ${name}}\nspec: {routes: {account: {target: {sandbox: ${'BA'[index]}}}}}\n`).join('---\n');
    const dry = await apply(both, '?dryRun=true');
    expect(dry.body.code).toBe('invalid_document');
    expect(dry.body.findings).toHaveLength(2);
  });

  it('to a URL with credentials, which no answer and no record repeats', async () => {
    const answers = [
      await put({ target: 'https://ada:hunter2@mine.company.com' }),
      await apply('payment: {target: "https://hunter2@mine.company.com/x"}\n', '?sandbox=QA-LOGIN-ERROR'),
      await put({ target: 'https:ada:hunter2@mine.company.com' }),
    ];
    for (const answer of answers) expect(answer.body.message).toContain('must not hold a user name or password');
    expect(JSON.stringify([...answers, await get('/audit')])).not.toContain('hunter2');
    expect(world.logged.join('')).not.toContain('hunter2');
  });

  it('to SDP itself: control plane, and ports of any edge', async () => {
    const own = new URL(world.server.url);
    const why = async (target: string): Promise<string | undefined> => (await put({ target })).body.message;
    expect(await why(world.server.url)).toContain("leads to SDP itself: ");
    expect(await why(`http://localhost:${own.port}/x`)).toContain("the control plane's own address");
    expect(await why('http://127.0.0.1:8085')).toContain('a gateway port of the edge on micro-1 (8080 to 8999)');
    expect(await why('http://127.0.0.1:9002/a')).toContain('a service port of the edge on micro-1');
    expect(await why('http://127.0.0.1:7080')).toContain('inside port');
    expect(await why('http://payment.sdp:7080')).toContain('inside sandboxes');
    expect((await put({ target: 'http://127.0.0.1:9002' })).body.hint).toContain('sandbox:NAME');
    expect((await put({ target: 'http://127.0.0.1:7999' })).status).toBe(200);
    expect((await put({ target: 'http://10.1.2.3:8080' })).status).toBe(200);
  });

  it('for a service that the catalogue does not have', async () => {
    expect((await put({ fault: { status: 503 } }, 'paymnt')).body).toMatchObject({ code: 'unknown_service', message: expect.stringContaining('Did you mean "payment"?') });
  });
});

describe('addresses of SDP', () => {
  const node = { hello: { node: { name: 'n1', type: 'MICRO', address: '10.0.0.7' }, ports: { gateway: { from: 8080, to: 8999 }, service: { from: 9001, to: 9999 } } }, state: { edge: { foreignPorts: [9005], sharedPort: 7081 } } };
  const asked = (url: string): string | undefined => ownAddress(new URL(url), { ownUrls: ['https://sdp.company.com'], nodes: [node as never] });

  it('are the public one, the shared port, and not what others listened on before', () => {
    expect(asked('https://SDP.company.com/x')).toContain('control plane');
    expect(asked('http://sdp.company.com:8443')).toBeUndefined();
    expect(asked('http://10.0.0.7:7081')).toContain('shared port');
    expect(asked('http://10.0.0.7:9005')).toBeUndefined();
    expect(asked('http://10.0.0.8:9006')).toBeUndefined();
  });
});

it('counts requests where somebody counts, and zero is a number', async () => {
  world.reconciler.routes = () => Promise.resolve(['account', 'payment'].map((service) => ({ service, target: 'ocp', url: 'u', reason: 'r', edges: {} })));
  expect((await get('/sandboxes/QA-LOGIN-ERROR/routes')).body['items']).toMatchObject([{ requests: 7 }, { requests: 0 }]);
});
