import { expect, it } from 'vitest';
import { createOptions, type CreateOrder } from '#agents/engine/create-options';

const order: CreateOrder = {
  sandbox: { uid: 'u1', slug: 'qa-login', name: 'QA-LOGIN' },
  service: 'account',
  generation: 7,
  deploymentId: 'd1',
  container: {
    name: 'sandbox-qa-login-account',
    image: 'sdp/account:abc-123',
    hash: 'v1:feed',
    commit: 'abc',
    branch: 'feature/login',
    network: 'sandbox-qa-login',
    variables: { DB: `a=$b"c'`, PORT: '9' },
    injected: { PORT: '8080', PAYMENT_URL: 'http://payment.sdp:7080' },
    edgeHosts: ['account.sdp', 'payment.sdp'],
    files: { '/etc/x': 'y' },
    port: 8080,
    health: '/health',
    kind: 'go',
    cpu: 0.25,
    memoryBytes: 1000,
    replace: 'beside',
    startSeconds: 10,
    drainSeconds: 5,
  },
};
const owner = { installation: 'i1', node: 'micro-1' };
const at = { gateway: '10.213.0.1', address: '10.213.0.9', init: true };

it('says everything that a container of ours is made of', () => {
  expect(createOptions(owner, order, at)).toEqual({
    Image: 'sdp/account:abc-123',
    Env: ['PORT=9', 'PAYMENT_URL=http://payment.sdp:7080', `DB=a=$b"c'`],
    Labels: {
      'sdp.installation': 'i1',
      'sdp.node': 'micro-1',
      'sdp.sandbox': 'u1',
      'sdp.sandbox.name': 'qa-login',
      'sdp.service': 'account',
      'sdp.hash': 'v1:feed',
      'sdp.commit': 'abc',
      'sdp.branch': 'feature/login',
      'sdp.image': 'sdp/account:abc-123',
      'sdp.port': '8080',
      'sdp.health': '/health',
      'sdp.deployment': 'd1',
      'sdp.generation': '7',
    },
    HostConfig: {
      NetworkMode: 'sandbox-qa-login',
      ExtraHosts: ['account.sdp:10.213.0.1', 'payment.sdp:10.213.0.1'],
      RestartPolicy: { Name: 'unless-stopped' },
      LogConfig: { Type: 'local', Config: { 'max-size': '10m', 'max-file': '3' } },
      SecurityOpt: ['no-new-privileges'],
      PidsLimit: 512,
      Init: true,
      CapDrop: ['ALL'],
      NanoCpus: 250_000_000,
      Memory: 1000,
      MemorySwap: 1000,
    },
    NetworkingConfig: { EndpointsConfig: { 'sandbox-qa-login': { IPAMConfig: { IPv4Address: '10.213.0.9' } } } },
  });
});

it('keeps the engine\'s default capabilities for images of a Dockerfile, whose servers change user', () => {
  const dockerfile: CreateOrder = { ...order, container: { ...order.container, kind: 'dockerfile' } };
  expect(createOptions(owner, dockerfile, at).HostConfig).not.toHaveProperty('CapDrop');
});

it('gives no host name, which the engine\'s DNS would answer before the container is healthy', () => {
  expect(createOptions(owner, order, at)).not.toHaveProperty('Hostname');
});
