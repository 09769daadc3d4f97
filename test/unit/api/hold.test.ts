import { afterEach, beforeEach, expect, it } from 'vitest';
import { CATALOGUE, SANDBOX, World, type Answered } from './support/world.ts';

let world: World;
let mine: string;
let hers: string;
let now = Date.now();
/** As a hold has it. */
const after = (hours: number): string => new Date(now + hours * 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
beforeEach(async () => {
  now = Date.now();
  world = await new World().start({ admins: ['root-ops'], clock: { now: () => now } });
  await world.onlineAgent();
  [mine, hers] = [await world.login('achmad'), await world.login('eva')];
  await world.call('POST', '/apply', { token: mine, yaml: CATALOGUE });
  await world.call('POST', '/apply', { token: mine, yaml: SANDBOX });
});
afterEach(() => world.remove());

const call = (token: string, method: string, path: string, body?: unknown): Promise<Answered> =>
  world.call(method, `/sandboxes/qa-login-error${path}`, { token, ...(body === undefined ? {} : { body }) });
const hold = (token: string, body: unknown): Promise<Answered> => call(token, 'POST', '/hold', body);
const spec = async (): Promise<unknown> => (await world.store.get('Sandbox', 'qa-login-error'))?.spec;

it("refuses others' changes by every verb, with who, until when, why and what to do", async () => {
  await hold(mine, { for: '2h', reason: 'demo at ten' });
  const answers = [
    await world.call('POST', '/apply', { token: hers, yaml: SANDBOX.replace('develop', 'main') }),
    await world.call('PUT', '/sandboxes/qa-login-error', { token: hers, yaml: SANDBOX.replace('develop', 'main') }),
    await call(hers, 'PUT', '/routes/account', { target: 'ocp' }),
    await call(hers, 'POST', '/deploy', {}),
    await call(hers, 'POST', '/suspend'),
    await call(hers, 'POST', '/services/account/restart'),
    await call(hers, 'POST', '/services/account/stop'),
    await call(hers, 'POST', '/rollback', { revision: 1 }),
    await call(hers, 'DELETE', ''),
    await hold(hers, {}),
    await call(hers, 'DELETE', '/hold'),
  ];
  for (const { status, body } of answers) {
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'held', message: `QA-LOGIN-ERROR is held by achmad until ${after(2)} (demo at ten).`, hint: expect.stringContaining('--release') });
  }
});

it('lets its holder change, extend and release it, and ends by itself', async () => {
  await hold(mine, { for: '2h' });
  expect((await call(mine, 'PUT', '/routes/account', { target: 'ocp' })).status).toBe(200);
  await hold(mine, { until: after(24), reason: 'longer' });
  expect(await spec()).toMatchObject({ hold: { by: 'achmad', until: after(24), reason: 'longer' } });
  await call(mine, 'DELETE', '/hold');
  expect(await spec()).not.toHaveProperty('hold');
  await hold(mine, { for: '30m' });
  now += 31 * 60_000;
  expect((await call(hers, 'POST', '/suspend')).status).toBe(200);
});

it('stays when a file that says nothing of it is applied, which changes nothing', async () => {
  await hold(mine, {});
  const held = await spec();
  expect((await world.call('POST', '/apply', { token: hers, yaml: SANDBOX })).body['results']).toMatchObject([{ outcome: 'unchanged' }]);
  await world.call('POST', '/apply', { token: mine, yaml: SANDBOX.replace('feature/login-error', 'develop') });
  expect(await spec()).toMatchObject({ hold: (held as { hold: unknown }).hold, services: { account: { branch: 'develop' } } });
  expect(await world.store.text('Sandbox', 'qa-login-error')).toContain('# why this sandbox');
});

it('is passed by an admin with force, which the audit says, and by nobody else', async () => {
  await hold(mine, {});
  expect((await call(hers, 'POST', '/suspend?force=true')).body).toMatchObject({ code: 'forbidden', hint: 'Admins are root-ops.' });
  const admin = await world.login('root-ops');
  expect((await call(admin, 'POST', '/suspend')).body.code).toBe('held');
  expect((await call(admin, 'POST', '/suspend?force=true')).status).toBe(200);
  expect(await world.store.audit({ user: 'root-ops', action: 'sandbox' })).toMatchObject([{ action: 'sandbox.suspend', outcome: 'ok', message: 'with force' }, { outcome: 'refused' }]);
  expect(await spec()).toMatchObject({ hold: { by: 'achmad' }, run: 'suspended' });
});

it('comes back with a deleted sandbox: only its holder restores it', async () => {
  await hold(mine, {});
  await call(mine, 'DELETE', '');
  const uid = (await world.store.get('Sandbox', 'qa-login-error'))?.metadata.uid ?? '';
  await world.store.finishFinalizer(uid, 'sdp/cleanup');
  expect((await call(hers, 'POST', '/restore')).body.code).toBe('held');
  expect((await call(mine, 'POST', '/restore')).status).toBe(200);
});

it('needs a time that is to come, and at most ninety days', async () => {
  for (const body of [{ until: after(-1) }, { until: 'soon' }, { for: 'x' }, { for: '91d' }, { for: '1h', until: after(2) }]) {
    expect((await hold(mine, body)).body.code).toBe('invalid_request');
  }
});
