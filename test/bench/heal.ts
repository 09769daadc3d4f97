/**
 * Benchmark 7: from SIGKILL to a container's process, and from `docker rm -f`, to answering again, through the gateway. Rivals:
 * the engine's own restart policy; and as a floor the Engine API alone, told at once: start, or create and start.
 */
import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { engineOf, gatewayUrl, likeIt, startDemo, untilAnswered } from './support/demo.ts';
import { median, ms, printJson, printTable, quantile } from './support/table.ts';

const ROUNDS = 15;
const NAME = 'sandbox-qa-login-error-account';
const [PORT, HOST_PORT] = [8080, 18_080];
/** The engine's restart policy waits longer each time unless a container ran for ten seconds. */
const REST_MS = 11_000;

export default async function heal(): Promise<void> {
  const platform = await startDemo('bench-heal');
  try {
    const engine = engineOf(platform);
    const ours = `${await gatewayUrl(platform)}/account`;
    const raw = `http://${platform.docker.address}:${HOST_PORT}/account`;
    const took: Record<string, number[]> = { 'SDP, SIGKILL': [], 'restart policy, SIGKILL': [], 'engine start': [], 'SDP, rm -f': [], 'engine create + start': [] };
    const note = (what: string, value: number): void => void took[what]?.push(value);
    const policed = await engine.createContainer(await likeIt(engine, NAME, HOST_PORT, PORT, 'always'));
    await policed.start();
    await untilAnswered(raw);
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(REST_MS);
      note('SDP, SIGKILL', await afterKill(engine, NAME, ours));
      note('restart policy, SIGKILL', await afterKill(engine, policed.id, raw));
      await sleep(500);
      const removed = performance.now();
      await engine.getContainer(NAME).remove({ force: true });
      await untilAnswered(ours);
      note('SDP, rm -f', performance.now() - removed);
    }
    const options = await likeIt(engine, NAME, HOST_PORT, PORT, 'no');
    await policed.remove({ force: true });
    for (let round = 0; round < ROUNDS; round += 1) {
      const began = performance.now();
      const made = await engine.createContainer(options);
      await made.start();
      await untilAnswered(raw);
      note('engine create + start', performance.now() - began);
      await made.kill();
      await made.wait();
      const again = performance.now();
      await made.start();
      await untilAnswered(raw);
      note('engine start', performance.now() - again);
      await made.remove({ force: true });
    }
    printTable(['what', 'times', 'p50', 'p99'], Object.entries(took).map(([what, values]) => [what, String(values.length), ms(median(values)), ms(quantile(values, 0.99))]));
    for (const [what, rival] of [['SDP, SIGKILL', 'restart policy, SIGKILL'], ['SDP, rm -f', 'engine create + start']] as const) {
      const [mine, theirs] = [median(took[what] ?? []), median(took[rival] ?? [])];
      printJson('heal', what, { ours: mine, rival: theirs, ratio: mine / theirs, limit: 500, unit: 'ms' });
    }
  } finally {
    await platform.destroy();
  }
}

async function afterKill(engine: Docker, name: string, url: string): Promise<number> {
  const { State } = await engine.getContainer(name).inspect();
  const began = performance.now();
  process.kill(State.Pid, 'SIGKILL');
  while (existsSync(`/proc/${State.Pid}`)) await sleep(1);
  await untilAnswered(url);
  return performance.now() - began;
}
