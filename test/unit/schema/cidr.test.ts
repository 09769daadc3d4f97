import { expect, it } from 'vitest';
import { formatNetwork, overlap, parseNetwork } from '#schema/cidr';

it('reads networks and single addresses, and leaves out the bits after the prefix', () => {
  expect(parseNetwork('10.213.4.70/26')).toEqual({ first: 181732416, last: 181732479, prefix: 26 });
  expect(parseNetwork('0.0.0.0/0')).toEqual({ first: 0, last: 2 ** 32 - 1, prefix: 0 });
  expect(parseNetwork('255.255.255.255')).toEqual({ first: 2 ** 32 - 1, last: 2 ** 32 - 1, prefix: 32 });
});

it.each(['', '10.0.0', '10..0.1', '10.0.0.256', '10.0.0.0/33', '10.0.0.0/', ' 10.0.0.1', '10.0.0.1/1e1', '::1', 'account.sdp'])('does not take %j for a network', (text) => {
  expect(parseNetwork(text)).toBeUndefined();
});

it('writes what it reads', () => {
  for (const text of ['10.213.4.64/26', '0.0.0.0/0', '172.18.136.92/32']) {
    const network = parseNetwork(text);
    expect(network && formatNetwork(network.first, network.prefix)).toBe(text);
  }
});

it('knows networks that touch from networks that overlap', () => {
  const network = (text: string) => parseNetwork(text) ?? { first: 0, last: 0 };
  expect(overlap(network('10.0.0.0/24'), network('10.0.0.255'))).toBe(true);
  expect(overlap(network('10.0.0.0/24'), network('10.0.1.0/24'))).toBe(false);
});
