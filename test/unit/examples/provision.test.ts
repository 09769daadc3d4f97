import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BASE_IMAGES } from '#examples/demo/base-images';

const provision = new URL('../../../api/main/provision/', import.meta.url);
const load = async <T>(name: string): Promise<T> => (await import(new URL(name, provision).href)) as T;

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sdp-provision-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('content hash', () => {
  it('changes with a name or a content, and not with how the folder is written', async () => {
    const { contentHash } = await load<{ contentHash(root: string, paths: string[], salt?: string): string }>('content-hash.mjs');
    mkdirSync(join(root, 'a'));
    writeFileSync(join(root, 'a', 'x'), '1');
    const first = contentHash(root, ['a', 'absent']);
    expect(contentHash(`${root}/`, ['a', 'absent'])).toBe(first);
    writeFileSync(join(root, 'a', 'x'), '2');
    expect(contentHash(root, ['a', 'absent'])).not.toBe(first);
    writeFileSync(join(root, 'a', 'x'), '1');
    expect(contentHash(root, ['a', 'absent'])).toBe(first);
    writeFileSync(join(root, 'a', 'y'), '');
    expect(contentHash(root, ['a', 'absent'])).not.toBe(first);
  });
});

describe('flags of npm start', () => {
  it('refuses a port that is none, and unknown flags, in plain words', async () => {
    const { parseFlags } = await load<{ parseFlags(argv: string[]): object }>('flags.mjs');
    expect(parseFlags(['--fresh', '--port', '7071'])).toMatchObject({ fresh: true, port: '7071' });
    expect(() => parseFlags(['--port', '0'])).toThrow('--port is "0"');
    expect(() => parseFlags(['--port', '70x'])).toThrow('--port is "70x"');
    expect(() => parseFlags(['--frsh'])).toThrow('--frsh');
  });
});

describe('what is missing', () => {
  it('is named with how to get it', async () => {
    const { missingText, TOOLS } = await load<{ missingText(tools: unknown[]): string; TOOLS: unknown[] }>('tools.mjs');
    const text = missingText(TOOLS);
    for (const part of ['git', 'Go 1.19 or newer', 'https://go.dev/dl', 'apt-get install git golang-go openssl']) {
      expect(text).toContain(part);
    }
  });
});

describe('an engine of our own', () => {
  it('keeps its socket short enough for the kernel, however deep the folder is', async () => {
    const { ownEnginePlaces } = await load<{ ownEnginePlaces(root: string): { socket: string } }>('own-engine.mjs');
    expect(ownEnginePlaces('/srv/sdp/.sdp').socket).toBe('/srv/sdp/.sdp/engine/docker.sock');
    expect(ownEnginePlaces(`/srv/${'deep/'.repeat(30)}.sdp`).socket.length).toBeLessThanOrEqual(107);
  });
});

describe('npm start', () => {
  it('looks for the same base images as the demo makes', async () => {
    const script = readFileSync(new URL('../start.mjs', provision), 'utf8');
    for (const ref of Object.values(BASE_IMAGES)) expect(script).toContain(`'${ref}'`);
  });
});
