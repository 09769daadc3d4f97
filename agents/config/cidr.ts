/** IPv4 networks in CIDR notation. */

export interface Network {
  first: number;
  last: number;
}

function addressOf(text: string): number | undefined {
  const parts = text.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}

/** First and last address of a network, or of one address; undefined when it is neither. */
export function parseNetwork(text: string): Network | undefined {
  const [base = '', prefix = '32'] = text.split('/');
  const address = addressOf(base);
  const bits = Number(prefix);
  if (address === undefined || !Number.isInteger(bits) || bits < 0 || bits > 32) return undefined;
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1 };
}

export function overlap(a: Network, b: Network): boolean {
  return a.first <= b.last && b.first <= a.last;
}
