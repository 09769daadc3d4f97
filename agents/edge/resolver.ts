/** Addresses of baseline names, as this node knows them. An address once known stays until a better answer comes. */
import { Resolver, lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

export interface NameSettings {
  /** Address by name: first, and final. */
  hosts: Readonly<Record<string, string>>;
  /** Servers to ask; empty: the system's way. */
  dns: readonly string[];
}

/** All addresses of a name, IPv4 first. Throws when there is none. */
export type Lookup = (name: string) => Promise<string[]>;

export interface NameResolver {
  /** What is known now. */
  addresses(): ReadonlyMap<string, string>;
  /** Asks for names that have no address yet; each takes at most `timeoutMs`. True when one was found. */
  learn(names: Iterable<string>): Promise<boolean>;
  /** Asks again for all names of these, and forgets others. True when an address changed. */
  refresh(names: ReadonlySet<string>): Promise<boolean>;
}

export function nameResolver(
  settings: NameSettings,
  known: Readonly<Record<string, string>> = {},
  ask: Lookup = systemLookup(settings.dns),
  timeoutMs = 2_000,
): NameResolver {
  const hosts = new Map(Object.entries(settings.hosts).map(([name, address]) => [name.toLowerCase(), address]));
  const addresses = new Map(Object.entries(known));

  const resolve = async (name: string): Promise<boolean> => {
    const fixed = isIP(name) !== 0 ? name : hosts.get(name.toLowerCase());
    const old = addresses.get(name);
    const found = fixed === undefined ? await within(ask(name), timeoutMs).catch(() => []) : [fixed];
    // Names with several addresses are answered in changing order: stay with the one in use.
    if (found.length === 0 || (old !== undefined && found.includes(old))) return false;
    addresses.set(name, found[0] as string);
    return true;
  };
  const all = async (names: Iterable<string>): Promise<boolean> =>
    (await Promise.all([...names].map(resolve))).includes(true);

  return {
    addresses: () => addresses,
    learn: (names) => all([...names].filter((name) => !addresses.has(name))),
    async refresh(names) {
      for (const name of addresses.keys()) if (!names.has(name)) addresses.delete(name);
      return all(names);
    },
  };
}

/**
 * All addresses of a name as this node knows them now; of an address, itself.
 * @throws Error when there is none, or none within `timeoutMs`
 */
export async function resolveName(settings: NameSettings, name: string, timeoutMs: number): Promise<string[]> {
  if (isIP(name) !== 0) return [name];
  const fixed = Object.entries(settings.hosts).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
  if (fixed !== undefined) return [fixed];
  const found = await within(systemLookup(settings.dns)(name), timeoutMs);
  if (found.length === 0) throw new Error('no address');
  return found;
}

function systemLookup(servers: readonly string[]): Lookup {
  if (servers.length === 0) {
    return async (name) => sorted((await lookup(name, { all: true })).map((each) => each.address));
  }
  const resolver = new Resolver({ timeout: 1_000, tries: 2 });
  resolver.setServers(servers);
  return async (name) => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
    return sorted(answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : [])));
  };
}

const sorted = (addresses: string[]): string[] => addresses.sort((a, b) => isIP(a) - isIP(b) || a.localeCompare(b));

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('timed out')), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
