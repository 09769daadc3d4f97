/** IPv4 networks in CIDR notation. Pure. */

export interface Network {
  /** First and last address as unsigned numbers. */
  first: number;
  last: number;
  /** Bits of the prefix, 0 to 32. */
  prefix: number;
}

const NOTATION = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?:\/(\d{1,2}))?$/;

/** Of a network, or of one address (a /32); undefined when it is neither. Bits after the prefix are left out. */
export function parseNetwork(text: string): Network | undefined {
  const match = NOTATION.exec(text);
  if (match === null) return undefined;
  const [a = 256, b = 256, c = 256, d = 256] = match.slice(1, 5).map(Number);
  const prefix = Number(match[5] ?? 32);
  if ([a, b, c, d].some((part) => part > 255) || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = address - (address % size);
  return { first, last: first + size - 1, prefix };
}

export function overlap(a: Pick<Network, 'first' | 'last'>, b: Pick<Network, 'first' | 'last'>): boolean {
  return a.first <= b.last && b.first <= a.last;
}

/** @param first address as an unsigned number */
export function formatNetwork(first: number, prefix: number): string {
  const parts = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256);
  return `${parts.join('.')}/${prefix}`;
}
