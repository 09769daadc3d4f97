import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chooseAddress, contains, gatewayOf, overlaps, parseSubnet } from '#agents/engine/addresses';
import { demultiplex, LineDemultiplexer } from '#agents/engine/demultiplex';
import { basesOf } from '#agents/engine/dockerfile-bases';
import { parseDockerignore } from '#agents/engine/dockerignore';
import { countConnections } from '#agents/engine/drain';
import { parentsOf } from '#agents/engine/files-archive';
import { parseRoutes } from '#agents/engine/host-routes';
import { splitRef } from '#agents/engine/images';
import { KeyedLock } from '#agents/engine/keyed-lock';
import { lastBytes } from '#agents/engine/output';
import { hasOurName, isNextName, isOldName, isOurContainer, nextName, oldName, replacedAtOf } from '#agents/engine/ownership';
import { redactor } from '#agents/engine/redact';
import { RenameGuard } from '#agents/engine/rename-guard';
import { concernsUs } from '#agents/engine/watch';

describe('addresses', () => {
  it('never hands out the network, the bridge, the broadcast, or a taken address', () => {
    fc.assert(fc.property(fc.string(), fc.array(fc.integer({ min: 2, max: 62 }), { maxLength: 60 }), (name, used) => {
      const taken = new Set(used.map((last) => `10.213.4.${64 + last}`));
      const free = 61 - taken.size;
      if (free === 0) return;
      const address = chooseAddress('10.213.4.64/26', taken, name);
      const last = Number(address.split('.')[3]);
      expect(taken.has(address)).toBe(false);
      expect(last).toBeGreaterThanOrEqual(66);
      expect(last).toBeLessThanOrEqual(126);
    }));
  });

  it('says when a subnet is full', () => {
    const taken = new Set(['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
    expect(() => chooseAddress('10.0.0.0/29', taken, 'x')).toThrow(/no free address/);
  });

  it('knows bridges, overlaps and nonsense', () => {
    expect(gatewayOf('10.213.0.64/26')).toBe('10.213.0.65');
    expect(overlaps(parseSubnet('172.18.0.0/16'), parseSubnet('172.18.9.0/26'))).toBe(true);
    expect(overlaps(parseSubnet('10.0.0.0/26'), parseSubnet('10.0.0.64/26'))).toBe(false);
    expect(contains(parseSubnet('10.0.0.0/8'), parseSubnet('10.9.0.0/26'))).toBe(true);
    for (const bad of ['10.0.0.0', '10.0.0.0/33', '10.0.0.300/8', 'x']) expect(() => parseSubnet(bad)).toThrow(/not a subnet/);
  });

  it('reads the host\'s routes without the default one', () => {
    const table = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n'
      + 'eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\neth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\n'
      + 'tun0\t0000000A\t010012AC\t0003\t0\t0\t0\t000000FF\n';
    expect(parseRoutes(table)).toEqual([
      { device: 'eth0', direct: true, subnet: parseSubnet('172.18.0.0/16') },
      { device: 'tun0', direct: false, subnet: parseSubnet('10.0.0.0/8') },
    ]);
  });
});

describe('output', () => {
  const frame = (stream: number, text: string): Buffer => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(8);
    head[0] = stream;
    head.writeUInt32BE(body.length, 4);
    return Buffer.concat([head, body]);
  };

  it('is the same lines however it is cut into chunks', () => {
    const bytes = Buffer.concat([frame(1, 'ein Wört'), frame(2, 'err\r\n'), frame(1, 'chen\nzwei\n'), frame(1, 'ohne Ende')]);
    const whole = ['err', 'ein Wörtchen', 'zwei', 'ohne Ende'];
    expect(demultiplex(bytes)).toEqual(whole);
    fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 60, maxLength: 60 }), (sizes) => {
      const lines: string[] = [];
      const demultiplexer = new LineDemultiplexer((line) => lines.push(line));
      let at = 0;
      for (const size of [...sizes, bytes.length]) {
        demultiplexer.push(bytes.subarray(at, at + size));
        at += size;
      }
      demultiplexer.end();
      expect(lines).toEqual(whole);
    }));
  });

  it('cuts a line without an end into bounded pieces', () => {
    const lines: string[] = [];
    const demultiplexer = new LineDemultiplexer((line) => lines.push(line), 10);
    demultiplexer.push(frame(1, 'x'.repeat(25)));
    demultiplexer.end();
    expect(lines.map((line) => line.length)).toEqual([10, 10, 5]);
  });

  it('keeps at most 2 KiB, from the beginning of a line', () => {
    const text = Array.from({ length: 400 }, (_, at) => `line ${at}`).join('\n');
    const tail = lastBytes(text);
    expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(2_048);
    expect(tail.startsWith('line ')).toBe(true);
    expect(tail.endsWith('line 399')).toBe(true);
    expect(lastBytes('short')).toBe('short');
  });

  it('hides values of secret variables (FAILURE_MODES 45)', () => {
    const clean = redactor({ DB_PASSWORD: 'p$ss"word', API_TOKEN: 'abc/def+ghi', PORT: '8080', KEY: 'x' });
    expect(clean('p$ss"word at 8080, abc%2Fdef%2Bghi, x')).toBe('*** at 8080, ***, x');
  });
});

describe('ownership', () => {
  const owner = { installation: 'i1', node: 'n1' };

  it('needs the node label too, because images hand the installation on to containers made by hand', () => {
    expect(isOurContainer(owner, { 'sdp.installation': 'i1' })).toBe(false);
    expect(isOurContainer(owner, { 'sdp.installation': 'i1', 'sdp.node': 'n2' })).toBe(false);
    expect(isOurContainer(owner, { 'sdp.installation': 'i2', 'sdp.node': 'n1' })).toBe(false);
    expect(isOurContainer(owner, { 'sdp.installation': 'i1', 'sdp.node': 'n1' })).toBe(true);
    expect(isOurContainer(owner, null)).toBe(false);
  });

  it('knows the names that a container has on its way', () => {
    const name = 'sandbox-a-b';
    expect(nextName(name, 'v1:0123456789ab')).toBe('sandbox-a-b.next-01234567');
    expect(oldName(name, 'fedcba9876543210', 1_700_000_000_900)).toBe('sandbox-a-b.old-fedcba98-1700000000900');
    expect([oldName(name, 'ab', 1_700_000_000_900), `${name}.old-ab`, name].map(replacedAtOf)).toEqual([1_700_000_000_900, undefined, undefined]);
    expect([isNextName(nextName(name, 'v1:ab')), isOldName(oldName(name, 'ab', 5)), isNextName(name), isOldName(name)]).toEqual([true, true, false, false]);
    expect(hasOurName('sandbox-x')).toBe(true);
    expect(hasOurName('my-sandbox-x')).toBe(false);
  });

  it('hears only events that can change a report', () => {
    const ours = { Attributes: { 'sdp.installation': 'i1', name: 'x' } };
    expect(concernsUs('i1', { Type: 'container', Action: 'die', Actor: ours })).toBe(true);
    expect(concernsUs('i1', { Type: 'container', Action: 'exec_start: sh', Actor: ours })).toBe(false);
    expect(concernsUs('i2', { Type: 'container', Action: 'die', Actor: ours })).toBe(false);
    expect(concernsUs('i2', { Type: 'container', Action: 'create', Actor: { Attributes: { name: 'sandbox-a-b' } } })).toBe(true);
    expect(concernsUs('i2', { Type: 'network', Action: 'destroy', Actor: { Attributes: { name: 'sandbox-a' } } })).toBe(true);
  });
});

describe('.dockerignore', () => {
  it.each([
    ['secret*', ['secret.txt', 'secret/deep'], ['a/secret.txt']],
    ['**/*.log', ['x.log', 'a/b/x.log'], ['x.logs']],
    ['keep/*\n!keep/this', ['keep/that'], ['keep/this', 'keep']],
    ['# comment\n\n/vendor/\n./node_modules', ['vendor', 'vendor/a', 'node_modules/x'], ['src/vendor']],
    ['a?c/[xy]', ['abc/x', 'abc/y/z'], ['abc/z', 'ac/x']],
    ['*\n!src', ['a', '.git/x'], ['src', 'src/deep/er']],
  ])('%j', (text, out, stays) => {
    const ignore = parseDockerignore(text);
    expect(out.filter((path) => !ignore.excludes(path))).toEqual([]);
    expect(stays.filter((path) => ignore.excludes(path))).toEqual([]);
  });
});

it('finds the base images of a Dockerfile, but not its stages, scratch, or what an argument names', () => {
  expect(basesOf('# FROM no\nARG B=x\nFROM --platform=linux/amd64 php:8 AS build\nFROM scratch\nfrom $B\nFROM build\nFROM \\\n  alpine:3\n')).toEqual(['php:8', 'alpine:3']);
});

it('lists directories above files, parents first', () => {
  expect(parentsOf(['/etc/app/a', '/etc/b', '/c'])).toEqual(['/etc', '/etc/app']);
});

it('splits an image reference with a registry port', () => {
  expect(splitRef('localhost:5000/a/b:c')).toEqual(['localhost:5000/a/b', 'c']);
  expect(splitRef('localhost:5000/a')).toEqual(['localhost:5000/a', 'latest']);
});

it('counts open connections to a port, but neither listeners nor those that are over', () => {
  const table = '  sl  local_address rem_address   st\n'
    + '   0: 00000000:1F90 00000000:0000 0A\n   1: 0100007F:1F90 0100007F:C350 01\n'
    + '   2: 0100007F:1F90 0100007F:C351 06\n   3: 0100007F:C350 0100007F:1F90 01\n';
  expect(countConnections(table, 8080)).toBe(1);
});

it('runs work of one key in order and of others beside it, also after a failure', async () => {
  const lock = new KeyedLock();
  const order: string[] = [];
  const step = (name: string, ms: number) => async (): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    order.push(name);
    if (name === 'a1') throw new Error('a1');
  };
  const all = [lock.run('a', step('a1', 30)), lock.run('a', step('a2', 1)), lock.run('b', step('b1', 10))];
  expect((await Promise.allSettled(all)).map((one) => one.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  expect(order).toEqual(['b1', 'a1', 'a2']);
});

it('never lists in the moment between two renames', async () => {
  const guard = new RenameGuard();
  let holder: string | undefined = 'old';
  const swap = guard.swap(async () => {
    holder = undefined;
    await new Promise((resolve) => setTimeout(resolve, 20));
    holder = 'new';
  });
  const listings = await Promise.all([guard.list(() => Promise.resolve(holder)), guard.list(() => Promise.resolve(holder))]);
  await swap;
  expect(listings).toEqual(['new', 'new']);
});
