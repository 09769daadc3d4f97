/** A pool of addresses for sandbox networks that this host does not use otherwise. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { writeWhole } from './ports.ts';

/** Tried in this order: all outside of 172.16.0.0/12, where the VMs are (A4). */
const CANDIDATES = Array.from({ length: 40 }, (_, index) => `10.${213 + index}.0.0/16`);

interface Range {
  from: number;
  to: number;
}

/** Address and mask of /proc/net/route are little-endian hexadecimal. */
function littleEndian(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE(0);
}

/** IPv4 ranges that the host has routes to, but for the default route. */
export function routedRanges(table: string): Range[] {
  return table
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .flatMap(([, destination, , , , , , mask]) => {
      if (destination === undefined || mask === undefined || mask === '00000000') return [];
      const from = littleEndian(destination);
      return [{ from, to: from + (~littleEndian(mask) >>> 0) }];
    });
}

/** The first candidate that overlaps none of the ranges. */
export function freePool(ranges: readonly Range[]): string | undefined {
  return CANDIDATES.find((pool) => {
    const second = Number(pool.split('.')[1]);
    const from = 10 * 2 ** 24 + second * 2 ** 16;
    return ranges.every((range) => range.to < from || range.from > from + 0xffff);
  });
}

/** Asks the kernel at the first start only: later on, the sandboxes' own networks would count as taken. */
export async function rememberedNetworkPool(file: string): Promise<string> {
  if (existsSync(file)) return (await readFile(file, 'utf8')).trim();
  const pool = freePool(routedRanges(await readFile('/proc/net/route', 'utf8'))) ?? '10.213.0.0/16';
  await writeWhole(file, `${pool}\n`);
  return pool;
}
