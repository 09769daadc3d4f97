import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '#schema/records';
import type { JournalEntry } from '#schema/wire/messages';
import type { NodeState, ObservedContainer } from '#schema/wire/report';
import type { FetchCommand, StopCommand } from '#schema/wire/commands';
import { concerned } from '#api/hub/node-state';
import { JournalMarks } from '#api/hub/journal-marks';
import { LogStore } from '#api/logs/log-store';
import { emptyState, ScriptedAgent } from './support/scripted-agent.ts';
import { World } from './support/world.ts';

let world: World;
beforeEach(async () => void (world = await new World().start()));
afterEach(() => world.remove());

const soon = (ms: number): string => new Date(Date.now() + ms).toISOString();
const node = () => world.server.fleet.nodes()[0];
const container = (id: string, sandboxUid: string, state: ObservedContainer['state'] = 'running'): ObservedContainer => ({ id, name: `c-${id}`, state, sandboxUid });

function stop(id: string, ms = 5_000): StopCommand {
  return { type: 'stop', id, epoch: 1, attempt: 1, deadline: soon(ms), sandbox: { uid: 'u', slug: 's', name: 'S' }, service: 'account', containerId: 'c' };
}

describe('a session', () => {
  it('is online after the full report, and follows deltas', async () => {
    const agent = await (await world.agent()).connect();
    await agent.until(() => agent.received.length > 0);
    expect(agent.received[0]).toMatchObject({ type: 'welcome', installation: 'test', heartbeatSeconds: 10, edgeSecret: 'edge', edgeOwner: true });
    expect(node()).toMatchObject({ online: false });
    const changes: (readonly string[] | 'all')[] = [];
    world.server.fleet.onChange((uids) => changes.push(uids));
    agent.report(emptyState());
    await agent.until(() => node()?.online === true);
    agent.say({ type: 'delta', number: 2, at: soon(0), delta: { containers: { upsert: [container('1', 'uid-1')], remove: [] } } });
    await agent.until(() => node()?.reportNumber === 2);
    agent.say({ type: 'delta', number: 3, at: soon(0), delta: { containers: { upsert: [], remove: ['1'] } } });
    await agent.until(() => node()?.state?.containers.length === 0);
    expect(changes).toEqual(['all', ['uid-1'], ['uid-1']]);
  });

  it('ends when a delta is missing, so that the next one begins with a full report', async () => {
    const agent = await world.onlineAgent();
    agent.say({ type: 'delta', number: 3, at: soon(0), delta: {} });
    await agent.closed;
    expect(node()?.online).toBe(false);
    expect(node()?.state).toBeDefined();
  });

  it('is refused without a valid token, with the name of another node, and from a distant protocol', async () => {
    const stranger = new ScriptedAgent(world.server.url, 'sdpn_nonsense');
    await expect(stranger.connect()).rejects.toThrow('401');
    const token = await world.server.createNodeToken('micro-2');
    const other = await new ScriptedAgent(world.server.url, token).connect();
    await other.closed;
    expect(other.received).toMatchObject([{ type: 'refused', error: { code: 'forbidden', message: expect.stringContaining('"micro-2"') } }]);
    const old = await (await world.agent(undefined, 'micro-1', { protocol: 3 })).connect();
    await old.closed;
    expect(old.received).toMatchObject([{ type: 'refused', error: { code: 'protocol_skew', hint: expect.stringContaining('server') } }]);
    expect(world.server.fleet.nodes()).toEqual([]);
  });

  it('takes the place of an older one of the same node', async () => {
    const first = await world.onlineAgent();
    const second = await world.onlineAgent();
    await first.closed;
    expect(world.server.fleet.nodes()).toHaveLength(1);
    await second.until(() => node()?.online === true);
  });

  it('is offline after three missed heartbeats', async () => {
    await world.stop();
    await world.start({ heartbeatSeconds: 0.05 });
    const agent = await world.onlineAgent();
    await agent.closed;
    expect(node()?.online).toBe(false);
  });

  it('is remembered over a restart as silent, not as absent', async () => {
    await world.onlineAgent();
    await world.restart();
    expect(node()).toMatchObject({ online: false, hello: { node: { name: 'micro-1' } }, reportNumber: 0 });
    expect(node()?.state).toBeUndefined();
  });

  it('gives the edge of a shared engine to one agent, which keeps it until it is forgotten', async () => {
    const first = await world.onlineAgent();
    const second = await (await world.agent(undefined, 'a-first-by-name')).online();
    const owner = (agent: ScriptedAgent): unknown => agent.received.flatMap((message) => (message.type === 'welcome' ? [message.edgeOwner] : []));
    expect([owner(first), owner(second)]).toEqual([[true], [false]]);
    const token = await world.login();
    expect((await world.call('DELETE', '/nodes/micro-1', { token })).body.code).toBe('invalid_request');
    first.drop();
    await second.until(() => world.server.fleet.nodes().filter((known) => known.online).length === 1);
    expect((await world.call('DELETE', '/nodes/micro-1', { token })).status).toBe(204);
    await second.closed;
    const again = await (await world.agent(undefined, 'a-first-by-name')).online();
    expect(owner(again)).toEqual([true]);
    await expect(first.connect()).rejects.toThrow('401');
  });
});

describe('a command', () => {
  it('ends with its result or its error, and twice the same is sent once', async () => {
    const agent = await world.onlineAgent((command) => (command.id === 'bad' ? { error: { code: 'engine_failed', message: 'no' } } : { value: {} }));
    const { fleet } = world.server;
    const both = await Promise.all([fleet.send<'stop'>('micro-1', stop('good')), fleet.send<'stop'>('micro-1', stop('good'))]);
    expect(both).toEqual([{}, {}]);
    expect(agent.commands).toHaveLength(1);
    await expect(fleet.send<'stop'>('micro-1', stop('bad'))).rejects.toMatchObject({ code: 'engine_failed' });
  });

  it('is rejected when the session ends, when the node is offline or unknown, and at its deadline', async () => {
    const agent = await world.onlineAgent(() => 'silence');
    const { fleet } = world.server;
    const late = fleet.send<'stop'>('micro-1', stop('late', -1_900));
    await expect(late).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await agent.until(() => agent.received.some((message) => message.type === 'cancel' && message.commandId === 'late'));
    const lost = fleet.send<'stop'>('micro-1', stop('lost'));
    await agent.until(() => agent.commands.length === 2);
    agent.drop();
    await expect(lost).rejects.toMatchObject({ code: 'node_offline' });
    await expect(fleet.send<'stop'>('micro-1', stop('later'))).rejects.toMatchObject({ code: 'node_offline' });
    await expect(fleet.send<'stop'>('nobody', stop('x'))).rejects.toMatchObject({ code: 'node_offline' });
  });

  it('never shows its credentials in the log, also when it fails', async () => {
    await world.onlineAgent(() => ({ error: { code: 'git_auth', message: 'refused' } }));
    const fetch: FetchCommand = { ...stop('f'), type: 'fetch', repository: 'account', generation: 1, deploymentId: 'd', credentials: { username: 'u', password: 'hunter2' } };
    await expect(world.server.fleet.send<'fetch'>('micro-1', fetch)).rejects.toMatchObject({ code: 'git_auth' });
    expect(world.logged.join('')).not.toContain('hunter2');
  });
});

describe('what a report concerns', () => {
  const state = (change: Partial<NodeState> = {}): NodeState => ({ ...emptyState(), ...change });
  it('is the sandboxes whose containers, networks or routes differ', () => {
    const before = state({ containers: [container('1', 'a'), container('2', 'b')] });
    expect(concerned(before, before)).toEqual([]);
    expect(concerned(before, state({ containers: [container('1', 'a', 'exited'), container('2', 'b')] }))).toEqual(['a']);
    expect(concerned(before, state({ containers: [container('2', 'b')] }))).toEqual(['a']);
    expect(concerned(before, { ...before, edge: { ...before.edge, routes: { c: 'h' } } })).toEqual(['c']);
  });
  it('is everything when the node itself differs', () => {
    expect(concerned(undefined, state())).toBe('all');
    expect(concerned(state(), state({ repositories: [] }))).toBe('all');
    expect(concerned(state(), state({ edge: { ...emptyState().edge, foreignPorts: [8080] } }))).toBe('all');
    expect(concerned(state(), state({ containers: [{ id: 'x', name: 'sandbox-a-b', state: 'running', foreign: true }] }))).toBe('all');
  });
});

describe('the journal', () => {
  const deployment: Deployment = { id: 'd1', sandboxUid: 'u', sandbox: 'QA', service: 'account', repository: 'account', branch: 'develop', user: 'achmad', generation: 1, state: 'QUEUED', startedAt: '2026-01-01T00:00:00.000Z' };
  const at = (seq: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, seq)).toISOString();
  const line = (seq: number, text = `line ${seq}`): JournalEntry => ({ seq, at: at(seq), deploymentId: 'd1', kind: 'log', phase: 'BUILD', text });
  const event = (seq: number, name: 'BUILD_STARTED' | 'BUILD_COMPLETED'): JournalEntry => ({ seq, at: at(seq), deploymentId: 'd1', kind: 'event', event: name });
  const texts = (): string[] => new LogStore(join(world.directory, 'logs')).read('d1', 1, 1_000).map((entry) => entry.text);
  const names = async (): Promise<string[]> => (await world.store.deploymentEvents('d1')).map((stored) => stored.event);

  beforeEach(() => world.store.putDeployment(deployment));

  it('becomes log lines and events in order, and is acknowledged when stored', async () => {
    const agent = await world.onlineAgent();
    agent.journal([event(1, 'BUILD_STARTED'), line(2), line(3, 'two\nlines'), event(4, 'BUILD_COMPLETED')]);
    await agent.until(() => agent.acked() === 4);
    expect(readFileSync(join(world.directory, 'logs', 'd1.log'), 'utf8')).toBe(`${at(2)} [BUILD] line 2\n${at(3)} [BUILD] two\n${at(3)} [BUILD] lines\n`);
    expect(await names()).toEqual(['BUILD_STARTED', 'BUILD_COMPLETED']);
    expect(world.reconciler.events.map((seen) => seen.event)).toEqual(['BUILD_STARTED', 'BUILD_COMPLETED']);
    const token = await world.login();
    expect((await world.call('GET', '/deployments/d1/logs?from=2', { token })).body).toMatchObject({ lines: [{ line: 2, text: 'two', phase: 'BUILD' }, { line: 3 }], next: 4, last: 3 });
    expect((await world.call('GET', '/deployments/d1', { token })).body).toMatchObject({ deployment: { id: 'd1' }, events: [{ node: 'micro-1' }, {}], lines: 3 });
    expect((await world.call('GET', '/deployments?sandbox=qa', { token })).body).toMatchObject({ items: [{ id: 'd1' }] });
    expect((await world.call('GET', '/deployments/..%2f..%2fkey/logs', { token })).status).toBe(404);
  });

  it('is stored once when delivered again: after a reconnect, and after a restart of the server', async () => {
    const first = [event(1, 'BUILD_STARTED'), line(2), line(3)];
    const agent = await world.onlineAgent();
    agent.journal(first);
    await agent.until(() => agent.acked() === 3);
    agent.drop();
    const second = await world.onlineAgent();
    second.journal([...first, line(4)]);
    await second.until(() => second.acked() === 4);
    await world.restart();
    const third = await world.onlineAgent();
    third.journal([...first, line(4), line(5), event(6, 'BUILD_COMPLETED')]);
    await third.until(() => third.acked() === 6);
    expect(texts()).toEqual(['line 2', 'line 3', 'line 4', 'line 5']);
    expect(await names()).toEqual(['BUILD_STARTED', 'BUILD_COMPLETED']);
  });

  it('counts anew for a new start of the agent, and still takes what an older one left', async () => {
    const agent = await world.onlineAgent();
    agent.journal([line(1, 'old 1')], 'boot-1');
    agent.journal([line(1, 'new 1')], 'boot-2');
    agent.journal([line(1, 'old 1'), line(2, 'old 2')], 'boot-1');
    await agent.until(() => agent.acked() === 2);
    expect(texts()).toEqual(['old 1', 'new 1', 'old 2']);
  });

  it('is repaired after a crash in the middle of an append', async () => {
    const agent = await world.onlineAgent();
    agent.journal([line(1)]);
    await agent.until(() => agent.acked() === 1);
    await world.stop();
    // As a killed server leaves it: the size before was noted, some lines were written, nothing was acknowledged.
    const logs = new LogStore(join(world.directory, 'logs'));
    const marks = new JournalMarks(join(world.directory, 'ephemeral.db'));
    marks.set('micro-1', 'boot-1', { logSeq: 1, eventSeq: 1, intent: { d1: logs.size('d1') } });
    logs.append('d1', [{ at: at(2), phase: 'BUILD', text: 'line 2' }]);
    marks.close();
    await world.start();
    const again = await world.onlineAgent();
    again.journal([line(2), line(3), event(4, 'BUILD_STARTED')]);
    await again.until(() => again.acked() === 4);
    expect(texts()).toEqual(['line 1', 'line 2', 'line 3']);
  });

  it('stores events once when the server died between events and mark', async () => {
    await world.store.addDeploymentEvents([{ deploymentId: 'd1', event: 'BUILD_STARTED', at: at(1), node: 'micro-1' }]);
    await world.stop();
    const marks = new JournalMarks(join(world.directory, 'ephemeral.db'));
    marks.set('micro-1', 'boot-1', { logSeq: 2, eventSeq: 0, intent: null });
    marks.close();
    await world.start();
    const agent = await world.onlineAgent();
    agent.journal([event(1, 'BUILD_STARTED'), event(2, 'BUILD_COMPLETED')]);
    await agent.until(() => agent.acked() === 2);
    expect(await names()).toEqual(['BUILD_STARTED', 'BUILD_COMPLETED']);
    expect(world.reconciler.events).toHaveLength(2);
  });

  it('is not acknowledged when it cannot be stored, and comes again', async () => {
    const agent = await world.onlineAgent();
    const { addDeploymentEvents } = world.store;
    world.store.addDeploymentEvents = () => Promise.reject(new Error('disk'));
    agent.journal([line(1), event(2, 'BUILD_STARTED')]);
    await agent.closed;
    expect(agent.acked()).toBe(0);
    world.store.addDeploymentEvents = addDeploymentEvents;
    const again = await world.onlineAgent();
    again.journal([line(1), event(2, 'BUILD_STARTED')]);
    await again.until(() => again.acked() === 2);
    expect(texts()).toEqual(['line 1']);
    expect(await names()).toEqual(['BUILD_STARTED']);
  });

  it('does not stop at an entry of a deployment that is unknown or no id at all', async () => {
    const agent = await world.onlineAgent();
    agent.journal([{ ...event(1, 'BUILD_STARTED'), deploymentId: 'gone' }, { ...line(2), deploymentId: '../../key' }, line(3)]);
    await agent.until(() => agent.acked() === 3);
    expect(texts()).toEqual(['line 3']);
  });
});

describe('an error of a command', () => {
  it('comes without the password that the command carried, in any form', async () => {
    const password = 'p"w/ö\\1';
    const forms = [password, encodeURIComponent(password), Buffer.from(`u:${password}`).toString('base64')];
    await world.onlineAgent(() => ({ error: { code: 'fetch_failed', message: `fatal: ${forms.join(' ')} end`, hint: password } }));
    const fetch: FetchCommand = { ...stop('f'), type: 'fetch', repository: 'account', generation: 1, deploymentId: 'd', credentials: { username: 'u', password } };
    const error: unknown = await world.server.fleet.send<'fetch'>('micro-1', fetch).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'fetch_failed', message: expect.stringMatching(/^fatal: \*\*\* \*\*\* \*\*\*=* end$/), hint: '***' });
  });
});
