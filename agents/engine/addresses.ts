/** IPv4 arithmetic, and which address of a sandbox's subnet a container gets. */
import { createHash } from 'node:crypto';
import { SdpError } from '#schema/errors';

export interface Subnet {
  /** First address, as a number. */
  base: number;
  prefix: number;
  size: number;
}

/** @throws SdpError invalid_request when the text is not a CIDR. */
export function parseSubnet(cidr: string): Subnet {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(cidr);
  const prefix = Number(match?.[2]);
  const address = match?.[1] === undefined ? undefined : toNumber(match[1]);
  if (address === undefined || !(prefix >= 0 && prefix <= 32)) {
    throw new SdpError('invalid_request', `"${cidr}" is not a subnet such as 10.213.0.0/26.`);
  }
  const size = 2 ** (32 - prefix);
  return { base: address - (address % size), prefix, size };
}

export function overlaps(left: Subnet, right: Subnet): boolean {
  return left.base < right.base + right.size && right.base < left.base + left.size;
}

export function contains(outer: Subnet, inner: Subnet): boolean {
  return outer.base <= inner.base && inner.base + inner.size <= outer.base + outer.size;
}

/** First address after the network's own: the bridge. */
export function gatewayOf(cidr: string): string {
  return toText(parseSubnet(cidr).base + 1);
}

/**
 * A free address for a container. It starts from a hash of the name, so that a just released address is rarely
 * handed out again while somebody may still remember it.
 * @throws SdpError subnet_pool_exhausted when none is free.
 */
export function chooseAddress(cidr: string, taken: ReadonlySet<string>, name: string): string {
  const { base, size } = parseSubnet(cidr);
  const usable = size - 3;
  const start = createHash('sha256').update(name).digest().readUInt32BE(0);
  for (let step = 0; step < usable; step += 1) {
    const address = toText(base + 2 + ((start + step) % usable));
    if (!taken.has(address)) return address;
  }
  throw new SdpError('subnet_pool_exhausted', `Subnet ${cidr} has no free address for ${name}.`, {
    hint: 'Remove services from the sandbox, or give network.prefix a smaller number.',
  });
}

function toNumber(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

function toText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
