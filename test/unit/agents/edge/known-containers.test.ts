import { describe, expect, it } from 'vitest';
import { waitingServices } from '#agents/edge/compute-maps';
import { knownContainers } from '#agents/edge/known-containers';

const running = (name: string, address: string) => ({ id: name, name, state: 'running' as const, address });

describe('containers that the edge knows', () => {
  it('takes the new container for the canonical one between the two renames of a replacement', () => {
    const known = knownContainers([running('sandbox-a-x.old-1', '10.0.0.2'), running('sandbox-a-x.next-2', '10.0.0.3')]);
    expect(known.get('sandbox-a-x')?.address).toBe('10.0.0.3');
  });

  it('leaves requests with the old one until it is replaced', () => {
    const known = knownContainers([running('sandbox-a-x', '10.0.0.2'), running('sandbox-a-x.next-2', '10.0.0.3')]);
    expect(known.get('sandbox-a-x')?.address).toBe('10.0.0.2');
  });

  it('sends nobody to a container that has not proved itself', () => {
    expect(knownContainers([running('sandbox-a-x.next-2', '10.0.0.3')]).has('sandbox-a-x')).toBe(false);
  });
});

describe('services that wait for their container', () => {
  const routes = {
    sandbox: { uid: 'u1', slug: 'a', name: 'A' },
    revision: 1,
    inside: {
      account: { kind: 'container' as const, container: 'sandbox-a-account', port: 8080 },
      payment: { kind: 'url' as const, url: 'https://payment.example' },
    },
    outside: { 8080: { service: 'gateway', kind: 'gateway' as const, target: { kind: 'container' as const, container: 'sandbox-a-gateway', port: 8080 } } },
  };

  it('are told until the edge knows where to send their requests', () => {
    expect(waitingServices({ routes: [routes], containers: knownContainers([]) })).toEqual({ u1: ['account', 'gateway'] });
    const known = knownContainers([running('sandbox-a-account', '10.0.0.2')]);
    expect(waitingServices({ routes: [routes], containers: known })).toEqual({ u1: ['gateway'] });
    const all = knownContainers([running('sandbox-a-account', '10.0.0.2'), running('sandbox-a-gateway', '10.0.0.3')]);
    expect(waitingServices({ routes: [routes], containers: all })).toEqual({});
  });
});
