/**
 * A stand-in for the API, for looking at the UI without agents: fixed documents, one deployment that builds for ever
 * and streams its log. It only serves people who work on `web/` and the tests of the UI's looks.
 *   npx esbuild test/web/fixture-api.ts --bundle --platform=node --format=esm --packages=external --outfile=dist/fixture-api.mjs
 *   node dist/fixture-api.mjs                 (PORT, default 7170; EMPTY=1 for a new installation)
 */
import { createServer } from 'node:http';
import Koa from 'koa';
import Router from '@koa/router';
import { WebSocketServer, type WebSocket } from 'ws';
import type { StreamEvent, StreamMessage } from '#schema/stream';
import type { ApplyResponse, Problem, WhoAmI } from '#schema/http';
import { mountWeb } from '#web/server/mount';
import {
  deployments,
  events,
  logs,
  nodes,
  plan,
  qaStatus,
  qaText,
  revisions,
  sandboxes,
  templates,
} from './fixture-data.ts';

const port = Number(process.env['PORT'] ?? 7170);
const empty = process.env['EMPTY'] === '1';
const BOOT = 'fixture';
let seq = 100;

const clients = new Set<{ socket: WebSocket; logs: string | null }>();

type Body = StreamEvent extends infer E ? (E extends StreamEvent ? Omit<E, 'seq' | 'at'> : never) : never;

function publish(body: Body): void {
  seq += 1;
  const message: StreamMessage = {
    type: 'event',
    event: { seq, at: new Date().toISOString(), ...body } as StreamEvent,
  };
  for (const client of clients)
    if (body.type !== 'log' || client.logs === body.deploymentId) client.socket.send(JSON.stringify(message));
}

const problem = (
  status: number,
  code: Problem['code'],
  title: string,
  message: string,
  more: Partial<Problem> = {}
): Problem => ({ type: 'about:blank', status, code, title, detail: message, message, ...more });

const router = new Router({ prefix: '/api/v1' });
const shown = empty ? [] : sandboxes;

async function bodyOf(request: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

router.get('/whoami', (ctx) => {
  const me: WhoAmI = {
    username: 'achmad',
    canFetch: process.env['NOFETCH'] !== '1',
    expiresAt: new Date(Date.now() + 4e7).toISOString(),
    server: { version: '0.1.0', installation: 'fixture' },
  };
  ctx.body = me;
});
router.post('/login', async (ctx) => {
  const { password } = JSON.parse(await bodyOf(ctx.req)) as { password: string };
  if (password !== 'demo') {
    ctx.status = 401;
    ctx.body = problem(401, 'bad_credentials', 'User name or password is wrong', 'User name or password is wrong.', {
      hint: 'Use the login of the git server.',
    });
    return;
  }
  ctx.set('Set-Cookie', 'sdp_session=fixture; Path=/; HttpOnly; SameSite=Lax');
  ctx.body = { token: 'x', username: 'achmad', expiresAt: '' };
});
router.post('/logout', (ctx) => {
  ctx.set('Set-Cookie', 'sdp_session=; Path=/; Max-Age=0');
  ctx.status = 204;
});
router.get('/sandboxes', (ctx) => void (ctx.body = { items: shown, seq }));
router.get('/sandboxes/:name', (ctx) => {
  const document = sandboxes.find((one) => one.metadata.slug === ctx.params['name']?.toLowerCase());
  if (document === undefined) {
    ctx.status = 404;
    ctx.body = problem(
      404,
      'not_found',
      'Not found',
      `There is no sandbox "${ctx.params['name'] ?? ''}". Did you mean "QA-LOGIN-ERROR"?`
    );
  } else ctx.body = { document, seq, ...(document.metadata.name === 'QA-LOGIN-ERROR' ? { text: qaText } : {}) };
});
router.get('/sandboxes/:name/revisions', (ctx) => void (ctx.body = { items: revisions, seq }));
router.put('/sandboxes/:name/routes/:service', async (ctx) => {
  const { target } = JSON.parse(await bodyOf(ctx.req)) as { target: 'sandbox' | 'ocp' };
  const service = qaStatus.services[ctx.params['service'] ?? ''];
  if (service?.route !== undefined) service.route = { ...service.route, target };
  publish({ type: 'status', sandbox: 'QA-LOGIN-ERROR', slug: 'qa-login-error', status: structuredClone(qaStatus) });
  ctx.body = { dryRun: false, results: [] };
});
router.post('/apply', async (ctx) => {
  const text = await bodyOf(ctx.req);
  if (text.includes('brnch')) {
    ctx.status = 422;
    const line = text.split('\n').findIndex((one) => one.includes('brnch')) + 1;
    ctx.body = problem(
      422,
      'invalid_document',
      'The document is not valid',
      `line ${line}: "brnch" is not a known field.`,
      {
        hint: 'Did you mean "branch"?',
        findings: [
          {
            line,
            column: 7,
            path: 'spec.services.account.brnch',
            message: '"brnch" is not a known field. Did you mean "branch"?',
          },
        ],
      }
    );
    return;
  }
  const response: ApplyResponse = {
    dryRun: ctx.query['dryRun'] === 'true',
    results: [
      {
        kind: 'Sandbox',
        name: 'QA-LOGIN-ERROR',
        outcome: 'configured',
        resourceVersion: 43,
        generation: 3,
        plan,
        changes: [
          { path: 'spec.services.payment.use_ocp', before: true },
          { path: 'spec.services.payment.branch', after: 'feature/refund-api' },
          { path: 'spec.expireAfter', before: '14d', after: '7d' },
        ],
      },
    ],
  };
  ctx.body = response;
});
router.get('/templates', (ctx) => void (ctx.body = { items: empty ? [] : templates, seq }));
router.get(
  '/templates/:name',
  (ctx) => void (ctx.body = { document: templates.find((one) => one.metadata.slug === ctx.params['name']), seq })
);
router.post(
  '/templates/:name/clone',
  (ctx) =>
    void (ctx.body = {
      dryRun: true,
      results: [
        { kind: 'Sandbox', name: 'QA-2', outcome: 'created', resourceVersion: 0, generation: 1, changes: [], plan },
      ],
    })
);
router.get('/services/:name', (ctx) => void (ctx.body = { document: { spec: { repository: ctx.params['name'] } } }));
router.get('/repositories/:name/branches', (ctx) => {
  const info = {
    commit: 'a41f9c02be5d7783f0c1b9de6aa2147738c0de15',
    author: 'sari',
    authoredAt: '2026-11-20T08:00:00Z',
  };
  ctx.body = {
    branches: [
      { ...info, branch: 'develop', subject: 'Merge PR 412' },
      { ...info, branch: 'feature/refund-api', subject: 'Refunds by ledger entry' },
    ],
  };
});
router.get('/deployments', (ctx) => {
  const sandbox = ctx.query['sandbox'];
  ctx.body = {
    items: empty ? [] : deployments.filter((one) => sandbox === undefined || one.sandbox.toLowerCase() === sandbox),
    seq,
  };
});
router.get('/deployments/:id', (ctx) => {
  const deployment = deployments.find((one) => one.id === ctx.params['id']);
  ctx.body = { deployment, events: events.filter((one) => one.deploymentId === deployment?.id), lines: 0, seq };
});
router.get('/deployments/:id/logs', (ctx) => {
  const from = Number(ctx.query['from'] ?? 1);
  const lines = (logs[ctx.params['id'] ?? ''] ?? []).slice(from - 1, from - 1 + Number(ctx.query['limit'] ?? 1_000));
  ctx.body = { lines, next: from + lines.length };
});
router.get('/nodes', (ctx) => void (ctx.body = { items: empty ? [] : nodes, seq }));

const app = new Koa();
app.use(async (ctx, next) => {
  const open = ctx.path === '/api/v1/login' || !ctx.path.startsWith('/api/');
  if (open || (ctx.headers.cookie ?? '').includes('sdp_session=fixture')) return next();
  ctx.status = 401;
  ctx.body = problem(401, 'unauthenticated', 'Please log in', 'This needs a login.');
});
app.use(router.routes());
app.use((ctx) => (ctx.path.startsWith('/api/') ? undefined : web(ctx)));
const web = mountWeb();

const server = createServer(app.callback());
const streams = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  streams.handleUpgrade(request, socket, head, (client) => {
    const entry = { socket: client, logs: new URL(request.url ?? '/', 'http://x').searchParams.get('logs') };
    clients.add(entry);
    client.on('close', () => clients.delete(entry));
    client.send(JSON.stringify({ type: 'hello', seq, boot: BOOT } satisfies StreamMessage));
  });
});

// The build that never ends.
setInterval(() => {
  const log = logs['dep-account-7'];
  if (log === undefined) return;
  const line = {
    line: log.length + 1,
    at: new Date().toISOString(),
    phase: 'BUILD' as const,
    text: `company/account/internal/step${log.length}`,
  };
  log.push(line);
  publish({ type: 'log', deploymentId: 'dep-account-7', lines: [line] });
}, 700);

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}  (achmad / demo)`));
