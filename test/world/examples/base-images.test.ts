import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BASE_IMAGES, ensureBaseImages, ensureNginxImage, NGINX_IMAGE, removeBaseImages } from '#examples/demo/base-images';
import { inFormat } from '#reconciler/upstreams/formats';
import { peersOf } from '#reconciler/upstreams/peers';
import { startDocker, type PrivateDocker } from '../support/docker.ts';

const exec = promisify(execFile);
const sources = new URL('../../../examples/demo/sources', import.meta.url).pathname;
const packages = new URL('../../../node_modules/.cache/sdp', import.meta.url).pathname;
const log: string[] = [];
let engine: PrivateDocker;
let docker: Docker;
let work = '';

/** `docker build` without a network. */
async function build(context: string, tag: string): Promise<void> {
  const stream = await docker.buildImage(
    { context, src: await readdir(context) },
    { t: tag, networkmode: 'none', forcerm: true },
  );
  await new Promise<void>((resolve, reject) => {
    docker.modem.followProgress(stream, (error, lines: { error?: string }[]) => {
      const failed = error?.message ?? lines.find((line) => line.error !== undefined)?.error;
      if (failed === undefined) resolve();
      else reject(new Error(failed));
    });
  });
}

async function goImage(service: string): Promise<string> {
  const tree = join(work, service);
  await cp(join(sources, 'go-service'), tree, { recursive: true });
  await cp(join(sources, service), tree, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0', GOPROXY: 'off', GOFLAGS: '', GOTOOLCHAIN: 'local' };
  const vendored = service === 'user' ? 'vendor' : 'mod';
  const context = join(work, `${service}-image`);
  await mkdir(context);
  await exec('go', ['build', `-mod=${vendored}`, '-trimpath', '-buildvcs=false', '-o', join(context, 'app'), '.'], {
    cwd: tree,
    env,
  });
  await writeFile(join(context, 'Dockerfile'), `FROM ${BASE_IMAGES.runtime}\nCOPY app /app\nENTRYPOINT ["/app"]\n`);
  await build(context, `sdp-test/${service}:1`);
  return `sdp-test/${service}:1`;
}

/** A running container's address, once it listens on 8080. */
async function start(image: string, env: string[], dropped: string[]): Promise<{ id: string; url: string }> {
  const container = await docker.createContainer({ Image: image, Env: env, HostConfig: { CapDrop: dropped } });
  await container.start();
  const { NetworkSettings } = await container.inspect();
  const url = `http://${NetworkSettings.Networks['bridge']?.IPAddress}:8080`;
  for (let tries = 0; tries < 100; tries += 1) {
    if (await fetch(`${url}/healthz`).then((answer) => answer.ok, () => false)) return { id: container.id, url };
    await sleep(100);
  }
  throw new Error(`${image} never answered: ${String(await container.logs({ stdout: true, stderr: true }))}`);
}

async function output(image: string, command: string[]): Promise<string> {
  const [result, container] = (await docker.run(image, command, new PassThrough().resume(), { Tty: true })) as [
    { StatusCode: number },
    Docker.Container,
  ];
  const text = String(await container.logs({ stdout: true, stderr: true }));
  await container.remove();
  return `${result.StatusCode} ${text}`;
}

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'sdp-demo-images-'));
  engine = await startDocker({ name: 'demo-images' });
  docker = new Docker({ socketPath: engine.socket });
  await ensureBaseImages({ socket: engine.socket, log: (line) => log.push(line) });
  await ensureNginxImage({ socket: engine.socket, folder: packages, log: () => undefined });
});

afterAll(async () => {
  await engine.stop();
  await rm(work, { recursive: true, force: true });
});

describe('base images from the distribution\'s packages', () => {
  it('makes all three, and none again when they are there', async () => {
    expect(log.filter((line) => line.includes('made from packages'))).toHaveLength(3);
    await ensureBaseImages({ socket: engine.socket, log: (line) => log.push(line) });
    expect(log).toHaveLength(3);
  });

  it('has programs that start', async () => {
    expect(await output(BASE_IMAGES.runtime, ['sh', '-c', 'test -w /tmp && test -s /etc/ssl/certs/ca-certificates.crt && id -un'])).toBe('0 root\r\n');
    expect(await output(BASE_IMAGES.edge, ['haproxy', '-v'])).toMatch(/^0 HAProxy version/);
    expect(await output(BASE_IMAGES.php, ['php', '-r', 'echo implode(" ", array_filter(["posix", "pcntl", "openssl", "ctype"], "extension_loaded"));'])).toBe('0 posix pcntl openssl ctype');
  });

  it('makes nginx too, whose program needs no installation', async () => {
    expect(await output(NGINX_IMAGE, ['nginx', '-v'])).toMatch(/^0 nginx version/);
  });

  it('has a PHP and an nginx that read the upstreams files of their formats', async () => {
    const peers = peersOf([['account', { name: 'account', spec: {} }]]);
    const php = inFormat('php', peers).replace('<?php', '');
    expect(await output(BASE_IMAGES.php, ['php', '-r', `echo "is ", json_encode((function () {${php}})(), JSON_UNESCAPED_SLASHES);`])).toBe(
      '0 is {"account":"http://account.sdp:7080"}',
    );
    const nginx = `pid /tmp/n/pid; events {} http {\n${inFormat('nginx', peers).replace('account.sdp:', '127.0.0.1:')}}`;
    const check = `mkdir -p /tmp/n && printf '%s' "$0" > /tmp/n/c && nginx -t -q -c /tmp/n/c && echo fine`;
    expect(await output(NGINX_IMAGE, ['sh', '-c', check, nginx])).toMatch(/^0 [^]*fine/);
  });

  it('takes its own names away and no others', async () => {
    await docker.getImage(BASE_IMAGES.runtime).tag({ repo: 'other/runtime', tag: '1' });
    const { Id } = await docker.getImage(BASE_IMAGES.runtime).inspect();
    await removeBaseImages(engine.socket);
    await expect(docker.getImage(BASE_IMAGES.runtime).inspect()).rejects.toMatchObject({ statusCode: 404 });
    expect((await docker.getImage('other/runtime:1').inspect()).Id).toBe(Id);
    await removeBaseImages(engine.socket);
    await ensureBaseImages({ socket: engine.socket, log: () => undefined });
  });
});

describe('services of the demo', () => {
  let gateway: { id: string; url: string };

  beforeAll(async () => {
    const user = await start(await goImage('user'), [], ['ALL']);
    const account = await start(await goImage('account'), [`USER_URL=${user.url}`, 'LOG_LEVEL=debug'], ['ALL']);
    await build(join(sources, 'api-gateway'), 'sdp-test/gateway:1');
    gateway = await start('sdp-test/gateway:1', [`ACCOUNT_URL=${account.url}`, `USER_URL=${user.url}`], []);
  });

  it('passes method, body, headers and status through the gateway, two hops deep', async () => {
    expect(await (await fetch(gateway.url)).json()).toMatchObject({ service: 'gateway', branch: 'develop' });
    const profile = await fetch(`${gateway.url}/account/profile`, { headers: { 'x-request-id': 'r-1' } });
    expect(await profile.json()).toMatchObject({
      service: 'account',
      servedBy: 'sandbox',
      branch: 'develop',
      path: '/account/profile',
      requestId: 'r-1',
      settings: { LOG_LEVEL: 'debug' },
      user: { service: 'user', requestId: 'r-1', name: 'Lovelace, Ada' },
    });
    const headers = { authorization: `Basic ${Buffer.from('ada:wrong').toString('base64')}` };
    const login = await fetch(`${gateway.url}/account/login`, { method: 'POST', body: '{}', headers });
    expect([login.status, await login.json()]).toMatchObject([500, { method: 'POST', error: 'Error 500' }]);
    expect((await fetch(`${gateway.url}/payment`)).status).toBe(404);
  });

  it('finishes open requests when the gateway is stopped', async () => {
    const open = Array.from({ length: 12 }, () => fetch(`${gateway.url}/account/x?delay=1s`));
    await sleep(400);
    const stopping = docker.getContainer(gateway.id).stop({ t: 20 });
    const statuses = await Promise.all(open.map(async (answer) => (await answer).status));
    expect(statuses).toEqual(open.map(() => 200));
    await stopping;
    expect((await docker.getContainer(gateway.id).inspect()).State.ExitCode).toBe(0);
  });

  it('goes on when an upstream is away', async () => {
    const lonely = await start('sdp-test/gateway:1', ['ACCOUNT_URL=http://127.0.0.1:9'], []);
    const answer = await fetch(`${lonely.url}/account`);
    expect([answer.status, await answer.json()]).toMatchObject([502, { service: 'gateway' }]);
  });
});
