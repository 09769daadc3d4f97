import { describe, expect, it } from 'vitest';
import type { Attempt } from '#specs/store';
import type { Subject } from './contract.ts';
import { deployment, resolution } from './fixtures.ts';

export function recordContract(subject: Subject): void {
  describe('records', () => {
    it('keeps the first resolution of a service and generation for ever', async () => {
      const { store } = subject;
      await store.addResolution(resolution('u', 2, 'b'.repeat(40)));
      await store.addResolution(resolution('u', 1, 'a'.repeat(40)));
      await store.addResolution(resolution('u', 1, 'c'.repeat(40)));
      expect(await store.resolutions('u')).toEqual([
        resolution('u', 1, 'a'.repeat(40)),
        resolution('u', 2, 'b'.repeat(40)),
      ]);
      expect(await store.resolutions('other')).toEqual([]);
    });

    it('never moves a deployment back, nor out of a terminal state', async () => {
      const { store } = subject;
      await store.putDeployment(deployment('d1'));
      await store.putDeployment(deployment('d1', { state: 'BUILDING', commit: 'c'.repeat(40) }));
      await store.putDeployment(deployment('d1', { state: 'FETCHING' }));
      expect(await store.deployment('d1')).toEqual(deployment('d1', { state: 'BUILDING', commit: 'c'.repeat(40) }));
      const failed = deployment('d1', {
        state: 'FAILED',
        reason: 'build_failed',
        completedAt: '2026-01-01T00:01:00.000Z',
      });
      await store.putDeployment(failed);
      await store.putDeployment(deployment('d1', { state: 'STOPPED' }));
      await store.putDeployment(deployment('d1', { state: 'RUNNING' }));
      expect(await store.deployment('d1')).toEqual(failed);
      expect(await store.deployment('none')).toBeUndefined();
    });

    it('lists deployments newest first, by sandbox, service, open, with a cursor', async () => {
      const { store } = subject;
      await store.putDeployment(deployment('d1', { state: 'RUNNING' }));
      await store.putDeployment(deployment('d2', { service: 'user' }));
      await store.putDeployment(deployment('d3', { sandbox: 'OTHER', sandboxUid: 'uid-2' }));
      const ids = async (filter: Parameters<typeof store.deployments>[0]) =>
        (await store.deployments(filter)).map(({ id }) => id);
      expect(await ids({})).toEqual(['d3', 'd2', 'd1']);
      expect(await ids({ sandbox: 'qa-1' })).toEqual(['d2', 'd1']);
      expect(await ids({ sandboxUid: 'uid-2' })).toEqual(['d3']);
      expect(await ids({ service: 'user' })).toEqual(['d2']);
      expect(await ids({ open: true })).toEqual(['d3', 'd2']);
      expect(await ids({ open: false })).toEqual(['d1']);
      expect(await ids({ limit: 1, before: 'd3' })).toEqual(['d2']);
    });

    it('keeps events in order and each once', async () => {
      const { store } = subject;
      const started = {
        deploymentId: 'd',
        event: 'BUILD_STARTED',
        at: '2026-01-01T00:00:00.000Z',
        node: 'micro-1',
      } as const;
      const failed = {
        deploymentId: 'd',
        event: 'DEPLOY_FAILED',
        at: '2026-01-01T00:00:01.000Z',
        durationMs: 1000,
        error: { code: 'build_failed', message: 'no' },
      } as const;
      await store.addDeploymentEvents([started, failed]);
      await store.addDeploymentEvents([started, failed]);
      expect(await store.deploymentEvents('d')).toEqual([started, failed]);
    });

    it('remembers attempts until they are cleared', async () => {
      const { store } = subject;
      const attempt: Attempt = {
        sandboxUid: 'u',
        service: 'account',
        step: 'build',
        input: 'c1',
        count: 1,
        code: 'build_failed',
        message: 'no',
        nextAt: '2026-01-01T00:00:00.000Z',
      };
      await store.putAttempt(attempt);
      const { nextAt: _nextAt, ...given } = { ...attempt, count: 5 };
      await store.putAttempt(given);
      await store.putAttempt({ ...attempt, step: 'run' });
      await store.putAttempt({ ...attempt, service: 'user' });
      expect(await store.attempts('u')).toEqual([given, { ...attempt, step: 'run' }, { ...attempt, service: 'user' }]);
      await store.clearAttempts('u', 'account', 'build');
      await store.clearAttempts('u', 'user');
      expect(await store.attempts('u')).toEqual([{ ...attempt, step: 'run' }]);
      await store.clearAttempts('u');
      expect(await store.attempts('u')).toEqual([]);
    });

    it('knows nodes and the tokens that belong to them until they are forgotten', async () => {
      const { store } = subject;
      const node = {
        name: 'micro-1',
        type: 'MICRO',
        address: '10.0.0.1',
        engine: 'e1',
        lastSeenAt: '2026-01-01T00:00:00.000Z',
      } as const;
      await store.putNode(node);
      await store.putNode({ ...node, address: '10.0.0.2' });
      await store.putNodeToken('micro-1', 'hash1');
      await store.putNodeToken('micro-1', 'hash2');
      expect(await store.nodes()).toEqual([{ ...node, address: '10.0.0.2' }]);
      expect(await store.nodeOfToken('hash1')).toBe('micro-1');
      await store.forgetNode('micro-1');
      expect(await store.nodes()).toEqual([]);
      expect(await store.nodeOfToken('hash2')).toBeUndefined();
    });

    it('ends sessions when they expire or are deleted', async () => {
      let time = Date.parse('2026-01-01T00:00:00.000Z');
      const store = await subject.another({ clock: () => time });
      const session = { username: 'ana', createdAt: '2026-01-01T00:00:00.000Z', expiresAt: '2026-01-01T01:00:00.000Z' };
      await store.putSession({ ...session, tokenHash: 'a' });
      await store.putSession({ ...session, tokenHash: 'b' });
      expect(await store.session('a')).toEqual(session);
      await store.deleteSession('a');
      expect(await store.session('a')).toBeUndefined();
      time += 3_600_000;
      expect(await store.session('b')).toBeUndefined();
    });

    it('lists the audit newest first, by sandbox in any case, in pages', async () => {
      const { store } = subject;
      for (const sandbox of ['QA', 'QB', 'qa']) {
        await store.addAudit({
          at: '2026-01-01T00:00:00.000Z',
          user: 'ana',
          action: 'sandbox.apply',
          sandbox,
          outcome: 'ok',
        });
      }
      await store.addAudit({
        at: '2026-01-01T00:00:00.000Z',
        user: 'ana',
        action: 'login',
        outcome: 'refused',
        message: 'wrong password',
      });
      expect((await store.audit({})).map(({ id }) => id)).toEqual([4, 3, 2, 1]);
      expect((await store.audit({ limit: 2, before: 4 })).map(({ id }) => id)).toEqual([3, 2]);
      expect((await store.audit({ sandbox: 'Qa' })).map(({ id }) => id)).toEqual([3, 1]);
      expect((await store.audit({ limit: 1 }))[0]).toEqual({
        id: 4,
        at: '2026-01-01T00:00:00.000Z',
        user: 'ana',
        action: 'login',
        outcome: 'refused',
        message: 'wrong password',
      });
    });

    it('keeps settings', async () => {
      const { store } = subject;
      expect(await store.setting('installation')).toBeUndefined();
      await store.putSetting('installation', 'a');
      await store.putSetting('installation', 'b');
      expect(await store.setting('installation')).toBe('b');
    });
  });
}
