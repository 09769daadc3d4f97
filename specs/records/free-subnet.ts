import { overlap, type Network } from '#schema/cidr';

/**
 * First address of the first subnet of the given prefix in the pool that overlaps none of the taken ones; undefined when
 * there is none. Pure. Steps over whatever is in the way, so that a taken network of any size costs one step.
 */
export function firstFreeSubnet(pool: Network, prefix: number, taken: readonly Network[]): number | undefined {
  const size = 2 ** (32 - prefix);
  let first = pool.first;
  while (first + size - 1 <= pool.last) {
    const wanted = { first, last: first + size - 1 };
    const inWay = taken.find((network) => overlap(network, wanted));
    if (inWay === undefined) return first;
    first = Math.max(first + size, Math.ceil((inWay.last + 1) / size) * size);
  }
  return undefined;
}
