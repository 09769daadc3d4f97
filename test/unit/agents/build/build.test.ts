import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BuildConfig } from '#agents/contract';
import { buildHash } from '#agents/build/build-hash';
import { baseImagesOf } from '#agents/build/dockerfile';
import { goBuildArgv, goEnv, goFolders } from '#agents/build/go-env';
import { goDirective, isNewEnough, requireGo } from '#agents/build/go-version';
import { siblingPlaces } from '#agents/build/siblings';
import { createSingleFlight } from '#agents/build/single-flight';
import { recordingReporter } from '../../../world/support/recording-reporter.ts';

const GO: BuildConfig = { kind: 'go', package: '.', cgo: false, with: [] };
const hash = (
  build: BuildConfig,
  goVersion: string | undefined = 'go1.19.8',
  baseImageId: string | undefined = 'sha256:a',
) => buildHash({ build, goVersion, baseImageId });

describe('buildHash', () => {
  it('is the same in every release (invariant 14: a change here replaces every container)', () => {
    expect(hash(GO)).toBe('7c0a3769feddebb2fbcc26b6705a01957e3b2addb9007e9c08f78c2217b960fe');
    expect(hash({ kind: 'dockerfile', file: 'Dockerfile' })).toBe(
      '5e1b479771dd4ff5d388a69c3f53975656833bca6feab0fad484d4ca58551f95',
    );
  });

  it('follows everything that the image is made from', () => {
    const all = [
      hash(GO),
      hash({ ...GO, package: './cmd' }),
      hash({ ...GO, cgo: true }),
      hash({ ...GO, with: ['shared'] }),
      hash({ ...GO, goproxy: 'http://proxy' }),
      hash(GO, 'go1.20'),
      hash(GO, 'go1.19.8', 'sha256:b'),
      hash({ kind: 'dockerfile', file: 'Dockerfile' }),
      hash({ kind: 'dockerfile', file: 'docker/Dockerfile' }),
      hash({ kind: 'copy', base: 'php', target: '/srv' }),
      hash({ kind: 'copy', base: 'php', target: '/app' }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });

  it('does not follow what does not count', () => {
    const file: BuildConfig = { kind: 'dockerfile', file: 'Dockerfile' };
    expect(hash(file, 'go1.20', 'sha256:b')).toBe(hash(file));
    expect(hash({ ...GO, with: ['a', 'b'] })).toBe(hash({ ...GO, with: ['b', 'a'] }));
  });
});

describe('base images of a Dockerfile', () => {
  it.each([
    ['FROM php:8.2-cli', ['php:8.2-cli']],
    ['# FROM no\nfrom  --platform=linux/amd64 "base" as build\nFROM build\nCOPY --from=build /a /b', ['base']],
    ['ARG BASE=alpine\nARG TAG=3.20\nFROM ${BASE}:$TAG', ['alpine:3.20']],
    ['FROM ${MISSING:-busybox}', ['busybox']],
    ['FROM scratch\nCOPY --from=tools:1 /x /x', ['tools:1']],
    ['FROM a AS one\nFROM b\nCOPY --from=0 /x /x\nCOPY --from=one /x /x', ['a', 'b']],
    ['FROM \\\n  long:name\nRUN echo FROM nothing', ['long:name']],
    ['', []],
  ])('%j', (text, expected) => expect(baseImagesOf(text)).toEqual(expected));
});

describe('the Go version', () => {
  it.each([
    ['go1.19.8', '1.19', true],
    ['go1.19.8', '1.20', false],
    ['go1.21.0', '1.21.3', false],
    ['go1.21.4', '1.21.3', true],
    ['go1.22', '1.21.3', true],
    ['go2.0', '1.99', true],
    ['devel go1.23-abc', '1.30', true],
  ])('%s serves %s: %s', (have, want, expected) => expect(isNewEnough(have, want)).toBe(expected));

  it('is read from go.mod, also where the toolchain would not understand it', () => {
    expect(goDirective('module x\n\ngo 1.21.3\ntoolchain go1.21.4\n')).toBe('1.21.3');
    expect(goDirective('module x\n')).toBeUndefined();
    expect(() => requireGo('account', 'module x\ngo 1.22\n', 'go1.19.8')).toThrow(/account.*1\.22.*1\.19\.8/);
  });
});

describe('the go command', () => {
  it('works offline and inherits no credentials', () => {
    const env = goEnv(
      { cgo: false },
      goFolders('/data', { HOME: '/home/op', GOPROXY: 'https://x', BITBUCKET_TOKEN: 't' }),
      '/tmp/b',
    );
    expect(env).toMatchObject({
      GOPROXY: 'off',
      GOTOOLCHAIN: 'local',
      GOSUMDB: 'off',
      GOCACHE: '/data/go-build',
      GOMODCACHE: '/home/op/go/pkg/mod',
      GOPATH: '/home/op/go',
      CGO_ENABLED: '0',
      HOME: '/tmp/b',
    });
    expect(Object.keys(env)).not.toContain('BITBUCKET_TOKEN');
    expect(goBuildArgv('-mod=vendor', '/o', './cmd')).toEqual([
      'go',
      'build',
      '-mod=vendor',
      '-trimpath',
      '-buildvcs=false',
      '-o',
      '/o',
      '--',
      './cmd',
    ]);
  });
});

describe('siblings', () => {
  const repository = (name: string, path: string, with_: string[] = []) => ({
    name,
    path,
    build: { ...GO, with: with_ } as BuildConfig,
  });
  const account = repository('account', '/home/u/AppGolang/account', ['shared', 'libs']);
  const repositories = [
    account,
    repository('shared', '/home/u/AppGolang/shared'),
    repository('libs', '/home/u/libs'),
    repository('other', '/home/u/AppGolang/other'),
  ];
  const root = '/w/build-1';
  const tree = `${root}/1/2/3/4/5/6/tree`;
  const places = (...paths: string[]) =>
    siblingPlaces(
      { Require: null, Replace: paths.map((path, index) => ({ Old: { Path: `m${index}` }, New: { Path: path } })) },
      { config: account, repositories, root, tree, module: tree },
    ).map(({ repository: { name }, folder }) => `${name} ${folder.slice(root.length)}`);

  it('lie where the replace line looks for them', () => {
    expect(places('../shared')).toEqual(['shared /1/2/3/4/5/6/shared']);
    expect(places('../shared/log', '../shared/db')).toEqual(['shared /1/2/3/4/5/6/shared']);
    expect(places('../../libs/x')).toEqual(['libs /1/2/3/4/5/libs']);
  });

  it("inside the tree are nobody's matter", () => expect(places('./internal/x', '.')).toEqual([]));

  it.each([
    '../other',
    '/home/u/AppGolang/shared',
    '../../../../../../../../../../etc',
    '..',
    '../unknown',
    '../../somewhere-else',
  ])('%s is refused', (path) => {
    expect(() => places(path)).toThrow(
      expect.objectContaining({ code: 'outside_replace', message: expect.stringContaining(path) as string }),
    );
  });

  it("never are laid outside of the build's folder", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('..', 'shared', 'libs', 'x', '.'), { minLength: 1, maxLength: 14 }),
        (steps) => {
          try {
            for (const place of places(`./${steps.join('/')}`)) expect(place).toMatch(/^\w+ \/\d.*\/(shared|libs)$/);
          } catch (error) {
            expect(error).toMatchObject({ code: 'outside_replace' });
          }
        },
      ),
    );
  });
});

describe('a single flight', () => {
  const gate = () => {
    let open: () => void = () => undefined;
    return { opened: new Promise<void>((resolve) => (open = resolve)), open: () => open() };
  };
  const never = () => new AbortController().signal;

  it('works once for all and tells each everything', async () => {
    const flights = createSingleFlight<number>();
    const { opened, open } = gate();
    let runs = 0;
    const work = async (
      all: ReturnType<typeof recordingReporter> | Parameters<Parameters<typeof flights.join>[3]>[0],
    ) => {
      runs += 1;
      all.log('BUILD', 'one');
      await opened;
      all.log('BUILD', 'two');
      return runs;
    };
    const [early, late] = [recordingReporter(), recordingReporter()];
    const first = flights.join('k', early, never(), work);
    await Promise.resolve();
    await Promise.resolve();
    const second = flights.join('k', late, never(), work);
    open();
    expect(await Promise.all([first, second])).toEqual([1, 1]);
    expect(early.lines).toEqual(['[BUILD] one', '[BUILD] two']);
    expect(late.lines).toEqual(early.lines);
    expect(await flights.join('k', early, never(), work)).toBe(2);
  });

  it('ends only when the last who waits gives up, and a newcomer begins anew', async () => {
    const flights = createSingleFlight<string>();
    const [one, two] = [new AbortController(), new AbortController()];
    let aborted = 0;
    const work = (_: unknown, signal: AbortSignal) =>
      new Promise<string>((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          aborted += 1;
          reject(new Error('stopped'));
        }),
      );
    const first = flights.join('k', recordingReporter(), one.signal, work).catch((e: unknown) => e);
    const second = flights.join('k', recordingReporter(), two.signal, work).catch((e: unknown) => e);
    await Promise.resolve();
    one.abort();
    expect(await first).toMatchObject({ code: 'cancelled' });
    expect(aborted).toBe(0);
    two.abort();
    const fresh = flights.join('k', recordingReporter(), never(), () => Promise.resolve('fresh'));
    expect(await second).toMatchObject({ code: 'cancelled' });
    expect(aborted).toBe(1);
    expect(await fresh).toBe('fresh');
  });
});
