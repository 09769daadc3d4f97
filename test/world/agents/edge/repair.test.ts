/** Bad input changes nothing; an edge that is stuck, cut off from its image or in somebody's way is seen and repaired. */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '#schema/names';
import type { EdgeRoutes } from '#schema/wire/commands';
import { makeEdgeImage } from '../../support/edge-image.ts';
import { EDGE_IMAGE, edgeFor, get, network, sandbox, service, startNode, subnetOf, type EdgeUnderTest, type Node } from './edge-world.ts';

const A = sandbox('repaired');
let node: Node;
let edge: EdgeUnderTest;
let gate: string;
let revision = 0;

const routes = (): EdgeRoutes => ({
  sandbox: A, revision: ++revision, subnet: subnetOf(node, 0), inside: {}, shared: { kind: 'container', container: 'sandbox-repaired-gateway', port: 8080 },
  outside: { 8080: { service: 'gateway', kind: 'gateway', target: { kind: 'container', container: 'sandbox-repaired-gateway', port: 8080 } } },
});
const answer = (): Promise<unknown> => get(gate, {}, false).then((got) => got.body.name, (error: unknown) => String(error));
const start = async (more: Parameters<typeof edgeFor>[2] = {}): Promise<void> => {
  edge = edgeFor(node, 'micro-1', more, 'agent', { lookEveryMs: 500 });
  await edge.start();
};
const edgeContainer = async () => {
  const [found] = await node.docker.listContainers({ all: true, filters: { label: [`${LABELS.role}=edge`] } });
  return node.docker.getContainer(found?.Id ?? '');
};
const workerPid = async (): Promise<number> => {
  const { Pid } = (await (await edgeContainer()).inspect()).State;
  return Number((await readFile(`/proc/${Pid}/task/${Pid}/children`, 'utf8')).trim().split(' ').at(-1));
};
const listenOn = async (port: number): Promise<ChildProcess> => {
  const child = spawn('nsenter', [`--net=${node.engine.netns}`, process.execPath, '-e', `require("net").createServer().listen(${port},"0.0.0.0",()=>console.log("up"))`]);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  return child;
};

/** Takes a port in the moment in which nobody has it. */
const thiefOf = (port: number): { took: Promise<void>; end(): void } => {
  const script = `const s=require("net").createServer();s.on("error",()=>setTimeout(()=>s.listen(${port},"0.0.0.0"),1));s.on("listening",()=>console.log("up"));s.listen(${port},"0.0.0.0")`;
  const child = spawn('nsenter', [`--net=${node.engine.netns}`, process.execPath, '-e', script]);
  return { took: new Promise((resolve) => child.stdout.once('data', () => resolve())), end: () => void child.kill() };
};

beforeAll(async () => {
  node = await startNode('edge-repair');
  gate = `http://${node.address}:8080/`;
  await network(node.docker, A, subnetOf(node, 0));
  await service(node.docker, A, 'gateway');
  await start();
  await edge.apply(A, routes(), 'h1');
});

afterAll(async () => {
  await edge?.stop();
  await node?.engine.stop();
});

describe('the edge', () => {
  it('keeps its configuration when HAProxy refuses a new one, says so, and takes the next good one', async () => {
    const pid = await workerPid();
    const ca = join(node.engine.directory, 'broken-ca.pem');
    await writeFile(ca, '-----BEGIN CERTIFICATE-----\nbm9uZQ==\n-----END CERTIFICATE-----\n');
    await edge.stop();
    await start({ baseline: { caFile: ca, hosts: {}, dns: [] } });
    expect(edge.state()).toMatchObject({ state: 'failed', message: expect.stringContaining('HAProxy refuses the new configuration; the former stays') as string });
    expect(await workerPid()).toBe(pid);
    expect(await answer()).toBe('repaired/gateway');
    await edge.stop();
    await start();
    expect(edge.state().state).toBe('ready');
    expect(await answer()).toBe('repaired/gateway');
  });

  it('says that HAProxy could not be asked, and not that it refuses, when its check cannot be made', async () => {
    const { GraphDriver } = await (await edgeContainer()).inspect();
    const program = join((GraphDriver.Data as unknown as { MergedDir: string }).MergedDir, 'usr/sbin/haproxy');
    await rename(program, `${program}.away`);
    await edge.stop();
    await start({ ports: { gateway: { from: 8080, to: 8998 }, service: { from: 9001, to: 9999 }, allowFrom: [], shared: 7081 } });
    expect(edge.state()).toMatchObject({ state: 'failed', message: expect.stringMatching(/HAProxy could not be asked about the new configuration; the former stays.*docker exec/) as string });
    expect(edge.state().message).not.toContain('refuses');
    expect(await answer()).toBe('repaired/gateway');
    await rename(`${program}.away`, program);
    await expect.poll(() => edge.state().state, { timeout: 20_000 }).toBe('ready');
    await edge.stop();
    await start();
  });

  it('starts after a kill with the files that were accepted, whatever was refused before', async () => {
    const ca = join(node.engine.directory, 'broken-ca.pem');
    await edge.stop();
    await start({ baseline: { caFile: ca, hosts: {}, dns: [] } });
    const container = await edgeContainer();
    const pid = (await container.inspect()).State.Pid;
    process.kill(pid, 'SIGKILL');
    // The worker of a killed master answers on for a moment.
    await expect.poll(async () => (await container.inspect()).State.Pid, { timeout: 20_000 }).not.toBeOneOf([0, pid]);
    await expect.poll(answer, { timeout: 20_000, interval: 200 }).toBe('repaired/gateway');
    await edge.stop();
    await start();
    expect(edge.state().state).toBe('ready');
  });

  it('that is stuck is seen as such, and started again', async () => {
    const pid = await workerPid();
    process.kill(pid, 'SIGSTOP');
    await expect.poll(() => edge.state().message ?? '', { timeout: 20_000, interval: 200 }).toContain('HAProxy does not answer');
    expect(edge.state().state).toBe('starting');
    await expect.poll(async () => ((await workerPid()) === pid ? 'stuck' : await answer()), { timeout: 60_000, interval: 500 }).toBe('repaired/gateway');
    await expect.poll(() => edge.state().state, { timeout: 30_000 }).toBe('ready');
  });

  it('whose image is gone works on; once it ends it says what is missing, and starts when the image is there', async () => {
    await node.docker.getImage(EDGE_IMAGE).remove({ force: true });
    expect(await answer()).toBe('repaired/gateway');
    await (await edgeContainer()).remove({ force: true });
    await expect.poll(() => edge.state().message ?? '', { timeout: 20_000 }).toContain('docker load');
    await makeEdgeImage(node.docker, EDGE_IMAGE);
    await expect.poll(answer, { timeout: 20_000, interval: 200 }).toBe('repaired/gateway');
    await expect.poll(() => edge.state().state, { timeout: 20_000 }).toBe('ready');
  });

  it('goes without the port for all sandboxes while somebody else holds it, says so, and takes it when it is free', async () => {
    await edge.stop();
    await (await edgeContainer()).remove({ force: true });
    const foreign = await listenOn(7081);
    await start();
    expect(edge.state()).toMatchObject({ state: 'ready', message: expect.stringContaining('Port 7081 (ports.shared)') as string });
    expect(edge.state()).not.toHaveProperty('sharedPort');
    expect(await answer()).toBe('repaired/gateway');
    foreign.kill();
    await expect.poll(() => edge.state().sharedPort, { timeout: 20_000 }).toBe(7081);
    expect(edge.state().message).toBeUndefined();
    expect((await get(`http://${node.address}:7081/`, { 'x-sdp-sandbox': A.name }, false)).body.name).toBe('repaired/gateway');
  });

  it('whose port is stolen while it is dead comes back without it, tells so, and takes it again when it is free', async () => {
    const pid = await workerPid();
    const thief = thiefOf(8080);
    process.kill(pid, 'SIGKILL');
    await thief.took;
    await expect.poll(() => edge.state().foreignPorts, { timeout: 30_000 }).toEqual([8080]);
    await expect.poll(() => edge.state().state, { timeout: 30_000 }).toBe('ready');
    // What it has besides goes on: the sandbox is led to by another port.
    await edge.apply(A, { ...routes(), outside: { 8081: { service: 'gateway', kind: 'gateway', target: { kind: 'container', container: 'sandbox-repaired-gateway', port: 8080 } } } }, 'moved');
    expect((await get(`http://${node.address}:8081/`, {}, false)).body.name).toBe('repaired/gateway');
    thief.end();
    await expect.poll(() => edge.state().foreignPorts, { timeout: 30_000 }).toEqual([]);
    await edge.apply(A, routes(), 'back');
    expect(await answer(), 'a port that is not reported as taken has a listener').toBe('repaired/gateway');
  });

  it('repairs maps that somebody changed, and routes that the disk lost', async () => {
    await edge.stop();
    await appendFile(join(node.engine.directory, 'agent/edge/config/maps/outside.map'), 'nonsense\n');
    await writeFile(join(node.engine.directory, `agent/edge/routes/${A.uid}.json`), '{"half');
    await start();
    expect(edge.state().routes).toEqual({});
    await edge.apply(A, routes(), 'h2');
    expect(edge.state().routes).toEqual({ [A.uid]: 'h2' });
    expect(await answer()).toBe('repaired/gateway');
  });
});
