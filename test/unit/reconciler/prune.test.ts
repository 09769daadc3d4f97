import { beforeEach, describe, expect, it } from 'vitest';
import type { Draft, SnapshotSpec } from '#schema/documents';
import type { CommandOf } from '#schema/wire/commands';
import { freshWorlds, type TestWorld } from './support/world.ts';

let world: TestWorld;
freshWorlds((made) => void (world = made));

/** What nodes were told to keep by the newest prune. */
async function told(node: string): Promise<CommandOf<'prune'>> {
  await Promise.race([world.reconciler.prune(), world.pass(1_000)]);
  await world.pass(1_000);
  const found = world.fleet.sent.filter((sent) => sent.node === node && sent.command.type === 'prune').at(-1);
  if (found === undefined) throw new Error('no prune was sent');
  return found.command as CommandOf<'prune'>;
}

function snapshot(commit: string): Draft {
  const about = { takenAt: '', takenBy: 'ada', installation: 'test', storeVersion: 1, environments: [], services: [], images: [], unpinned: [] };
  const spec: SnapshotSpec = {
    ...about,
    sandbox: { name: 'GONE', uid: 'gone', revision: 1, generation: 1, spec: {} },
    commits: [{ service: 'account', repository: 'account', branch: 'develop', commit, subject: '', author: '', authoredAt: '' }],
  };
  return { apiVersion: 'sdp/v1', kind: 'Snapshot', metadata: { name: 's' }, spec };
}

beforeEach(async () => {
  world.apply('QA', { services: { account: { branch: 'develop' } } });
  await world.up();
});

describe('pruning', () => {
  it('keeps images and commits of sandboxes, and of the versions before that a rollback asks for', async () => {
    for (const commit of ['a3', 'a4', 'a5']) {
      world.push('account', 'develop', commit);
      world.deploy('QA');
      await world.pass(60_000);
    }
    const command = await told('micro-1');
    expect(command.keepImages.map((ref) => ref.replace(/-.*/, ''))).toEqual(['sdp/account:a3', 'sdp/account:a4', 'sdp/account:a5']);
    expect(command.keepCommits).toEqual({ account: ['a1', 'a3', 'a4', 'a5'], payment: [], user: [] });
  });

  it('keeps those of a snapshot for as long as it is there, whatever became of the sandbox', async () => {
    world.store.put(snapshot('a9'));
    expect((await told('micro-1')).keepCommits?.['account']).toEqual(['a1', 'a9']);
    expect((await told('micro-1')).keepImages.some((ref) => ref.startsWith('sdp/account:a9-'))).toBe(true);
    world.store.documents.delete('Snapshot/s');
    expect((await told('micro-1')).keepCommits?.['account']).toEqual(['a1']);
  });

  it('takes away what a sandbox left behind, and what is wanted again is built again', async () => {
    const { metadata } = world.store.sandbox('QA');
    const images = (): string[] => [...(world.fleet.engines.get('engine-m')?.images ?? [])];
    expect(images().some((ref) => ref.startsWith('sdp/account:a1-'))).toBe(true);
    world.store.documents.delete(`Sandbox/${metadata.slug}`);
    world.reconciler.enqueue(metadata.uid);
    await world.pass(60_000);
    await told('micro-1');
    expect(images().some((ref) => ref.startsWith('sdp/account:a1-'))).toBe(false);
    world.apply('AGAIN', { services: { account: { branch: 'develop' } } });
    await world.pass(60_000);
    expect(world.status('AGAIN').services['account']?.state).toBe('RUNNING');
  });

  it('happens once an hour by itself, and asks nothing of a node that does not report', async () => {
    world.fleet.disconnect('gateway-1');
    await world.pass(61 * 60_000);
    const asked = world.fleet.sent.filter(({ command }) => command.type === 'prune').map(({ node }) => node);
    expect(asked).toEqual(['micro-1']);
  });

  it('asks nobody when what is needed cannot be read', async () => {
    world.store.resolvedCommits = () => Promise.reject(new Error('disk'));
    await expect(world.reconciler.prune()).rejects.toThrow('disk');
    expect(world.fleet.sent.some(({ command }) => command.type === 'prune')).toBe(false);
  });
});
