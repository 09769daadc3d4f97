/** Builds of real commits with the machine's own Go; image making is a test double (see folder-images). */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createBuilder, type BuilderOptions } from '#agents/build/builder';
import { createGitRepositories, type LocalRepositories } from '#agents/git/repositories';
import type { BuildConfig, RepositoryConfig } from '#agents/contract';
import { imageRef } from '#schema/names';
import { git as gitOf } from '../../support/git-server.ts';
import { folderImages, type FolderImages } from '../../support/folder-images.ts';
import { createGitWorld, LOGIN, type GitWorld } from '../../support/git-world.ts';
import { recordingReporter } from '../../support/recording-reporter.ts';

const RUNTIME = 'sdp-test/runtime:1';
const never = (): AbortSignal => new AbortController().signal;
const go = (more: Partial<Extract<BuildConfig, { kind: 'go' }>> = {}): BuildConfig => ({
  kind: 'go',
  package: '.',
  cgo: false,
  with: [],
  ...more,
});
const MOD = 'module example.com/account\n\ngo 1.19\n';
const HELLO = 'package main\n\nfunc main() { println("hello") }\n';
const VENDORED = {
  'go.mod': 'module example.com/vendored\n\ngo 1.19\n\nrequire example.com/greet v1.0.0\n',
  'go.sum': '',
  'main.go': 'package main\n\nimport "example.com/greet"\n\nfunc main() { println(greet.Word) }\n',
  'vendor/modules.txt': '# example.com/greet v1.0.0\n## explicit; go 1.19\nexample.com/greet\n',
  'vendor/example.com/greet/greet.go': 'package greet\n\nconst Word = "from vendor"\n',
};

let world: GitWorld;
let git: LocalRepositories;
let images: FolderImages;
let all: RepositoryConfig[];

beforeAll(async () => {
  world = await createGitWorld();
  all = [
    await world.repository('account', { 'go.mod': MOD, 'main.go': HELLO }, go()),
    await world.repository('vendored', VENDORED, go()),
    await world.repository(
      'shared',
      {
        'go.mod': 'module example.com/shared\n\ngo 1.19\n',
        'shared.go': 'package shared\n\nconst Word = "from a sibling"\n',
      },
      go(),
    ),
    await world.repository(
      'user',
      {
        'services/user/go.mod':
          'module example.com/user\n\ngo 1.19\n\nrequire example.com/shared v0.0.0\n\nreplace example.com/shared => ../../../shared\n',
        'services/user/main.go':
          'package main\n\nimport "example.com/shared"\n\nfunc main() { println(shared.Word) }\n',
      },
      go({ package: './services/user', with: ['shared'] }),
    ),
    await world.repository(
      'gateway',
      { Dockerfile: 'FROM sdp-test/php:1\nCOPY . /srv\n', 'index.php': '<?php\n' },
      { kind: 'dockerfile', file: 'Dockerfile' },
    ),
    await world.repository(
      'static',
      { 'index.html': 'hello\n' },
      { kind: 'copy', base: 'sdp-test/web:1', target: '/srv/www' },
    ),
  ];
  git = createGitRepositories({
    dataDir: world.dataDir,
    repositories: all,
    moduleCache: join(world.folder, 'modules'),
  });
});
afterAll(() => world.close());
beforeEach(() => {
  images = folderImages(join(world.folder, 'images'), [RUNTIME, 'sdp-test/php:1', 'sdp-test/web:1']);
});

const builder = (more: Partial<BuilderOptions> = {}) =>
  createBuilder({
    config: {
      dataDir: world.dataDir,
      repositories: all,
      images: { runtime: RUNTIME, edge: 'edge' },
      build: { concurrency: 2 },
    },
    git,
    images,
    moduleCache: join(world.folder, 'modules'),
    labels: { 'sdp.installation': 'test' },
    ...more,
  });

async function jobOf(repository: string, branch = 'develop', more: Partial<BuilderOptions> = {}) {
  const { commit } = await git.fetch(repository, { branch }, LOGIN, recordingReporter(), never());
  const observed = (await builder(more).observe()).find((each) => each.name === repository);
  return { repository, commit, image: imageRef(repository, commit, observed?.buildHash ?? '') };
}

async function build(repository: string, branch = 'develop', more: Partial<BuilderOptions> = {}) {
  const job = await jobOf(repository, branch, more);
  const reporter = recordingReporter();
  const result = await builder(more).build(job, reporter, never());
  return { ...result, ...job, reporter };
}

const failure = (repository: string, branch?: string, more?: Partial<BuilderOptions>): Promise<unknown> =>
  build(repository, branch, more).then(
    () => 'it was built',
    (error: unknown) => error,
  );

const run = (ref: string): string =>
  execFileSync(join(images.contents(ref), 'app/service'), { stdio: ['ignore', 'pipe', 'pipe'] }).toString();
const says = (ref: string): string =>
  execFileSync('sh', ['-c', '"$0" 2>&1', join(images.contents(ref), 'app/service')], { encoding: 'utf8' });
const leftovers = (): string[] =>
  existsSync(join(world.dataDir, 'build')) ? readdirSync(join(world.dataDir, 'build')) : [];

describe('a Go build', () => {
  it('makes a binary that runs, and tells each phase', async () => {
    const { image, cached, reporter, commit } = await build('account');
    expect(cached).toBe(false);
    expect(says(image)).toBe('hello\n');
    expect(run(image)).toBe('');
    expect(reporter.events).toEqual([
      'CHECKOUT_STARTED',
      'CHECKOUT_COMPLETED',
      'BUILD_STARTED',
      'BUILD_COMPLETED',
      'IMAGE_STARTED',
      'IMAGE_COMPLETED',
    ]);
    expect(reporter.durations).toHaveLength(3);
    expect(images.made).toEqual([
      { ref: image, how: 'file', labels: { 'sdp.installation': 'test', 'sdp.commit': commit } },
    ]);
    expect(leftovers()).toEqual([]);
  });

  it('is not repeated for an image that is there', async () => {
    const job = await jobOf('account');
    images.present.set(job.image, 'sha256:there');
    const reporter = recordingReporter();
    expect(await builder().build(job, reporter, never())).toEqual({
      image: job.image,
      imageId: 'sha256:there',
      cached: true,
    });
    expect(reporter.events).toEqual([]);
  });

  it('happens once however many ask, and each hears of it (coolify#11108)', async () => {
    const job = await jobOf('account');
    const one = builder();
    const reporters = [recordingReporter(), recordingReporter(), recordingReporter()];
    const results = await Promise.all(reporters.map((reporter) => one.build(job, reporter, never())));
    expect(images.made).toHaveLength(1);
    expect(new Set(results.map((result) => result.imageId)).size).toBe(1);
    for (const reporter of reporters) expect(reporter.events).toEqual(reporters[0]?.events);
  });

  it('uses vendor/ where it is', async () => {
    const { image } = await build('vendored');
    expect(says(image)).toBe('from vendor\n');
  });

  it('says what the compiler says, line by line and in the error', async () => {
    world.push('account', 'broken', { 'main.go': 'package main\n\nfunc main() { nonsense(); more() }\n' });
    const job = await jobOf('account', 'broken');
    const reporter = recordingReporter();
    const failed = await builder()
      .build(job, reporter, never())
      .catch((e: unknown) => e);
    expect(failed).toMatchObject({
      code: 'build_failed',
      message: expect.stringMatching(/main\.go:3:15: undefined: nonsense\n.*main\.go:3:27: undefined: more/) as string,
    });
    expect(reporter.lines.some((line) => /^\[BUILD\] \.\/main\.go:3:15: undefined: nonsense$/.test(line))).toBe(true);
    expect(String(failed)).not.toContain(world.dataDir);
    expect(reporter.events.at(-1)).toBe('BUILD_STARTED');
    expect(images.made).toEqual([]);
    expect(leftovers()).toEqual([]);
  });

  it('names a module that is missing, before anything is built', async () => {
    world.push('account', 'missing', {
      'go.mod': `${MOD}\nrequire (\n\tgithub.com/Foo/bar v1.2.3\n\texample.com/baz v0.1.0\n)\n`,
      'go.sum': 'github.com/Foo/bar v1.2.3 h1:abc=\ngithub.com/Foo/bar v1.2.3/go.mod h1:abc=\n',
      'main.go': 'package main\n\nimport (\n\t_ "github.com/Foo/bar"\n\t_ "example.com/baz"\n)\n\nfunc main() {}\n',
    });
    const failed = await failure('account', 'missing');
    expect(failed).toMatchObject({ code: 'missing_module', hint: expect.stringContaining('vendor') as string });
    expect(String(failed)).toContain('github.com/Foo/bar v1.2.3, example.com/baz v0.1.0');
    expect(images.made).toEqual([]);
  });

  it('says so when a proxy is configured that does not answer', async () => {
    const [account] = all;
    const proxied = all.map((each) =>
      each === account ? { ...each, build: go({ goproxy: 'http://127.0.0.1:9' }) } : each,
    );
    const config = {
      dataDir: world.dataDir,
      repositories: proxied,
      images: { runtime: RUNTIME, edge: 'edge' },
      build: { concurrency: 1 },
    };
    world.push('account', 'missing', { 'extra.txt': '1' });
    expect(await failure('account', 'missing', { config })).toMatchObject({ code: 'missing_module' });
  });

  it("finds modules in the node's module cache", async () => {
    // A module cache as "go mod download" leaves it, made by go itself from a proxy of plain files.
    const proxy = join(world.folder, 'proxy');
    const source = join(world.folder, 'cached@v1.0.0');
    const at = join(proxy, 'example.com/cached/@v');
    mkdirSync(at, { recursive: true });
    world.push('account', 'cached', {
      'cached/go.mod': 'module example.com/cached\n',
      'cached/c.go': 'package cached\n\nconst Word = "from the cache"\n',
      'go.mod': MOD,
      'go.sum': '',
      'main.go': HELLO,
    });
    const tree = join(world.folder, 'work', 'account', 'cached');
    cpSync(tree, source, { recursive: true });
    const script = `import zipfile,os
z=zipfile.ZipFile(${JSON.stringify(join(at, 'v1.0.0.zip'))},'w')
[z.write(os.path.join(${JSON.stringify(source)},f),'example.com/cached@v1.0.0/'+f) for f in ('go.mod','c.go')]
z.close()
open(${JSON.stringify(join(at, 'v1.0.0.mod'))},'w').write('module example.com/cached\\n')
open(${JSON.stringify(join(at, 'v1.0.0.info'))},'w').write('{"Version":"v1.0.0"}')
`;
    execFileSync('python3', ['-c', script]);
    rmSync(tree, { recursive: true });
    const work = join(world.folder, 'work', 'account');
    world.push('account', 'cached', {
      'go.mod': `${MOD}\nrequire example.com/cached v1.0.0\n`,
      'main.go': 'package main\n\nimport "example.com/cached"\n\nfunc main() { println(cached.Word) }\n',
    });
    const env = {
      PATH: process.env['PATH'],
      HOME: world.folder,
      GOPATH: join(world.folder, 'gopath'),
      GOMODCACHE: join(world.folder, 'modules'),
      GOCACHE: join(world.dataDir, 'go-build'),
      GOPROXY: `file://${proxy}`,
      GOSUMDB: 'off',
      GOFLAGS: '-modcacherw',
    };
    execFileSync('go', ['mod', 'tidy'], { cwd: work, env, stdio: 'pipe' });
    world.push('account', 'cached', {});
    const { image } = await build('account', 'cached');
    expect(says(image)).toBe('from the cache\n');
  });

  it('finds a private module that was downloaded with the login of the fetch', async () => {
    await world.repository('private', {
      'go.mod': 'module 127.0.0.1/private.git\n\ngo 1.19\n',
      'p.go': 'package private\n\nconst Word = "private"\n',
    });
    const work = join(world.folder, 'work', 'private');
    gitOf(work, 'tag', 'v1.0.0');
    gitOf(work, 'push', '--quiet', 'origin', 'v1.0.0');
    world.push('account', 'private', {
      'go.mod': `${MOD}\nrequire 127.0.0.1/private.git v1.0.0\n`,
      'go.sum': '',
      'main.go': 'package main\n\nimport private "127.0.0.1/private.git"\n\nfunc main() { println(private.Word) }\n',
    });
    const reporter = recordingReporter();
    await git.fetch('account', { branch: 'private' }, LOGIN, reporter, never());
    expect(reporter.lines.join('\n')).toContain('Downloading the private module 127.0.0.1/private.git@v1.0.0');
    // The developer's go.sum, made from the same cache.
    const env = {
      PATH: process.env['PATH'],
      HOME: world.folder,
      GOPATH: join(world.folder, 'gopath'),
      GOMODCACHE: join(world.folder, 'modules'),
      GOCACHE: join(world.dataDir, 'go-build'),
      GOPROXY: 'off',
      GOSUMDB: 'off',
      GOFLAGS: '-mod=mod',
    };
    execFileSync('go', ['mod', 'tidy'], { cwd: join(world.folder, 'work', 'account'), env, stdio: 'pipe' });
    world.push('account', 'private', {});
    const { image } = await build('account', 'private');
    expect(says(image)).toBe('private\n');
    const found = spawnSync('grep', ['-rlF', '--', LOGIN.password, world.dataDir, join(world.folder, 'modules')], {
      encoding: 'utf8',
    });
    expect(found).toMatchObject({ status: 1, stdout: '' });
  });

  it('refuses a go.mod that asks for a newer Go', async () => {
    world.push('account', 'newer', {
      'go.mod': 'module example.com/account\n\ngo 1.99.1\n\ntoolchain go1.99.2\n',
      'main.go': HELLO,
    });
    expect(await failure('account', 'newer')).toMatchObject({
      code: 'go_version',
      message: expect.stringContaining('1.99.1') as string,
    });
  });

  it('lays a sibling beside where build.with names it', async () => {
    const { image, reporter } = await build('user');
    expect(says(image)).toBe('from a sibling\n');
    expect(reporter.lines.join('\n')).toContain('Laying shared beside: develop at');
  });

  it('refuses a replace that leads elsewhere', async () => {
    world.push('account', 'outside', {
      'go.mod': `${MOD}\nrequire example.com/x v0.0.0\n\nreplace example.com/x => ../shared\n`,
      'main.go': HELLO,
    });
    expect(await failure('account', 'outside')).toMatchObject({
      code: 'outside_replace',
      message: expect.stringContaining('../shared') as string,
    });
  });

  it('refuses a package that is no program', async () => {
    world.push('account', 'library', { 'main.go': 'package library\n', 'go.mod': MOD });
    expect(await failure('account', 'library')).toMatchObject({
      code: 'build_failed',
      message: expect.stringContaining('library') as string,
    });
  });

  it("gives the build no credentials and none of the agent's variables", async () => {
    process.env['GOFLAGS'] = '-mod=mod';
    process.env['GOPROXY'] = 'http://127.0.0.1:9';
    try {
      const { image } = await build('vendored');
      expect(says(image)).toBe('from vendor\n');
    } finally {
      delete process.env['GOFLAGS'];
      delete process.env['GOPROXY'];
    }
  });

  it('ends when cancelled and leaves nothing', async () => {
    world.push('account', 'cancelled', { 'main.go': HELLO.replace('hello', 'cancelled'), 'go.mod': MOD });
    const job = await jobOf('account', 'cancelled');
    const abort = new AbortController();
    const reporter = recordingReporter();
    const log = reporter.event.bind(reporter);
    reporter.event = (event, more) => {
      log(event, more);
      if (event === 'BUILD_STARTED') abort.abort();
    };
    await expect(builder().build(job, reporter, abort.signal)).rejects.toMatchObject({ code: 'cancelled' });
    expect(leftovers()).toEqual([]);
    expect(images.made).toEqual([]);
  });

  it('removes what a killed agent left', async () => {
    mkdirSync(join(world.dataDir, 'build', 'build-killed', '1'), { recursive: true });
    await build('account');
    expect(leftovers()).toEqual([]);
  });
});

describe('preflight', () => {
  it('names a missing base image and how to load it', async () => {
    images.present.delete(RUNTIME);
    const failed = await failure('account');
    expect(failed).toMatchObject({
      code: 'missing_base_image',
      message: expect.stringContaining(RUNTIME) as string,
      hint: expect.stringContaining('docker load -i') as string,
    });
  });

  it('names a missing base image of a Dockerfile', async () => {
    images.present.delete('sdp-test/php:1');
    expect(await failure('gateway')).toMatchObject({
      code: 'missing_base_image',
      message: expect.stringContaining('sdp-test/php:1') as string,
    });
  });

  it('refuses a full disk', async () => {
    expect(await failure('account', 'develop', { minFreeBytes: Number.MAX_SAFE_INTEGER })).toMatchObject({
      code: 'disk_full',
    });
  });

  it('refuses a commit that is not here, and a name that is not what would be built', async () => {
    const job = await jobOf('account');
    const commit = 'a'.repeat(40);
    const missing = builder().build(
      { ...job, commit, image: job.image.replace(job.commit, commit) },
      recordingReporter(),
      never(),
    );
    await expect(missing).rejects.toMatchObject({ code: 'missing_commit' });
    const stale = builder().build({ ...job, image: `${job.image.slice(0, -4)}0000` }, recordingReporter(), never());
    await expect(stale).rejects.toMatchObject({ code: 'precondition_failed' });
  });
});

describe('other kinds', () => {
  it('give a Dockerfile its tree', async () => {
    const { image, reporter } = await build('gateway');
    expect(readdirSync(images.contents(image)).sort()).toEqual(['Dockerfile', 'index.php']);
    expect(reporter.lines).toContain('[BUILD] Step 1/1 : Dockerfile');
    expect(reporter.events).toEqual([
      'CHECKOUT_STARTED',
      'CHECKOUT_COMPLETED',
      'BUILD_STARTED',
      'BUILD_COMPLETED',
      'IMAGE_STARTED',
      'IMAGE_COMPLETED',
    ]);
  });

  it('lay a tree on a base image', async () => {
    const { image } = await build('static');
    expect(readdirSync(join(images.contents(image), 'srv/www'))).toEqual(['index.html']);
  });
});

describe('observe', () => {
  it('reports each repository with its hash, and no problem where there is none', async () => {
    const observed = await builder().observe();
    expect(observed.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      'account go',
      'vendored go',
      'shared go',
      'user go',
      'gateway dockerfile',
      'static copy',
    ]);
    for (const each of observed) {
      expect(each.buildHash).toMatch(/^[0-9a-f]{64}$/);
      expect(each.problem).toBeUndefined();
      expect(each.url).toBe(world.server.urlOf(each.name));
    }
  });

  it('says in plain words what is in the way', async () => {
    images.present.delete(RUNTIME);
    const gone = all.map((each) => (each.name === 'gateway' ? { ...each, path: '/no/such/checkout' } : each));
    const observed = await builder({
      config: {
        dataDir: world.dataDir,
        repositories: gone,
        images: { runtime: RUNTIME, edge: 'edge' },
        build: { concurrency: 1 },
      },
      git: createGitRepositories({ dataDir: world.dataDir, repositories: gone }),
    }).observe();
    expect(observed.find((each) => each.name === 'account')?.problem).toContain(`${RUNTIME} is not loaded`);
    expect(observed.find((each) => each.name === 'gateway')?.problem).toContain('/no/such/checkout');
  });

  it('throws when the engine cannot be asked (argo-cd#18480)', async () => {
    images.imageId = () => Promise.reject(new Error('engine is down'));
    await expect(builder().observe()).rejects.toThrow('engine is down');
  });
});
