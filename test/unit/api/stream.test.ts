import { EventEmitter } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import fc from 'fast-check';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '#schema/records';
import type { StreamFilter, StreamMessage } from '#schema/stream';
import { LogStore } from '#api/logs/log-store';
import { MAX_LINE_BYTES } from '#api/logs/log-line';
import { Stream } from '#api/stream/stream';
import { CATALOGUE, SANDBOX, World } from './support/world.ts';

const folders: string[] = [];
const folder = (): string => {
  const made = mkdtempSync(join(tmpdir(), 'sdp-logs-'));
  folders.push(made);
  return made;
};
afterAll(() => folders.forEach((made) => rmSync(made, { recursive: true, force: true })));
const deployment = (sandbox: string, id = 'd1'): Deployment => ({ id, sandboxUid: 'u', sandbox, service: 'account', repository: 'account', branch: 'b', user: 'u', generation: 1, state: 'QUEUED', startedAt: '2026-01-01T00:00:00Z' });

/** A socket that keeps what it is sent; `bufferedAmount` is set by the test. */
class RecordingSocket extends EventEmitter {
  readonly messages: StreamMessage[] = [];
  bufferedAmount = 0;
  terminated = false;
  send(text: string): void {
    this.messages.push(JSON.parse(text) as StreamMessage);
  }
  ping(): void {}
  terminate(): void {
    this.terminated = true;
  }
  close(): void {}
  seqs(): number[] {
    return this.messages.flatMap((message) => (message.type === 'event' ? [message.event.seq] : []));
  }
}

function join_(stream: Stream, filter: StreamFilter = {}): RecordingSocket {
  const socket = new RecordingSocket();
  stream.accept(socket as unknown as WebSocket, filter);
  return socket;
}

describe('the stream', () => {
  let stream: Stream;
  beforeEach(() => void (stream = new Stream({ logs: new LogStore(folder()), clock: { now: () => 0 }, keepEvents: 5 })));
  afterEach(() => stream.close());

  it('says hello, then every event in order', () => {
    const client = join_(stream);
    stream.deployment(deployment('QA'));
    stream.deployment(deployment('QA'));
    expect(client.messages[0]).toEqual({ type: 'hello', seq: 0, boot: stream.boot });
    expect(client.seqs()).toEqual([1, 2]);
  });

  it('gives one who comes back exactly what was missed, or a gap when that is gone', () => {
    for (let i = 0; i < 8; i++) stream.deployment(deployment('QA'));
    expect(join_(stream, { since: 5, boot: stream.boot }).seqs()).toEqual([6, 7, 8]);
    expect(join_(stream, { since: 3 }).seqs()).toEqual([4, 5, 6, 7, 8]);
    expect(join_(stream, { since: 8 }).messages).toHaveLength(1);
    for (const filter of [{ since: 2 }, { since: 8, boot: 'another' }, { since: 99 }]) {
      expect(join_(stream, filter).messages).toEqual([expect.objectContaining({ type: 'hello' }), { type: 'gap', seq: 8 }]);
    }
  });

  it('sends of one sandbox only its own, and log lines only to whom asked for that log', () => {
    const [all, qa, logs] = [join_(stream), join_(stream, { sandbox: 'qa' }), join_(stream, { logs: 'd1' })];
    stream.deployment(deployment('QA'));
    stream.deployment(deployment('OTHER'));
    stream.log('d1', 'FETCH', 'Fetching origin...');
    stream.log('d2', 'FETCH', 'Fetching origin...');
    expect([all?.seqs(), qa?.seqs(), logs?.seqs()]).toEqual([[1, 2], [1], [1, 2, 3]]);
    expect(join_(stream, { since: 0, logs: 'd1' }).seqs()).toEqual([1, 2, 3]);
  });

  it('does not let a talkative log push out other events', () => {
    stream.deployment(deployment('QA'));
    for (let i = 0; i < 50; i++) stream.log('d1', 'FETCH', 'x');
    expect(join_(stream, { since: 0 }).seqs()).toEqual([1]);
    expect(join_(stream, { since: 0, logs: 'd1' }).messages.at(-1)).toMatchObject({ type: 'gap' });
  });

  it('drops a client that reads nothing, and only that one', () => {
    const [stalled, fine] = [join_(stream), join_(stream)];
    stalled.bufferedAmount = 4 * 1024 * 1024;
    stream.deployment(deployment('QA'));
    expect([stalled.terminated, fine.terminated]).toEqual([true, false]);
    expect([stream.clients, stream.droppedClients]).toEqual([1, 1]);
  });
});

describe('the stream over the network', () => {
  let world: World;
  beforeEach(async () => void (world = await new World().start()));
  afterEach(() => world.remove());

  it('needs a login, tells of documents, and follows on from an answer', async () => {
    await world.onlineAgent();
    const token = await world.login();
    const url = `${world.server.url.replace('http', 'ws')}/api/v1/stream`;
    const refused = new WebSocket(url);
    expect(await new Promise((resolve) => refused.on('unexpected-response', (_request, response) => resolve(response.statusCode)).on('error', () => undefined))).toBe(401);

    const before = (await world.call('GET', '/sandboxes', { token })).body as unknown as { seq: number };
    await world.call('POST', '/apply', { token, yaml: `${CATALOGUE}---\n${SANDBOX}` });
    const client = new WebSocket(`${url}?since=${before.seq}&sandbox=QA-LOGIN-ERROR`, { headers: { authorization: `Bearer ${token}` } });
    const found = await new Promise<StreamMessage>((resolve) => {
      client.on('message', (data) => {
        const message = JSON.parse(String(data)) as StreamMessage;
        if (message.type === 'event' && message.event.type === 'document' && message.event.kind === 'Sandbox') resolve(message);
      });
    });
    expect(found).toMatchObject({ event: { name: 'QA-LOGIN-ERROR', slug: 'qa-login-error', change: 'written' } });
    client.terminate();
  });
});

describe('a log', () => {
  it('reads back from any line what was appended, also after a restart', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 40 }).map((value) => value.replace(/[\r\n]/g, ''));
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 700 }), fc.integer({ min: 1, max: 720 }), (texts, from) => {
        const directory = folder();
        const logs = new LogStore(directory);
        for (const [index, value] of texts.entries()) {
          expect(logs.append('d', [{ at: 't', phase: 'RUN', text: value }])[0]?.line).toBe(index + 1);
        }
        const wanted = texts.slice(from - 1, from + 49).map((value, offset) => ({ line: from + offset, at: 't', phase: 'RUN', text: value }));
        expect(logs.read('d', from, 50)).toEqual(wanted);
        expect(new LogStore(directory).read('d', from, 50)).toEqual(wanted);
      }),
      { numRuns: 15 },
    );
  });

  it('cuts a line at 8 KiB, and keeps out names that are paths', () => {
    const logs = new LogStore(folder());
    logs.append('d', [{ at: 't', phase: 'BUILD', text: 'ä'.repeat(10_000) }]);
    const [line] = logs.read('d', 1, 1);
    expect(Buffer.byteLength(line?.text ?? '')).toBeLessThanOrEqual(MAX_LINE_BYTES);
    expect(line?.text).toMatch(/^ä+ … \(cut\)$/);
    expect(() => logs.append('../x', [])).toThrow('no deployment');
  });
});
