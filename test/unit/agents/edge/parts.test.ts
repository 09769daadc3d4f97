import { createServer } from 'node:net';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreignPorts } from '#agents/edge/foreign-ports';
import { haproxyConfig, hopToken, type HaproxySettings } from '#agents/edge/haproxy-config';
import { Moves } from '#agents/edge/moves';
import { ALL_PAGES, renderPage } from '#agents/edge/pages';
import { inRanges, listeningPorts, rangesWithout } from '#agents/edge/ports';
import { nameResolver } from '#agents/edge/resolver';
import { inLines, runtimeSocket } from '#agents/edge/runtime-socket';
import { neutralText, readdressed } from '#agents/edge/target-value';
import { oldWorkerIds } from '#agents/edge/workers';

describe('port ranges', () => {
  it('hold exactly the ports that are not left out', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 8078, max: 8102 })), (leftOut) => {
        const ranges = rangesWithout({ from: 8080, to: 8100 }, new Set(leftOut));
        for (let port = 8078; port <= 8102; port++) {
          expect(inRanges(port, ranges)).toBe(port >= 8080 && port <= 8100 && !leftOut.includes(port));
        }
      }),
    );
  });

  it('are read from the kernel, listeners only', () => {
    const text = `  sl  local_address rem_address   st tx_queue
   0: 0100007F:1F95 00000000:0000 0A 00000000:00000000
   1: 0100007F:1F96 0100007F:9999 01 00000000:00000000
`;
    expect([...listeningPorts(text)]).toEqual([8085]);
    expect(() => listeningPorts('')).toThrow('unknown form');
    expect(foreignPorts(new Set([8085, 8081, 22]), [{ from: 8080, to: 8999 }], [{ from: 8080, to: 8082 }])).toEqual([8085]);
  });
});

describe('the configuration', () => {
  const settings: HaproxySettings = {
    node: 'n', hopToken: hopToken('i', 's3cret'), gatewayPorts: [{ from: 8080, to: 8084 }, { from: 8086, to: 8999 }],
    servicePorts: [{ from: 9001, to: 9999 }], pool: '10.213.0.0/16', allowFrom: [], maxConnections: 8000,
  };

  it('listens on the ranges around foreign ports, and holds no secret as it is', () => {
    const text = haproxyConfig(settings, 'd');
    expect(text).toContain('bind :8080-8084\n  bind :8086-8999\n');
    expect(text).not.toContain('s3cret');
    expect(text).toContain('acl allowed always_false');
    expect(haproxyConfig({ ...settings, allowFrom: ['10.0.0.0/8', '192.168.0.0/16'] }, 'd')).toContain('acl allowed src 10.0.0.0/8 192.168.0.0/16');
  });

  it('gives each installation hop marks of its own', () => {
    expect(hopToken('a', 's')).not.toBe(hopToken('b', 's'));
    expect(hopToken('a', 's')).not.toBe(hopToken('a', 't'));
  });

  it('has pages that are JSON once their expressions are filled in', () => {
    for (const page of ALL_PAGES) {
      const filled = renderPage(page, 'json', 'a "node" 100%').replace('%[var(txn.status)]', String(page.status)).replace(/%\[var\(txn.sandbox\)[^\]]*url_dec\]/g, ',"link":"http://sdp/"').replace(/%\[(?:[^\][]|\[[^\]]*\])*\]/g, 'x').replace(/%%/g, '%');
      expect(JSON.parse(filled)).toMatchObject({ link: 'http://sdp/', status: page.status, hop: 'edge of a ”node” 100%, x port x' });
    }
  });
});

describe('texts and values', () => {
  it('stand in HTML and JSON as they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const neutral = neutralText(text);
        expect(JSON.parse(`"${neutral}"`)).toBe(neutral);
        expect(neutral).not.toMatch(/[<>&"']/);
        expect(() => encodeURIComponent(neutral)).not.toThrow();
      }),
    );
  });

  it('are switched by address only where they lead to a container', () => {
    expect(readdressed('u|s|container|10.0.0.1|80|||', '10.0.0.1', '10.0.0.2')).toBe('u|s|container|10.0.0.2|80|||');
    expect(readdressed('u|s|container|10.0.0.11|80|||', '10.0.0.1', '10.0.0.2')).toBeUndefined();
    expect(readdressed('u|s|http|10.0.0.1|80|||', '10.0.0.1', '10.0.0.2')).toBeUndefined();
  });
});

describe('former workers', () => {
  it('are read from what the master says', () => {
    const text = `#<PID>          <type>          <reloads>       <uptime>        <version>
1               master          1               0d00h00m02s     2.6.12
# workers
26              worker          0               0d00h00m01s     2.6.12
# old workers
8               worker          1               0d00h00m02s     2.6.12
# programs

`;
    expect(oldWorkerIds(text)).toEqual([8]);
    expect(oldWorkerIds(text.replace('# old workers\n8 ', '# workers\n8 '))).toEqual([]);
  });
});

describe('moves', () => {
  const at = (address: string) => new Map([['sandbox-a-x', { state: 'running', address }]]);

  it('end when the list of containers shows them, so that a reused address is not led away', () => {
    const moves = new Moves();
    moves.add(at('10.0.0.1'), '10.0.0.1', '10.0.0.2');
    moves.forget(at('10.0.0.1'));
    expect(moves.all.get('sandbox-a-x')).toMatchObject({ from: '10.0.0.1', to: '10.0.0.2' });
    moves.forget(at('10.0.0.2'));
    expect(moves.all.size).toBe(0);
  });

  it('follow each other, also back to the first address', () => {
    const moves = new Moves();
    moves.add(at('10.0.0.1'), '10.0.0.1', '10.0.0.2');
    moves.add(at('10.0.0.1'), '10.0.0.2', '10.0.0.3');
    expect(moves.all.get('sandbox-a-x')?.to).toBe('10.0.0.3');
    moves.add(at('10.0.0.1'), '10.0.0.3', '10.0.0.1');
    expect(moves.all.size).toBe(0);
  });

  it('end by themselves when a replacement fails', () => {
    const moves = new Moves();
    moves.add(at('10.0.0.1'), '10.0.0.1', '10.0.0.2', 0);
    moves.forget(at('10.0.0.1'), 61_000);
    expect(moves.all.size).toBe(0);
  });
});

describe('names', () => {
  const dns = new Map<string, string[]>();
  const ask = async (name: string): Promise<string[]> => dns.get(name) ?? Promise.reject(new Error('ENOTFOUND'));
  const names = new Set(['pay.example', '10.1.1.1', 'Fixed.example']);

  it('come from baseline.hosts first, and keep the last address when a lookup fails', async () => {
    const resolver = nameResolver({ hosts: { 'fixed.example': '10.5.5.5' }, dns: [] }, {}, ask);
    dns.set('pay.example', ['10.2.2.2', '10.2.2.3']).set('fixed.example', ['10.6.6.6']);
    expect(await resolver.learn(names)).toBe(true);
    expect(Object.fromEntries(resolver.addresses())).toEqual({ 'pay.example': '10.2.2.2', '10.1.1.1': '10.1.1.1', 'Fixed.example': '10.5.5.5' });
    dns.set('pay.example', ['10.2.2.3', '10.2.2.2']);
    expect(await resolver.refresh(names)).toBe(false);
    dns.delete('pay.example');
    expect(await resolver.refresh(names)).toBe(false);
    expect(resolver.addresses().get('pay.example')).toBe('10.2.2.2');
    dns.set('pay.example', ['10.2.2.4']);
    expect(await resolver.refresh(names)).toBe(true);
    expect(resolver.addresses().get('pay.example')).toBe('10.2.2.4');
    await resolver.refresh(new Set());
    expect(resolver.addresses().size).toBe(0);
  });

  it('do not wait for a server that does not answer', async () => {
    const resolver = nameResolver({ hosts: {}, dns: [] }, {}, () => new Promise(() => undefined), 20);
    expect(await resolver.learn(['slow.example'])).toBe(false);
  });
});

describe('the runtime socket', () => {
  it('joins commands into lines that fit, in order', () => {
    const commands = Array.from({ length: 3_000 }, (_, i) => `set map m k${i} v`);
    const lines = inLines(commands);
    expect(lines.join(';').split(';')).toEqual(commands);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(13_000);
  });

  it('is reached in a directory deeper than the kernel allows, tells refusals and cut answers', async () => {
    const root = await mkdtemp(join(tmpdir(), 'sdp-edge-'));
    const deep = join(root, 'x'.repeat(120));
    await mkdir(deep);
    let answer = '\n';
    const server = createServer((socket) => socket.on('data', () => socket.end(answer)));
    process.chdir(deep);
    await new Promise<void>((resolve) => server.listen('admin.sock', resolve));
    process.chdir(tmpdir());
    const socket = runtimeSocket(join(deep, 'admin.sock'));
    await socket.write(['set map a b c']);
    answer = 'Unknown map identifier.\n\n';
    await expect(socket.write(['set map a b c'])).rejects.toThrow('Unknown map identifier');
    answer = '0x1 a b\n0x2 c';
    await expect(socket.ask('show map a')).rejects.toThrow('before the answer');
    await new Promise((resolve) => server.close(resolve));
    await expect(socket.ask('show info')).rejects.toMatchObject({ code: 'edge_failed' });
    await rm(root, { recursive: true });
  });
});
