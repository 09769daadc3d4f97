/** What the fault tests share: a platform with a login, reading status, pushing commits to the demo's git server. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { StoredDocument } from '#schema/documents';
import type { Page } from '#schema/http';
import type { ConditionType, Condition, SandboxStatus } from '#schema/status';
import type { Platform } from '../../e2e/support/platform.ts';

const run = promisify(execFile);

export async function login(platform: Platform, as = 'demo'): Promise<void> {
  await platform.ok(['login', '-u', as, '--password-stdin'], { as, input: `${as}\n` });
}

/** Over the root-only socket, which is a file: from this process, without the cost of starting the command line. */
export async function local<T>(platform: Platform, method: 'GET' | 'PUT' | 'POST' | 'DELETE', at: string, body?: unknown): Promise<T> {
  // As the command line: no connection is kept, which the server could close under the next request.
  const connection = { socketPath: path.join(platform.root, 'sdp.sock'), agent: false as const };
  const options = { ...connection, method, path: `/api/v1${at}`, headers: { accept: 'application/json', 'content-type': 'application/json' } };
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = request(options, (response) => {
      let all = '';
      response.on('data', (chunk: Buffer) => (all += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: all }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
  if (status >= 300) throw new Error(`${method} ${at}: ${status} ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export async function statusOf(platform: Platform, name: string): Promise<SandboxStatus> {
  const end = Date.now() + 10_000;
  for (;;) {
    const { document } = await local<{ document: StoredDocument<'Sandbox'> }>(platform, 'GET', `/sandboxes/${name}`);
    if (document.status !== undefined) return document.status;
    if (Date.now() > end) throw new Error(`${name} has no status`);
    await sleep(100);
  }
}

export async function sandboxes(platform: Platform): Promise<StoredDocument<'Sandbox'>[]> {
  return (await local<Page<StoredDocument<'Sandbox'>>>(platform, 'GET', '/sandboxes?limit=200')).items;
}

export function condition(status: SandboxStatus, type: ConditionType): Condition {
  const found = status.conditions.find((one) => one.type === type);
  if (found === undefined) throw new Error(`there is no condition ${type}`);
  return found;
}

/** Polls until `good` answers true. @throws Error with the last value when the time is up */
export async function until<T>(read: () => Promise<T>, good: (value: T) => boolean, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read();
    if (good(value)) return value;
    if (Date.now() > end) throw new Error(`not after ${seconds} s; last: ${JSON.stringify(value, undefined, 1).slice(0, 4000)}`);
    await sleep(200);
  }
}

/** Commits what `edit` did to a clone and pushes it; resolves to the commit's id. */
export async function push(platform: Platform, repository: string, branch: string, edit: (directory: string) => Promise<void>): Promise<string> {
  const directory = await mkdtemp(path.join(platform.directory, 'push-'));
  const bare = path.join(platform.root, 'demo', 'git', 'repositories', `${repository}.git`);
  const git = (...args: string[]): Promise<{ stdout: string }> =>
    run('git', ['-C', directory, '-c', 'user.name=Dev', '-c', 'user.email=dev@example.com', ...args]);
  await run('git', ['clone', '-q', '-b', 'develop', bare, directory]);
  const known = await git('ls-remote', '--heads', 'origin', branch);
  await git('checkout', '-q', '-B', branch, ...(known.stdout === '' ? [] : [`origin/${branch}`]));
  await edit(directory);
  await git('add', '-A');
  await git('commit', '-qm', `change ${branch}`);
  await git('push', '-q', 'origin', branch);
  const id = (await git('rev-parse', 'HEAD')).stdout.trim();
  await rm(directory, { recursive: true });
  return id;
}
