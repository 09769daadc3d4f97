import type { Subnet } from './addresses.ts';

export interface HostRoute {
  subnet: Subnet;
  device: string;
  /** Neighbours, not behind a gateway. */
  direct: boolean;
}

/** `/proc/net/route` without the default route. Addresses there are little-endian hexadecimal. */
export function parseRoutes(text: string): HostRoute[] {
  return text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .flatMap(([device, destination, gateway, , , , , mask]) => {
      if (device === undefined || destination === undefined || mask === undefined) return [];
      const size = 2 ** 32 - fromHex(mask);
      if (size === 2 ** 32) return [];
      const subnet = { base: fromHex(destination), prefix: 32 - Math.log2(size), size };
      return [{ subnet, device, direct: gateway === '00000000' }];
    });
}

function fromHex(text: string): number {
  const bytes = (text.match(/../g) ?? []).map((pair) => parseInt(pair, 16)).reverse();
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}
