import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { TimelineView } from '#schema/http';
import type { Transition } from '#schema/records';
import type { SandboxStatus, ServiceStatus } from '#schema/status';
import { timelineText } from '#api/cli/timeline-text';
import { changedSince, lastWorked } from '#api/timeline/worked';
import { CATALOGUE, SANDBOX, World } from './support/world.ts';

const ready = (at: string, status: string, observedVersion: number): Transition => ({
  seq: 0, sandboxUid: 'u', at, kind: 'ready', status, reason: 'R', message: 'm', generation: 1, observedVersion,
});

describe('the last time that it worked', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');

  it('ends with the newest time of Ready that lasted', () => {
    const flapped = [ready('2026-03-01T11:00:05Z', 'False', 9), ready('2026-03-01T11:00:00Z', 'True', 9), ready('2026-03-01T10:00:00Z', 'False', 4), ready('2026-03-01T08:00:00Z', 'True', 3)];
    expect(lastWorked(flapped, now)).toEqual({ from: '2026-03-01T08:00:00Z', until: '2026-03-01T10:00:00Z', observedVersion: 4 });
    expect(lastWorked(flapped.slice(1), now)).toEqual({ from: '2026-03-01T11:00:00Z', observedVersion: 9 });
    expect(lastWorked([ready('2026-03-01T11:00:00Z', 'False', 1)], now)).toBeUndefined();
  });

  it('leaves what it worked with out of what changed since, whatever the clock says', () => {
    const entry = { id: 'x', kind: 'spec' as const, title: '', details: [], cause: true };
    const worked = { from: '2026-03-01T08:00:00Z', until: '2026-03-01T10:00:00Z', observedVersion: 4 };
    const known = { ...entry, at: '2026-03-01T10:00:01Z', resourceVersion: 4 };
    const news = { ...entry, at: '2026-03-01T09:59:30Z', resourceVersion: 5 };
    const restart = { ...entry, at: '2026-03-01T09:59:40Z' };
    const effect = { ...entry, at: '2026-03-01T10:00:02Z', cause: false };
    expect(changedSince([effect, known, restart, news, { ...entry, at: '2026-03-01T09:00:00Z' }], worked)).toEqual([news, restart]);
  });
});

describe('a timeline', () => {
  let world: World;
  let token: string;
  let uid: string;
  beforeEach(async () => {
    world = await new World().start();
    await world.onlineAgent();
    token = await world.login();
    await apply(CATALOGUE);
    await apply('apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: db}\nspec: {secrets: {PASSWORD: hunter2hunter2}}\n');
    await apply(`${SANDBOX}environments: [db]\n`);
    uid = (await world.store.get('Sandbox', 'qa-login-error'))?.metadata.uid ?? '';
  });
  afterEach(() => world.remove());

  const apply = async (yaml: string): Promise<void> => expect((await world.call('POST', '/apply', { token, yaml })).status).toBe(200) as unknown as void;
  const timeline = async (query = ''): Promise<TimelineView> => (await world.call('GET', `/sandboxes/qa-login-error/timeline${query}`, { token })).body as unknown as TimelineView;

  async function status(is: 'True' | 'False', account: Partial<ServiceStatus> = {}, generation = 1): Promise<void> {
    const written: SandboxStatus = {
      observedGeneration: generation,
      observedResourceVersion: await world.store.currentVersion(),
      sync: 'Synced',
      health: 'Healthy',
      operation: 'RUNNING',
      conditions: [{ type: 'Ready', status: is, reason: is === 'True' ? 'AllRunning' : 'Failed', message: is === 'True' ? 'Everything runs.' : 'account: ended', lastTransitionTime: '' }],
      services: { account: { state: 'RUNNING', container: 'c1', commit: 'a'.repeat(40), restarts: 0, ...account } },
    };
    await world.store.writeStatus(uid, written);
  }

  it('puts what changed since it worked first: flip, secret, commit, restart; and tells effects in the same order', async () => {
    await status('True');
    await world.call('PUT', '/sandboxes/qa-login-error/routes/account', { token, body: { target: 'ocp' } });
    await status('True');
    await apply('apiVersion: sdp/v1\nkind: Environment\nmetadata: {name: db}\nspec: {secrets: {PASSWORD: other-hunter2}, variables: {A: "1"}}\n');
    await apply(`${SANDBOX.replace('feature/login-error', 'develop')}environments: [db]\n`);
    await world.store.addResolution({ sandboxUid: uid, generation: 2, service: 'account', repository: 'account', branch: 'develop', commit: 'b'.repeat(40), subject: 'Rewrite the login', author: 'Budi', authoredAt: '', resolvedAt: new Date().toISOString(), resolvedBy: 'achmad' });
    await world.call('POST', '/sandboxes/qa-login-error/services/account/restart', { token });
    await world.store.putDeployment({ id: 'd1', sandboxUid: uid, sandbox: 'qa-login-error', service: 'account', repository: 'account', branch: 'develop', commit: 'b'.repeat(40), user: 'achmad', generation: 2, state: 'FAILED', reason: 'container_exited', message: 'it never became healthy', startedAt: new Date().toISOString(), completedAt: new Date().toISOString() });
    await world.store.addDeploymentEvents([{ deploymentId: 'd1', event: 'deploy.failed' as never, at: new Date().toISOString(), error: { code: 'container_exited', message: 'panic: no route to the database' } }]);
    await status('False', { restarts: 2 }, 2);
    const view = await timeline();
    expect(view.ready).toBe(false);
    expect(view.changed?.map(({ kind, title, by }) => [kind, title, by]).slice(0, 2).sort()).toEqual([
      ['environment', 'Environment db changed', 'achmad'],
      ['secret', 'Secret PASSWORD of environment db was changed: version 1 -> 2', 'achmad'],
    ]);
    expect(view.changed?.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['spec', 'commit', 'action']));
    expect(view.changed?.map(({ kind }) => kind)).not.toContain('route');
    expect(view.items.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['route', 'failed', 'restarted', 'not-ready', 'ready']));
    expect(view.items.find(({ kind }) => kind === 'failed')).toMatchObject({ details: ['first error: panic: no route to the database'], title: expect.stringContaining('it never became healthy') });
    expect(view.items.find(({ kind }) => kind === 'commit')?.title).toBe('account goes to bbbbbbbb "Rewrite the login" by Budi, newest of develop');
    expect(view.items.map(({ at }) => at)).toEqual(view.items.map(({ at }) => at).sort().reverse());
    expect(JSON.stringify(view)).not.toContain('hunter2');
    const text = timelineText('QA-LOGIN-ERROR', view, true, 80);
    expect(text.indexOf('What changed since it worked')).toBeLessThan(text.indexOf('What happened'));
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('works: nothing is asked for, and what it was before is told', async () => {
    await status('False');
    await status('True');
    const view = await timeline();
    expect(view).toMatchObject({ ready: true, worked: { from: expect.any(String) } });
    expect(view.changed).toBeUndefined();
  });

  it('pages without losing or repeating an entry, and begins where it is told', async () => {
    for (const branch of ['a', 'b', 'c', 'd', 'e']) await apply(`${SANDBOX.replace('feature/login-error', branch)}environments: [db]\n`);
    await status('False', {}, 6);
    const all = (await timeline()).items.map(({ id }) => id);
    const paged: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined; ) {
      const page = await timeline(`?limit=2${cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`}`);
      paged.push(...page.items.map(({ id }) => id));
      cursor = page.next;
    }
    expect(paged).toEqual(all);
    expect(all).toHaveLength(7);
    expect((await timeline('?since=2099-01-01')).items).toEqual([]);
    expect((await world.call('GET', '/sandboxes/qa-login-error/timeline?since=x', { token })).body.code).toBe('invalid_request');
    await world.call('DELETE', '/sandboxes/qa-login-error', { token });
    await world.store.finishFinalizer(uid, 'sandbox');
    const gone = await timeline();
    expect(gone).toMatchObject({ ready: false, deletedAt: expect.any(String) as string });
    expect(gone.items.length).toBeGreaterThan(all.length);
    expect(timelineText('QA-LOGIN-ERROR', gone, true, 80)).toMatch(/^\S*QA-LOGIN-ERROR was deleted on/);
    expect((await world.call('GET', '/sandboxes/none/timeline', { token })).status).toBe(404);
  });
});
