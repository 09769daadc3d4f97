/** A database of the first release is brought up to date with what it holds. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Migrator, sql } from 'kysely';
import { expect, it } from 'vitest';
import { openStore } from '#specs/open-store';
import { first } from '../../../specs/migrations/001-first.ts';
import { connect } from '../../../specs/connections.ts';
import { migrate, unmigrate } from '../../../specs/migrations/migrate.ts';
import { testKeys } from './fixtures.ts';

it('keeps allocations and lets ports released before rest from now on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sdp-migrate-'));
  const url = `sqlite:${join(folder, 'sdp.db')}`;
  try {
    const old = connect(url);
    await new Migrator({ db: old.write, provider: { getMigrations: () => Promise.resolve({ '001-first': first }) } }).migrateToLatest();
    await old.write.insertInto('ports').values({ engine: 'e1', port: 9001, kind: 'service', sandboxUid: 'u', sandbox: 'a', service: 's', allocatedAt: '2026-01-01T00:00:00Z' }).execute();
    await old.write.insertInto('restingPorts').values({ engine: 'e1', port: 9002, sandbox: 'b', service: 's', releasedSeq: 1 } as never).execute();
    await old.close();
    const store = await openStore({ url, masterKeys: testKeys });
    expect(await store.ports()).toMatchObject([{ port: 9001 }]);
    const claim = { engine: 'e1', kind: 'service' as const, sandboxUid: 'x', sandbox: 'c', service: 's' };
    expect((await store.claimPort(claim, { from: 9001, to: 9009 }, [])).port).toBe(9003);
    expect(await store.personalPorts()).toEqual([]);
    await store.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('refuses to change an entry of the audit, whoever opens the database', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sdp-audit-'));
  const url = `sqlite:${join(folder, 'sdp.db')}`;
  try {
    const store = await openStore({ url, masterKeys: testKeys });
    await store.addAudit({ at: '2026-01-01T00:00:00Z', user: 'ana', action: 'apply', outcome: 'refused' });
    await store.close();
    const other = connect(url);
    await expect(sql`update audit set outcome = 'ok'`.execute(other.write)).rejects.toThrow('audit entries never change');
    await other.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('takes every table away again, and makes them anew', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sdp-migrate-'));
  const url = `sqlite:${join(folder, 'sdp.db')}`;
  try {
    await (await openStore({ url, masterKeys: testKeys })).close();
    const connections = connect(url);
    await unmigrate(connections.write);
    expect((await connections.tables()).filter((table) => !table.startsWith('kysely'))).toEqual([]);
    await migrate(connections);
    expect(await connections.tables()).toContain('leases');
    await connections.close();
  } finally {
    await rm(folder, { recursive: true });
  }
});
