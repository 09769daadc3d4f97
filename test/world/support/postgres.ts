/** A PostgreSQL cluster of a test: in a folder of its own, on a Unix socket, not as root, without any port. */
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export interface Postgres {
  /** Holds the socket; `host` of a connection. */
  readonly socket: string;
  readonly data: string;
  url(database: string): string;
  /** Runs SQL as the cluster's owner and answers what psql prints, unaligned. */
  psql(sql: string, database?: string): string;
  create(database: string): void;
  start(): Promise<void>;
  stop(mode?: 'fast' | 'immediate'): Promise<void>;
  /** `kill -9` of the postmaster and all its processes. */
  kill(): Promise<void>;
  /** Stops it and removes its folder. */
  remove(): Promise<void>;
}

const USER = 'nobody';

/** Folder of PostgreSQL's programs: in PATH, or the newest that Debian's packages unpacked. */
function programs(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  for (const folder of [...versions.map((version) => join(debian, version, 'bin')), ...(process.env['PATH'] ?? '').split(':')]) {
    if (existsSync(join(folder, 'initdb')) && existsSync(join(folder, 'pg_ctl'))) return folder;
  }
  throw new Error('PostgreSQL is not installed (Debian: apt-get install postgresql)');
}

const idOf = (what: string): number => Number(spawnSync('id', [what, USER], { encoding: 'utf8' }).stdout.trim());

/** @param options data, wal: folders made by the caller, such as a small disk; both must be empty */
export async function startPostgres(options: { data?: string; wal?: string; settings?: Record<string, string> } = {}): Promise<Postgres> {
  const bin = programs();
  const [uid, gid] = [idOf('-u'), idOf('-g')];
  const folder = mkdtempSync(join(tmpdir(), 'sdp-pg-'));
  // The folder of a run is its owner's alone; the cluster's user passes through.
  for (const each of [folder, dirname(folder)]) if (each !== '/tmp') chmodSync(each, 0o711);
  const socket = join(folder, 's');
  const data = options.data ?? join(folder, 'data');
  for (const each of [socket, data, ...(options.wal === undefined ? [] : [options.wal])]) {
    mkdirSync(each, { recursive: true });
    chownSync(each, uid, gid);
    chmodSync(each, 0o700);
  }
  const call = (program: string, args: string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      // Not a pipe: the server would keep it open.
      const child = spawn(join(bin, program), args, { uid, gid, cwd: '/', stdio: 'ignore', env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', HOME: folder } });
      child.on('error', reject);
      child.on('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${program} ${args.join(' ')} ended with ${code}`))));
    });
  await call('initdb', ['-D', data, '-U', 'sdp', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync', ...(options.wal === undefined ? [] : ['-X', options.wal])]);
  const settings = { listen_addresses: "''", port: '5432', unix_socket_directories: socket, max_connections: '100', ...options.settings };
  const flags = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`).join(' ');
  let running = false;
  const begin = async (): Promise<void> => {
    await call('pg_ctl', ['-D', data, '-w', '-t', '60', '-l', join(socket, 'log'), '-o', flags, 'start']);
    running = true;
  };

  const postgres: Postgres = {
    socket,
    data,
    url: (database) => `postgres://sdp@/${database}?host=${encodeURIComponent(socket)}`,
    psql(sql, database = 'postgres') {
      const { status, stdout, stderr } = spawnSync(join(bin, 'psql'), ['-h', socket, '-p', settings.port, '-U', 'sdp', '-d', database, '-XAtqc', sql], { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    create: (database) => void postgres.psql(`create database ${database}`),
    async start() {
      // Backends of a killed one hold its memory until they notice.
      for (let attempt = 1; attempt < 10; attempt += 1) {
        try {
          return await begin();
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
      }
      await begin();
    },
    async stop(mode = 'fast') {
      await call('pg_ctl', ['-D', data, '-w', '-t', '60', '-m', mode, 'stop']);
      running = false;
    },
    async kill() {
      const main = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
      const children = spawnSync('pgrep', ['-P', String(main)], { encoding: 'utf8' }).stdout.split('\n').filter(Boolean).map(Number);
      // The postmaster first: it would start others. Those it started since end by themselves when they notice.
      for (const pid of [main, ...children]) quietly(() => process.kill(pid, 'SIGKILL'));
      running = false;
      for (const pid of [main, ...children]) while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20));
    },
    async remove() {
      if (running) await postgres.stop('immediate');
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await postgres.start();
  return postgres;
}

function quietly(act: () => void): void {
  try {
    act();
  } catch {
    // It had ended.
  }
}
