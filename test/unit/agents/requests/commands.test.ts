/** The two commands that ask the edge's world: `trace` against real servers, `doctor` against a small edge. */
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Executor, type Handlers } from '#agents/executor/executor';
import { checkBaselines } from '#agents/requests/check-baselines';
import { sendTrace } from '#agents/requests/send-trace';
import { SdpError } from '#schema/errors';
import type { Command } from '#schema/wire/commands';

const servers: (http.Server | net.Server)[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    if (server instanceof http.Server) server.closeAllConnections();
  }
});

async function listening<S extends net.Server>(server: S): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
const serve = (handler: RequestListener): Promise<number> => listening(http.createServer(handler));
const never = new AbortController().signal;

describe('a trace', () => {
  it('is one GET as the app would send it, with its id and its query', async () => {
    let seen: IncomingMessage | undefined;
    const port = await serve((request, response) => {
      seen = request;
      response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
    });
    const result = await sendTrace({ port, path: '/a/b?c=d', requestId: 'trace-1' }, '10.1.2.3', never);
    expect(result).toMatchObject({ status: 201, contentType: 'application/json' });
    expect(seen).toMatchObject({ method: 'GET', url: '/a/b?c=d', headers: { 'x-request-id': 'trace-1', accept: 'application/json', host: `10.1.2.3:${port}` } });
  });

  it('follows no redirect and leaves the query of its location out', async () => {
    let requests = 0;
    const port = await serve((_request, response) => {
      requests += 1;
      response.writeHead(302, { location: 'https://gateway-dev.company.com/login?state=secret' }).end();
    });
    expect(await sendTrace({ port, path: '/', requestId: 't' }, '127.0.0.1', never)).toMatchObject({ status: 302, location: 'https://gateway-dev.company.com/login' });
    expect(requests).toBe(1);
  });

  it('reads at most a mebibyte of an answer without an end', async () => {
    let sent = 0;
    const port = await serve((_request, response) => {
      const chunk = Buffer.alloc(64 * 1024);
      const more = (): void => {
        while (!response.destroyed && response.write(chunk)) sent += chunk.length;
        response.once('drain', more);
      };
      more();
    });
    expect(await sendTrace({ port, path: '/', requestId: 't' }, '127.0.0.1', never)).toMatchObject({ status: 200 });
    expect(sent).toBeLessThan(32 * 1024 * 1024);
  });

  it('says why there was no answer: nobody listens, the connection is closed, it takes too long', async () => {
    const silent = await serve(() => undefined);
    const closing = await listening(net.createServer((socket) => socket.destroy()));
    const nobody = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const trace = (port: number): ReturnType<typeof sendTrace> => sendTrace({ port, path: '/', requestId: 't' }, '127.0.0.1', never, 100);
    expect(await trace(nobody)).toMatchObject({ failure: expect.stringContaining('nothing listens') });
    expect(await trace(closing)).toMatchObject({ failure: expect.stringContaining('closed without an answer') });
    const late = await trace(silent);
    expect(late).toMatchObject({ failure: 'no whole answer within 0.1 s' });
    expect(late.status).toBeUndefined();
  });

  it('ends with its command', async () => {
    const port = await serve(() => undefined);
    const abort = new AbortController();
    const trace = sendTrace({ port, path: '/', requestId: 't' }, '127.0.0.1', abort.signal);
    abort.abort(new SdpError('cancelled', 'enough'));
    await expect(trace).rejects.toMatchObject({ code: 'cancelled', message: 'enough' });
  });
});

describe('the doctor', () => {
  it('checks every baseline in order, a few at a time, and takes a thrown check as a failed one', async () => {
    let [now, most] = [0, 0];
    const edge = {
      checkTarget: async (url: string) => {
        most = Math.max(most, ++now);
        await new Promise((resolve) => setTimeout(resolve, 2));
        now -= 1;
        if (url.endsWith('/7')) throw new SdpError('edge_failed', 'no way');
        return { ok: true, at: 't', step: 'answer' as const, message: 'ok', status: 200, durationMs: 1, addresses: ['10.0.0.1'] };
      },
    };
    const baselines = Array.from({ length: 30 }, (_, index) => ({ service: `s${index}`, url: `https://x/${index}` }));
    const checks = await checkBaselines(baselines, edge, never);
    expect(checks.map(({ service }) => service)).toEqual(baselines.map(({ service }) => service));
    expect(checks.filter(({ ok }) => !ok)).toMatchObject([{ service: 's7', message: 'no way', addresses: [] }]);
    expect(most).toBe(8);
  });

  it('ends with its command', async () => {
    const abort = new AbortController();
    const edge = { checkTarget: (_url: string, _health?: string, signal?: AbortSignal) => new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))) };
    const checks = checkBaselines([{ service: 'a', url: 'https://x' }], edge, abort.signal);
    abort.abort(new SdpError('deadline_exceeded', 'late'));
    await expect(checks).rejects.toMatchObject({ code: 'deadline_exceeded' });
  });
});

describe('an agent of an older release', () => {
  it('answers a command that it does not know with protocol_skew', async () => {
    const executor = new Executor({} as Handlers, { refresh: () => Promise.resolve(), edgeChanged: () => undefined, newest: 1 });
    const command: Command = { type: 'trace', id: 'x', epoch: 1, attempt: 1, deadline: new Date(Date.now() + 1_000).toISOString(), sandbox: { uid: 'u', slug: 's', name: 'S' }, port: 1, path: '/', requestId: 'r' };
    expect(await executor.execute(command)).toMatchObject({ ok: false, error: { code: 'protocol_skew', message: expect.stringContaining('"trace"') } });
  });
});
