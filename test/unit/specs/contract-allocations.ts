import { describe, expect, it } from 'vitest';
import type { Subject } from './contract.ts';

const range = { from: 9001, to: 9003 };
const claim = (sandbox: string, more: Partial<{ engine: string; service: string; uid: string }> = {}) => ({
  engine: more.engine ?? 'e1',
  kind: 'service' as const,
  sandboxUid: more.uid ?? `uid-${sandbox}`,
  sandbox,
  service: more.service ?? 'account',
});

export function allocationContract(subject: Subject): void {
  describe('ports', () => {
    const port = async (...given: Parameters<typeof subject.store.claimPort>) =>
      (await subject.store.claimPort(...given)).port;

    it('gives the lowest free port, and the same one to who holds it', async () => {
      expect(await port(claim('A'), range, [])).toBe(9001);
      expect(await port(claim('A'), range, [])).toBe(9001);
      expect(await port(claim('A', { service: 'user' }), range, [])).toBe(9002);
      expect(await port(claim('B', { engine: 'e2' }), range, [])).toBe(9001);
      expect(await subject.store.ports({ sandboxUid: 'uid-A' })).toHaveLength(2);
      expect(await subject.store.ports()).toHaveLength(3);
    });

    it('passes over ports that foreign processes hold, and moves a held one', async () => {
      expect(await port(claim('A'), range, [9001])).toBe(9002);
      expect(await port(claim('A'), range, [9002])).toBe(9001);
      expect(await subject.store.ports()).toMatchObject([{ port: 9001 }]);
    });

    it('moves when the range moves, and says when it is exhausted', async () => {
      expect(await port(claim('A'), range, [])).toBe(9001);
      expect(await port(claim('A'), { from: 9010, to: 9010 }, [])).toBe(9010);
      const refused = subject.store.claimPort(claim('B'), { from: 9010, to: 9010 }, []);
      await expect(refused).rejects.toMatchObject({
        code: 'port_pool_exhausted',
        message: expect.stringMatching(/9010.*"account".*"B"/) as string,
      });
    });

    it('keeps the held port when no other one is free', async () => {
      expect(await port(claim('A'), { from: 9001, to: 9001 }, [])).toBe(9001);
      await expect(port(claim('A'), { from: 9001, to: 9001 }, [9001])).rejects.toMatchObject({
        code: 'port_pool_exhausted',
      });
      expect(await subject.store.ports()).toMatchObject([{ port: 9001 }]);
    });

    it('lets released ports rest, except for the same service of a sandbox of that name', async () => {
      const { store } = subject;
      await port(claim('A'), range, []);
      await port(claim('B'), range, []);
      await store.releasePort('e1', 9002);
      await store.releasePort('e1', 9001);
      await store.releasePort('e1', 9001);
      expect(await port(claim('a', { uid: 'new' }), range, [])).toBe(9001);
      expect(await port(claim('C'), range, [])).toBe(9003);
      expect(await port(claim('D'), range, [])).toBe(9002);
      await store.releaseSandbox('uid-C');
      expect(await store.ports({ sandboxUid: 'uid-C' })).toEqual([]);
    });
  });

  describe('ports that rest', () => {
    const DAY = 86_400_000;

    it('are passed over for 14 days while others are free, then handed out like any other', async () => {
      let now = Date.parse('2026-01-01T00:00:00Z');
      const store = await subject.another({ clock: () => now });
      const claimed = async (name: string): Promise<number> => (await store.claimPort(claim(name), { from: 9001, to: 9009 }, [])).port;
      expect(await claimed('A')).toBe(9001);
      await store.releaseSandbox('uid-A');
      now += 14 * DAY - 1;
      expect(await claimed('B')).toBe(9002);
      now += 1;
      expect(await claimed('C')).toBe(9001);
    });

    it('go back to the same service of a sandbox of that name first, however long they rested', async () => {
      let now = Date.parse('2026-01-01T00:00:00Z');
      const store = await subject.another({ clock: () => now });
      const claimed = async (name: string, uid: string): Promise<number> =>
        (await store.claimPort(claim(name, { uid }), { from: 9001, to: 9009 }, [])).port;
      await claimed('X', 'uid-X');
      expect(await claimed('QA', 'first')).toBe(9002);
      await store.releaseSandbox('first');
      await store.releaseSandbox('uid-X');
      now += 400 * DAY;
      expect(await claimed('qa', 'second')).toBe(9002);
    });
  });

  describe('personal ports', () => {
    const own = async (user: string, sandboxUid: string, more: { engine?: string; avoid?: number[] } = {}): Promise<number> =>
      (await subject.store.claimPersonalPort({ user, engine: more.engine ?? 'e1', sandboxUid }, range, more.avoid ?? [])).port;
    const port = async (sandbox: string): Promise<number> => (await subject.store.claimPort(claim(sandbox), range, [])).port;

    it('share one pool with all others, and no two are the same', async () => {
      expect(await port('A')).toBe(9001);
      expect(await own('ana', 'uid-A')).toBe(9002);
      expect(await port('B')).toBe(9003);
      await expect(own('ben', 'uid-A')).rejects.toMatchObject({
        code: 'port_pool_exhausted',
        message: expect.stringMatching(/9001 and 9003.*ben.*3 are allocated/) as string,
      });
      await expect(port('C')).rejects.toMatchObject({ code: 'port_pool_exhausted' });
      expect(await own('ben', 'uid-A', { engine: 'e2' })).toBe(9001);
    });

    it('stay when they lead elsewhere, over a restart, and when their sandbox is gone', async () => {
      const { store } = subject;
      await port('A');
      expect(await own('ana', 'uid-A')).toBe(9002);
      expect(await own('ana', 'uid-B')).toBe(9002);
      expect(await store.personalPorts({ user: 'ana' })).toMatchObject([{ port: 9002, sandboxUid: 'uid-B', engine: 'e1' }]);
      await store.releaseSandbox('uid-B');
      const again = await subject.another();
      expect(await again.personalPorts()).toMatchObject([{ user: 'ana', port: 9002, sandboxUid: 'uid-B' }]);
      expect(await store.ports({ sandboxUid: 'uid-B' })).toEqual([]);
    });

    it('are kept by the former sandbox too until the new one has them in fact', async () => {
      const { store } = subject;
      const led = async (uid: string): Promise<(string | undefined)[]> => (await store.personalPorts({ sandboxUid: uid })).map((row) => row.formerUid);
      await own('ana', 'uid-A');
      await own('ana', 'uid-B');
      expect(await led('uid-A')).toEqual(['uid-A']);
      expect(await led('uid-B')).toEqual(['uid-A']);
      // Moved on before that: the one whose routes have it stays, the one between does not.
      await own('ana', 'uid-C');
      expect([await led('uid-A'), await led('uid-B'), await led('uid-C')]).toEqual([['uid-A'], [], ['uid-A']]);
      await store.settlePersonalPort('ana', 'uid-B');
      expect(await led('uid-A')).toEqual(['uid-A']);
      await store.settlePersonalPort('ana', 'uid-C');
      expect([await led('uid-A'), await led('uid-C')]).toEqual([[], [undefined]]);
      await own('ana', 'uid-D');
      await own('ana', 'uid-C');
      expect([await led('uid-C'), await led('uid-D')]).toEqual([[undefined], []]);
    });

    it('move when a foreign process has theirs, or to another engine', async () => {
      expect(await own('ana', 'uid-A')).toBe(9001);
      expect(await own('ana', 'uid-A', { avoid: [9001] })).toBe(9002);
      expect(await own('ana', 'uid-A', { engine: 'e2' })).toBe(9001);
      expect(await subject.store.personalPorts()).toHaveLength(1);
    });

    it('keep the one they have when no other is free', async () => {
      await port('A');
      await port('B');
      expect(await own('ana', 'uid-A')).toBe(9003);
      await expect(own('ana', 'uid-B', { avoid: [9003] })).rejects.toMatchObject({ code: 'port_pool_exhausted' });
      expect(await subject.store.personalPorts()).toMatchObject([{ port: 9003, sandboxUid: 'uid-A' }]);
    });

    it('are given up once, rest, and come back to the same person first', async () => {
      const { store } = subject;
      await own('ana', 'uid-A');
      expect(await store.releasePersonalPort('ana')).toMatchObject({ port: 9001 });
      expect(await store.releasePersonalPort('ana')).toBeUndefined();
      expect(await port('A')).toBe(9002);
      expect(await own('ben', 'uid-A')).toBe(9003);
      await store.releasePersonalPort('ben');
      expect(await own('ana', 'uid-A')).toBe(9001);
    });
  });

  describe('subnets', () => {
    const subnet = async (sandbox: string, pool: string, prefix: number, engine = 'e1') =>
      (await subject.store.claimSubnet({ engine, sandboxUid: `uid-${sandbox}`, sandbox }, { pool, prefix })).subnet;

    it('cuts blocks from the pool in order, per engine, and gives a sandbox its own again', async () => {
      expect(await subnet('A', '10.213.0.0/16', 26)).toBe('10.213.0.0/26');
      expect(await subnet('B', '10.213.0.0/16', 26)).toBe('10.213.0.64/26');
      expect(await subnet('A', '10.213.0.0/16', 26)).toBe('10.213.0.0/26');
      expect(await subnet('B', '10.213.0.0/16', 26, 'e2')).toBe('10.213.0.0/26');
      await subject.store.releaseSandbox('uid-A');
      expect(await subnet('C', '10.213.0.0/16', 26)).toBe('10.213.0.0/26');
      expect(await subject.store.subnets({ sandboxUid: 'uid-B' })).toHaveLength(2);
    });

    it('overlaps nothing when the prefix changes, and says when the pool is exhausted', async () => {
      expect(await subnet('A', '10.0.0.0/24', 26)).toBe('10.0.0.0/26');
      expect(await subnet('B', '10.0.0.0/24', 25)).toBe('10.0.0.128/25');
      await expect(subnet('C', '10.0.0.0/24', 25)).rejects.toMatchObject({ code: 'subnet_pool_exhausted' });
      expect(await subnet('C', '10.0.0.0/24', 26)).toBe('10.0.0.64/26');
    });

    it('refuses what is not a pool', async () => {
      for (const [pool, prefix] of [
        ['10.0.0.0/33', 26],
        ['x', 26],
        ['300.0.0.0/8', 26],
        ['10.0.0.0/24', 23],
        ['10.0.0.0/24', 31],
      ] as const) {
        await expect(subnet('A', pool, prefix)).rejects.toMatchObject({ code: 'invalid_request' });
      }
    });
  });
}
