import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditEntry } from '#schema/records';
import { Syslog } from '#api/audit/syslog';
import { syslogMessage } from '#api/audit/syslog-message';
import { parseSyslogTarget, type SyslogTarget } from '#api/audit/syslog-target';
import { jsonLogger } from '#api/http/logger';
import { cli } from './support/cli.ts';
import { PASSWORD, World } from './support/world.ts';

const entry = { at: '2026-03-01T09:00:00.000Z', user: 'eva', action: 'route.set', sandbox: 'QA', outcome: 'ok', message: 'to "ocp"\nnow' } as const;

describe('the audit', () => {
  let world: World;
  let token: string;
  beforeEach(async () => {
    world = await new World().start();
    await world.onlineAgent();
    token = await world.login();
  });
  afterEach(() => world.remove());
  const find = async (query: string): Promise<AuditEntry[]> => (await world.call('GET', `/audit?${query}`, { token })).body['items'] as AuditEntry[];

  it('is filtered by who, what, where, outcome and time', async () => {
    await world.store.addAudit({ ...entry });
    await world.store.addAudit({ ...entry, at: '2026-03-02T09:00:00.000Z', action: 'routes', user: 'budi', environment: 'qa', outcome: 'refused' });
    expect(await find('user=eva')).toMatchObject([{ sandbox: 'QA' }]);
    expect(await find('action=route')).toMatchObject([{ action: 'route.set' }]);
    expect(await find('action=route.set')).toHaveLength(1);
    expect(await find('action=route%25')).toHaveLength(0);
    expect(await find('environment=QA&outcome=refused')).toMatchObject([{ user: 'budi' }]);
    expect(await find('since=2026-03-01T12:00:00Z&until=2026-03-03')).toMatchObject([{ user: 'budi' }]);
    expect((await world.call('GET', '/audit?outcome=bad', { token })).body.code).toBe('invalid_request');
    expect((await world.call('GET', '/audit?since=bad', { token })).body.code).toBe('invalid_request');
  });

  it('is exported whole as lines of JSON, oldest first, and goes on after an entry', async () => {
    await Promise.all(Array.from({ length: 2_300 }, (_, index) => world.store.addAudit({ ...entry, message: `${index}` })));
    const ran = await cli({ url: world.server.url, token }, 'audit', '--user', 'eva', '-o', 'jsonl');
    const lines = ran.out.trimEnd().split('\n').map((line) => JSON.parse(line) as AuditEntry);
    expect(lines).toHaveLength(2_300);
    expect(lines.map(({ id }) => id)).toEqual(lines.map(({ id }) => id).sort((a, b) => a - b));
    const rest = await fetch(`${world.server.url}/api/v1/audit/export?user=eva&after=${lines[2_297]?.id}`, { headers: { authorization: `Bearer ${token}` } });
    expect((await rest.text()).trim().split('\n')).toHaveLength(2);
    expect(await cli({ url: world.server.url, token }, 'audit', '--limit', '1200', '-o', 'name')).toMatchObject({ code: 0, out: expect.stringMatching(/^(\d+\n){1200}$/) });
  });

  it('holds no password, not even of a login that was refused', async () => {
    await world.call('POST', '/login', { body: { username: 'eva', password: `${PASSWORD}-wrong` } });
    expect(JSON.stringify(await world.store.audit({}))).not.toContain(PASSWORD);
  });
});

describe('a syslog', () => {
  const target = (text: string): SyslogTarget => parseSyslogTarget(text) ?? expect.fail(text);
  const logged: string[] = [];
  const log = jsonLogger((line) => void logged.push(line));
  const until = async (condition: () => boolean): Promise<void> => {
    for (const end = Date.now() + 5_000; !condition(); ) {
      if (Date.now() > end) throw new Error('waited in vain');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  let syslog: Syslog | undefined;
  afterEach(() => syslog?.close());

  it('is named by protocol, host and port', () => {
    expect(target('udp://log.company.com')).toEqual({ kind: 'udp', host: 'log.company.com', port: 514 });
    expect(target('tcp://[::1]:6514')).toEqual({ kind: 'tcp', host: '::1', port: 6514 });
    expect(target('unix:/dev/log')).toEqual({ kind: 'unix', path: '/dev/log' });
    for (const text of ['/dev/log', 'udp:log', 'tcp://h:0', 'http://h', 'tcp://u:p@h']) expect(parseSyslogTarget(text)).toBeUndefined();
  });

  it('gets one line of RFC 5424 for each entry', () => {
    const message = syslogMessage(entry, { host: 'my host', pid: 7 });
    expect(message).toMatch(/^<110>1 2026-03-01T09:00:00\.000Z my_host sdp 7 route\.set - \{"at"/);
    expect(message).not.toContain('\n');
    expect(syslogMessage({ ...entry, outcome: 'refused' }, { host: 'h', pid: 7 })).toMatch(/^<108>1 /);
  });

  it('is reached over UDP, with what is sent before it is ready', async () => {
    const socket = createSocket('udp4');
    const got: string[] = [];
    socket.on('message', (data) => got.push(String(data)));
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    syslog = new Syslog(target(`udp://127.0.0.1:${socket.address().port}`), log);
    syslog.send(entry);
    await until(() => got.length === 1);
    socket.close();
  });

  it('is reached over TCP with counted octets, again after it was gone; what was too much is dropped, counted and said', async () => {
    const got: string[] = [];
    const listen = (port: number) => {
      const server = createServer((socket) => void socket.on('error', () => undefined).on('data', (data) => void got.push(String(data))));
      return new Promise<typeof server>((resolve) => void server.listen(port, '127.0.0.1', () => resolve(server)));
    };
    const first = await listen(0);
    const { port } = first.address() as AddressInfo;
    await new Promise((resolve) => first.close(resolve));
    syslog = new Syslog(target(`tcp://127.0.0.1:${port}`), log);
    for (let index = 0; index < 5_010; index++) syslog.send({ ...entry, message: 'ö' });
    expect(syslog.dropped).toBe(10);
    const second = await listen(port);
    await until(() => got.join('').split('<110>1').length === 5_001);
    const [count, rest] = [parseInt(got.join(''), 10), got.join('').replace(/^\d+ /, '')];
    expect(Buffer.from(rest).subarray(0, count).toString().endsWith('"message":"ö"}')).toBe(true);
    expect(logged.join('')).toContain('"dropped":10');
    syslog.close();
    second.close();
  });

  it('is reached over a stream socket of this host', async () => {
    const world = await new World().start();
    const path = join(world.directory, 'log');
    const got: string[] = [];
    const server = createServer((socket) => void socket.on('data', (data) => void got.push(String(data))));
    await new Promise<void>((resolve) => void server.listen(path, resolve));
    await world.stop();
    await world.start({ auditSyslog: { kind: 'unix', path } });
    await world.onlineAgent();
    await world.login();
    await until(() => got.join('').includes('\n'));
    expect(got.join('')).toMatch(/^<110>1 \S+ \S+ sdp \d+ login - \{"user":"achmad","action":"login",.*"outcome":"ok"\}\n$/);
    expect(got.join('')).not.toContain(PASSWORD);
    await world.remove();
    server.close();
  });
});
