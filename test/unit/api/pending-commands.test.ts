import { describe, expect, it } from 'vitest';
import { PendingCommands } from '#api/hub/pending-commands';
import type { RoutesCommand } from '#schema/wire/commands';
import type { CommandResult } from '#schema/wire/messages';

const command: RoutesCommand = {
  type: 'routes',
  id: 'same',
  epoch: 1,
  attempt: 1,
  deadline: new Date(Date.now() + 60_000).toISOString(),
  sandbox: { uid: 'u', slug: 'a', name: 'A' },
  routes: null,
  hash: 'h',
};
const result: CommandResult = { type: 'result', commandId: 'same', asOf: 1, ok: true, command: 'routes', value: {} };

describe('commands on their way', () => {
  it('are answered by their own node, where two nodes were sent the same order', async () => {
    const pending = new PendingCommands();
    const one = pending.add('gateway-1', command, Date.now(), () => undefined);
    const two = pending.add('micro-1', command, Date.now(), () => undefined);
    expect(pending.settle('gateway-1', result)).toBe(true);
    await expect(one).resolves.toEqual({});
    expect(pending.settle('micro-1', result)).toBe(true);
    await expect(two).resolves.toEqual({});
    expect(pending.size).toBe(0);
  });

  it('end with the session of their node alone', async () => {
    const pending = new PendingCommands();
    const one = pending.add('gateway-1', command, Date.now(), () => undefined);
    const two = pending.add('micro-1', command, Date.now(), () => undefined);
    pending.rejectNode('micro-1', 'cut');
    await expect(two).rejects.toMatchObject({ code: 'node_offline' });
    expect(pending.settle('gateway-1', result)).toBe(true);
    await expect(one).resolves.toEqual({});
  });
});
