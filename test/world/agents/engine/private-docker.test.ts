import { get } from 'node:http';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importBusyboxImage, startDocker, type PrivateDocker } from '../../support/docker.ts';

let world: PrivateDocker;
beforeAll(async () => {
  world = await startDocker({ name: 'selftest' });
});
afterAll(() => world.stop());

it('lets tests on the host reach a container by its address in a network of the pool', async () => {
  await importBusyboxImage(world.socket);
  const docker = new Docker({ socketPath: world.socket });
  const subnet = world.pool.replace('.0.0/16', '.0.0/26');
  await docker.createNetwork({ Name: 'one', IPAM: { Driver: 'default', Config: [{ Subnet: subnet }] } });
  const container = await docker.createContainer({
    Image: 'sdp-test/runtime:1',
    Cmd: ['sh', '-c', 'echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'],
    HostConfig: { NetworkMode: 'one' },
  });
  await container.start();
  const address = (await container.inspect()).NetworkSettings.Networks['one']?.IPAddress;
  await expect.poll(() => body(`http://${address}:8080/`), { timeout: 20_000 }).toBe('hello\n');
  await world.crash();
  expect((await docker.ping()).toString()).toBe('OK');
});

function body(url: string): Promise<string> {
  return new Promise((resolve) => {
    get(url, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk))).on('end', () => resolve(text));
    }).on('error', (error) => resolve(String(error)));
  });
}
