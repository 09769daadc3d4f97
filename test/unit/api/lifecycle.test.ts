/** From the last use to the end, on a clock that only the test moves. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { AuditEntry } from '#schema/records';
import type { TimelineEntry } from '#schema/http';
import { World, CATALOGUE } from './support/world.ts';

const MINUTE = 60_000;
let world: World;
let now: number;
let start: number;
let token: string;

beforeEach(async () => {
  // Sessions end by the store's own clock.
  now = Math.ceil(Date.now() / 1000) * 1000;
  start = now;
  world = await new World().start({ clock: { now: () => now }, expiry: { afterMs: 100 * MINUTE, warnMs: 20 * MINUTE, deleteMs: 60 * MINUTE } });
  await world.onlineAgent();
  token = await world.login();
  await apply(CATALOGUE);
  await apply('sandbox: MINE # why\ngateway: {branch: develop}\n');
  await pass(0);
});
afterEach(() => world.remove());

const apply = (yaml: string) => world.call('POST', '/apply', { token, yaml });
const post = (path: string, body: unknown = {}) => world.call('POST', `/sandboxes/MINE/${path}`, { token, body });
const view = async () => (await world.call('GET', '/sandboxes/MINE/lifecycle', { token })).body;
const run = async () => (await world.store.get('Sandbox', 'MINE'))?.spec.run;
const after = (minutes: number): string => new Date(start + minutes * MINUTE).toISOString().replace('.000Z', 'Z');
const audit = async (): Promise<string[]> => (await world.store.audit({ user: 'SDP', oldestFirst: true })).map((entry: AuditEntry) => `${entry.action} ${entry.outcome}`);

async function pass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes || minutes === 0; minute += 5) {
    now += minutes === 0 ? 0 : 5 * MINUTE;
    await world.server.lifecycles.look();
    if (minutes === 0) return;
  }
}

it('warns, suspends and deletes as SDP, and says so where people look', async () => {
  await pass(80);
  expect(await view()).toMatchObject({ state: 'warned', activeBy: 'edit', expiresAt: after(100) });
  expect(await run()).toBeUndefined();
  await pass(20);
  expect(await run()).toBe('suspended');
  expect(await world.store.text('Sandbox', 'MINE')).toContain('# why');
  expect(await view()).toMatchObject({ state: 'expired', deletesAt: after(160) });
  const timeline = (await world.call('GET', '/sandboxes/MINE/timeline', { token })).body['items'] as TimelineEntry[];
  expect(timeline.map(({ by, title }) => `${by}: ${title}`)).toContain('SDP: Revision 2: Expired: not used for 1h 40m');
  await pass(60);
  expect((await world.store.get('Sandbox', 'MINE'))?.metadata.deletedAt).toBeDefined();
  expect(await audit()).toEqual(['sandbox.warn ok', 'sandbox.expire ok', 'sandbox.delete ok']);
});

it('begins anew when it is resumed', async () => {
  await pass(130);
  expect(await run()).toBe('suspended');
  await post('resume');
  await pass(5);
  expect(await view()).toMatchObject({ state: 'used', activeBy: 'edit' });
  await pass(70);
  expect(await run()).toBeUndefined();
});

it('can be extended and kept, by name in the audit', async () => {
  await pass(90);
  expect((await post('extend', { by: '2h' })).body).toMatchObject({ state: 'used', expiresAt: after(220) });
  expect((await post('extend', { by: '2w' })).body).toMatchObject({ code: 'invalid_request', message: '"2w" is no time such as 12h or 7d.' });
  await pass(125);
  expect(await view()).toMatchObject({ state: 'warned' });
  expect((await post('keep')).body).toMatchObject({ state: 'kept', keptBy: 'achmad' });
  await pass(300);
  expect(await run()).toBeUndefined();
  const free = await world.call('DELETE', '/sandboxes/MINE/keep', { token });
  expect(free.body).toMatchObject({ state: 'used' });
  await pass(25);
  expect(await run()).toBe('suspended');
  expect((await world.store.audit({ user: 'achmad', action: 'sandbox' })).map(({ action }) => action)).toEqual(expect.arrayContaining(['sandbox.extend', 'sandbox.keep', 'sandbox.unkeep']));
});

it('is not touched while somebody holds it, and others cannot extend it then', async () => {
  await post('hold', { for: '10h' });
  const other = await world.login('budi');
  expect((await world.call('POST', '/sandboxes/MINE/extend', { token: other, body: { by: '1d' } })).body).toMatchObject({ code: 'held' });
  await pass(300);
  expect(await run()).toBeUndefined();
});

it('expires nothing at once after the server was down, and goes on counting where it was', async () => {
  await pass(70);
  now += 60 * 24 * 60 * MINUTE;
  await world.server.lifecycles.look();
  token = await world.login();
  expect(await view()).toMatchObject({ state: 'used' });
  await pass(10);
  expect(await view()).toMatchObject({ state: 'warned' });
});

it('is the same after a re-apply that changes nothing', async () => {
  await pass(100);
  await apply('sandbox: MINE # why\ngateway: {branch: develop}\nrun: suspended\n');
  await pass(5);
  expect(await view()).toMatchObject({ state: 'expired' });
});
