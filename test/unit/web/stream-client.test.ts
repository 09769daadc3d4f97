import { describe, expect, test } from 'vitest';
import type { StreamEvent, StreamMessage } from '#schema/stream';
import { StreamClient, type Connection, type Socket } from '../../../web/app/live/stream-client.ts';

class RecordedSocket implements Socket {
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  closed = false;
  constructor(readonly path: string) {}
  close(): void {
    this.closed = true;
  }
  say(message: StreamMessage): void {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
}

const event = (seq: number): StreamEvent => ({
  seq,
  at: '',
  type: 'document',
  kind: 'Sandbox',
  name: 'S',
  slug: 's',
  change: 'written',
  resourceVersion: seq,
});

function setUp(since?: number) {
  const sockets: RecordedSocket[] = [];
  const timers: { run(): void; ms: number }[] = [];
  const seen: number[] = [];
  const gaps: boolean[] = [];
  const connections: Connection[] = [];
  const client = new StreamClient(
    {
      open: (path) => {
        const socket = new RecordedSocket(path);
        sockets.push(socket);
        return socket;
      },
      onEvent: ({ seq }) => seen.push(seq),
      onGap: (restarted) => gaps.push(restarted),
      onConnection: (connection) => connections.push(connection),
      setTimer: (run, ms) => timers.push({ run, ms }),
      clearTimer: () => undefined,
      random: () => 0.5,
    },
    { sandbox: 's' },
    since
  );
  client.start();
  const socket = (): RecordedSocket => {
    const last = sockets.at(-1);
    if (last === undefined) throw new Error('no socket was opened');
    return last;
  };
  return { client, sockets, socket, timers, seen, gaps, connections };
}

describe('StreamClient', () => {
  test('follows from the sequence of the snapshot', () => {
    expect(setUp(7).socket().path).toBe('/api/v1/stream?since=7&sandbox=s');
  });

  test('comes back after a loss from the last event that it saw', () => {
    const { socket, timers, seen, connections } = setUp(7);
    socket().say({ type: 'hello', seq: 7, boot: 'b1' });
    socket().say({ type: 'event', event: event(8) });
    socket().onclose?.();
    timers[0]?.run();
    expect(socket().path).toBe('/api/v1/stream?since=8&boot=b1&sandbox=s');
    socket().say({ type: 'hello', seq: 9, boot: 'b1' });
    socket().say({ type: 'event', event: event(8) });
    socket().say({ type: 'event', event: event(9) });
    expect(seen).toEqual([8, 9]);
    expect(connections).toEqual(['connecting', 'live', 'lost', 'live']);
  });

  test('waits longer after every failure, and no longer than 15 seconds', () => {
    const { socket, timers } = setUp();
    for (let index = 0; index < 8; index += 1) {
      socket().onclose?.();
      timers.at(-1)?.run();
    }
    expect(timers.map(({ ms }) => ms)).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  test('a gap asks for the state anew', () => {
    const { socket, gaps } = setUp(7);
    socket().say({ type: 'hello', seq: 900, boot: 'b1' });
    socket().say({ type: 'gap', seq: 900 });
    expect(gaps).toEqual([false]);
  });

  test('a restarted server is a gap, and its sequence counts from there', () => {
    const { socket, timers, gaps, seen } = setUp(700);
    socket().say({ type: 'hello', seq: 700, boot: 'b1' });
    socket().onclose?.();
    timers[0]?.run();
    socket().say({ type: 'hello', seq: 3, boot: 'b2' });
    socket().say({ type: 'event', event: event(4) });
    expect(gaps).toEqual([true]);
    expect(seen).toEqual([4]);
  });

  test('another log is followed over a new socket, from where the old one was', () => {
    const { client, socket, sockets } = setUp(7);
    socket().say({ type: 'hello', seq: 12, boot: 'b1' });
    client.follow({ sandbox: 's', logs: 'd1' });
    expect(sockets[0]?.closed).toBe(true);
    expect(socket().path).toBe('/api/v1/stream?since=7&boot=b1&sandbox=s&logs=d1');
    client.follow({ sandbox: 's', logs: 'd1' });
    client.follow({ sandbox: 's' });
    expect(sockets).toHaveLength(2);
  });

  test('the tab that comes back does not wait for the backoff', () => {
    const { client, socket, sockets } = setUp();
    socket().onclose?.();
    client.retryNow();
    expect(sockets).toHaveLength(2);
    client.retryNow();
    expect(sockets).toHaveLength(2);
  });

  test('says nothing once it was stopped', () => {
    const { client, socket, connections } = setUp();
    client.stop();
    expect(socket().closed).toBe(true);
    expect(socket().onclose).toBeNull();
    expect(connections).toEqual(['connecting']);
  });
});
