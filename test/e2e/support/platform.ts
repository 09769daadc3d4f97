/** The whole platform as a person starts it, in the network namespace of a private engine. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startDocker, type PrivateDocker } from '../../world/support/docker.ts';
import { sharedGoCache } from './go-cache.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const MAIN = path.join(ROOT, 'dist', 'main.mjs');
const LOOP = path.join(import.meta.dirname, 'request-loop.mjs');

const execute = promisify(execFile);

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

export interface LoopResult {
  sent: number;
  failed: number;
  failures: string[];
  /** Count by what answered, branch, version and the setting asked for. */
  bodies: Record<string, number>;
  longestMs: number;
}

function collect(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

export class Platform {
  private child: ChildProcess | undefined;
  /** Everything that the platform printed since its last start. */
  output = '';

  private constructor(
    readonly docker: PrivateDocker,
    readonly directory: string,
    readonly port: number,
  ) {}

  /**
   * @param firstGoBuild compiles Go's standard library too, as a machine's first build does; else all platforms of a run
   * share a build cache
   */
  static async create(name: string, { firstGoBuild = false } = {}): Promise<Platform> {
    const docker = await startDocker({ name });
    const platform = new Platform(docker, await mkdtemp(path.join(tmpdir(), 'sdp-e2e-')), 7070);
    if (!firstGoBuild) await platform.shareGoCache('micro-1');
    return platform;
  }

  private async shareGoCache(node: string): Promise<void> {
    const agent = path.join(this.root, 'agents', node);
    await mkdir(agent, { recursive: true, mode: 0o700 });
    await symlink(await sharedGoCache(), path.join(agent, 'go-build'));
  }

  get root(): string {
    return path.join(this.directory, '.sdp');
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** A process in the platform's network namespace. */
  spawn(command: string, args: readonly string[], env: Record<string, string> = {}): ChildProcess {
    return spawn('nsenter', [`--net=${this.docker.netns}`, command, ...args], {
      cwd: this.directory,
      env: { PATH: process.env['PATH'], HOME: this.directory, NO_COLOR: '1', ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** Resolves to the seconds until the summary was printed. */
  async start(): Promise<number> {
    const started = Date.now();
    this.output = '';
    const child = this.spawn('node', ['--enable-source-maps', MAIN, 'demo', '--root', this.root, '--port', String(this.port), '--docker-socket', this.docker.socket]);
    this.child = child;
    child.stdout?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    let ended = false;
    child.on('close', () => (ended = true));
    for (const end = Date.now() + 240_000; !this.output.includes('SDP is ready after'); await sleep(50)) {
      if (ended || Date.now() > end) throw new Error(`The platform did not start:\n${this.output.slice(-4000)}`);
    }
    return (Date.now() - started) / 1000;
  }

  async end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill(signal);
    await gone;
    this.child = undefined;
  }

  /** Ends everything and removes it. */
  async destroy(): Promise<void> {
    await this.end('SIGINT');
    await this.docker.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A command line of a person with this name that goes on by itself. */
  spawnSdp(args: readonly string[], as = 'demo'): ChildProcess {
    return this.spawn('node', [MAIN, ...args], {
      SDP_CONFIG: path.join(this.directory, `settings-${as}.json`),
      SDP_URL: this.url,
      SDP_LOCAL_SOCKET: path.join(this.root, 'sdp.sock'),
    });
  }

  /** The command line as a person with this name uses it. */
  async sdp(args: readonly string[], options: { as?: string; input?: string } = {}): Promise<Ran> {
    const child = this.spawnSdp(args, options.as);
    child.stdin?.end(options.input ?? '');
    return collect(child);
  }

  /** As `sdp`, for commands that must succeed. */
  async ok(args: readonly string[], options: { as?: string; input?: string } = {}): Promise<string> {
    const { code, stdout, stderr } = await this.sdp(args, options);
    if (code !== 0) throw new Error(`sdp ${args.join(' ')} exited with ${code}:\n${stdout}${stderr}\n${this.output.slice(-2000)}`);
    return stdout;
  }

  async run(command: string, args: readonly string[], env: Record<string, string> = {}): Promise<Ran> {
    const child = this.spawn(command, args, env);
    child.stdin?.end();
    return collect(child);
  }

  /** What a service answers through a gateway. */
  async curl(url: string): Promise<{ status: number; body: Record<string, unknown> }> {
    const { stdout } = await this.run('curl', ['-s', '-m', '10', '-w', '\n%{http_code}', url]);
    const cut = stdout.lastIndexOf('\n');
    const text = stdout.slice(0, cut);
    try {
      return { status: Number(stdout.slice(cut + 1)), body: JSON.parse(text) as Record<string, unknown> };
    } catch {
      return { status: Number(stdout.slice(cut + 1)), body: { text } };
    }
  }

  /** Requests one after the other until the answer's `stop` is called. */
  requestLoop(url: string, pauseMs = 10, setting = ''): { stop(): Promise<LoopResult> } {
    const child = this.spawn('node', [LOOP, url, String(pauseMs), setting]);
    const done = collect(child);
    return {
      stop: async () => {
        child.stdin?.end();
        return JSON.parse((await done).stdout) as LoopResult;
      },
    };
  }

  /** What the command line of a person who is logged in shows the server. */
  async token(as = 'demo'): Promise<string> {
    const settings = JSON.parse(await readFile(path.join(this.directory, `settings-${as}.json`), 'utf8')) as { tokens: Record<string, string> };
    const token = settings.tokens[this.url];
    if (token === undefined) throw new Error(`${as} is not logged in`);
    return token;
  }

  /** Commits on a branch and pushes, as a developer does. Answers the commit. */
  async commit(repository: string, branch: string, edit: (directory: string) => Promise<void>, message: string): Promise<string> {
    const directory = path.join(this.directory, `work-${repository}-${randomBytes(3).toString('hex')}`);
    const bare = path.join(this.root, 'demo', 'git', 'repositories', `${repository}.git`);
    await execute('git', ['clone', '-q', '-b', branch, bare, directory]);
    await edit(directory);
    const git = (...args: string[]) => execute('git', ['-C', directory, '-c', 'user.name=Dev', '-c', 'user.email=dev@example.com', ...args]);
    await git('commit', '-qam', message);
    await git('push', '-q', 'origin', branch);
    return (await git('rev-parse', 'HEAD')).stdout.trim();
  }

  async dockerCli(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run('docker', ['-H', `unix://${this.docker.socket}`, ...args]);
    if (code !== 0) throw new Error(`docker ${args.join(' ')}: ${stderr}`);
    return stdout;
  }
}
