import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequestView } from '#schema/http';
import { ApiClient } from '#api/cli/client';
import { followRequests } from '#api/cli/follow-requests';
import { view } from '../requests/support.ts';
import type { ScriptedAgent } from '../support/scripted-agent.ts';
import { CATALOGUE, SANDBOX, World } from '../support/world.ts';

let world: World;
let uid: string;
let token: string;

beforeEach(async () => {
  world = await new World().start();
  await world.onlineAgent();
  token = await world.login();
  await world.call('POST', '/apply', { token, yaml: `${CATALOGUE}---\n${SANDBOX}` });
  uid = (await world.store.get('Sandbox', 'qa-login-error'))?.metadata.uid ?? '';
});
afterEach(() => world.remove());

const say = (agent: ScriptedAgent | undefined, seqs: number[], service = 'account'): void =>
  agent?.say({ type: 'requests', bootId: 'boot-1', missed: 0, requests: seqs.map((seq) => {
    const { node: _node, ...request } = view({ at: new Date().toISOString(), sandboxUid: uid, service });
    return { ...request, seq };
  }) });

describe('following requests', () => {
  it('shows the past, then what comes, and after a restart of the server what came meanwhile', async () => {
    const seen = new Map<number, RequestView>();
    const told: string[] = [];
    const abort = new AbortController();
    say(world.agents[0], [1, 2, 3]);
    say(world.agents[0], [4], 'payment');
    const { port } = new URL(world.server.url);
    const client = new ApiClient({ url: world.server.url, token });
    await expect.poll(async () => (await world.call('GET', '/sandboxes/qa-login-error/requests', { token })).body['items']).toHaveLength(4);
    const done = followRequests(client, 'QA-LOGIN-ERROR', {
      limit: '2', service: 'Account', signal: abort.signal, tell: (line) => told.push(line),
      show: (requests) => requests.forEach((request) => seen.set(request.seq, request)),
    });
    await expect.poll(() => [...seen.keys()]).toEqual([2, 3]);
    say(world.agents[0], [5]);
    say(world.agents[0], [6], 'payment');
    await expect.poll(() => [...seen.keys()]).toEqual([2, 3, 5]);

    await world.stop();
    await world.start({ listen: { host: '127.0.0.1', port: Number(port) } });
    const agent = await world.onlineAgent();
    say(agent, [5, 7, 8]);
    await expect.poll(() => [...seen.keys()]).toEqual([2, 3, 5, 7, 8]);
    expect(told).toContain('connection lost; trying again');
    abort.abort();
    await done;
  });

  it('ends with the reason when there is no server, no login or no sandbox', async () => {
    const options = { limit: '1', show: () => undefined, tell: () => undefined };
    await expect(followRequests(new ApiClient({ url: 'http://127.0.0.1:1' }), 'x', options)).rejects.toMatchObject({ code: 'unavailable' });
    await expect(followRequests(new ApiClient({ url: world.server.url }), 'x', options)).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(followRequests(new ApiClient({ url: world.server.url, token }), 'nobody', options)).rejects.toMatchObject({ code: 'not_found' });
  });
});
