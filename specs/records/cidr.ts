/** IPv4 blocks as numbers. Pure. */
import { SdpError } from '#schema/errors';

export interface Block {
  /** First address as an unsigned number. */
  first: number;
  /** Number of addresses. */
  size: number;
}

/** @throws SdpError invalid_request */
export function parseCidr(cidr: string): Block & { prefix: number } {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(cidr);
  const parts = match?.slice(1).map(Number) ?? [];
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = parts;
  if ([a, b, c, d].some((part) => part > 255) || prefix > 32) {
    throw new SdpError('invalid_request', `"${cidr.slice(0, 40)}" is not a network such as 10.213.0.0/16.`);
  }
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  return { first: address - (address % size), size, prefix };
}

export function formatCidr(first: number, prefix: number): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${parts.join('.')}/${prefix}`;
}

/**
 * The first block of the given prefix in the pool that overlaps none of the taken ones; undefined when there is none.
 * Steps over whatever is in the way, so that a taken block of any size costs one step.
 */
export function firstFreeBlock(pool: Block, prefix: number, taken: readonly Block[]): number | undefined {
  const size = 2 ** (32 - prefix);
  const end = pool.first + pool.size;
  let first = pool.first;
  while (first + size <= end) {
    const start = first;
    const inWay = taken.find((block) => block.first < start + size && start < block.first + block.size);
    if (inWay === undefined) return first;
    first = Math.max(first + size, Math.ceil((inWay.first + inWay.size) / size) * size);
  }
  return undefined;
}
