import { describe, expect, it } from 'vitest';
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
