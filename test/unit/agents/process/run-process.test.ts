import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runProcess, type ProcessRequest } from '#agents/process/run-process';

const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', HOME: '/nonexistent' };
const node = (script: string, more: Partial<ProcessRequest> = {}) =>
  runProcess({ argv: [process.execPath, '-e', script], env, timeoutMs: 10_000, ...more });

/** Processes with this word on their command line. */
function running(word: string): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}

describe('runProcess', () => {
  it('answers the exit code and both outputs', async () => {
    const result = await node(`console.log('out'); console.error('err'); process.exitCode = 3`);
    expect(result).toMatchObject({ code: 3, signal: null, stdout: 'out\n', stderr: 'err\n', truncated: false });
  });

  it('gives exactly the environment that it was given', async () => {
    process.env['SDP_LEAK_TEST'] = 'leak';
    const result = await node(`console.log(JSON.stringify(Object.keys(process.env).sort()))`);
    delete process.env['SDP_LEAK_TEST'];
    expect(JSON.parse(result.stdout)).toEqual(['HOME', 'PATH']);
  });

  it('passes arguments as data, whatever they hold', async () => {
    const odd = ['$(id)', '`id`', '"; rm -rf /', '*', 'a b', ''];
    const result = await runProcess({
      argv: [process.execPath, '-p', 'JSON.stringify(process.argv.slice(1))', '--', ...odd],
      env,
      timeoutMs: 10_000,
    });
    expect(JSON.parse(result.stdout)).toEqual(odd);
  });

  it('gives input', async () => {
    expect((await runProcess({ argv: ['cat'], env, input: 'hello', timeoutMs: 5_000 })).stdout).toBe('hello');
  });

  it('hands lines on as they come, redacted, also when a secret is cut by a chunk', async () => {
    const lines: string[] = [];
    const script = `process.stdout.write('one sec'); setTimeout(() => process.stdout.write('ret-word two\\r50%\\rdone'), 50)`;
    const result = await node(script, {
      secrets: ['secret-word'],
      onLine: (line, stream) => lines.push(`${stream}: ${line}`),
    });
    expect(lines).toEqual(['stdout: one *** two', 'stdout: 50%', 'stdout: done']);
    expect(result.stdout).not.toContain('secret-word');
  });

  it('keeps the end of a long output and says so', async () => {
    const result = await node(`process.stdout.write('x'.repeat(500000) + 'END')`, { maxOutputBytes: 1_000 });
    expect(result.truncated).toBe(true);
    expect(result.stdout).toHaveLength(1_000);
    expect(result.stdout.endsWith('END')).toBe(true);
  });

  it('ends the whole group after the timeout, also what ignores SIGTERM (Dokploy#4461)', async () => {
    const word = `sdp-test-${process.pid}-timeout`;
    const child = `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000) // ${word}`;
    const script = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(
      child,
    )}], {stdio: 'inherit'}); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)`;
    const started = Date.now();
    await expect(node(script, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(Date.now() - started).toBeLessThan(15_000);
    expect(running(word)).toEqual([]);
  });

  it('ends on abort, and does not begin when aborted before', async () => {
    const abort = new AbortController();
    const result = node(`setInterval(() => {}, 1000)`, { signal: abort.signal });
    setTimeout(() => abort.abort(), 100);
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    await expect(node('1', { signal: abort.signal })).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('does not wait for children that outlive their parent, and ends them', async () => {
    const word = `sdp-test-${process.pid}-orphan`;
    const script = `require('child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000) // ${word}'], {stdio: 'inherit'}).unref(); console.log('parent'); process.exit(0)`;
    const result = await node(script);
    expect(result).toMatchObject({ code: 0, stdout: 'parent\n' });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(running(word)).toEqual([]);
  });

  it('names a program that is not there, and a folder that is not there', async () => {
    const missing = runProcess({ argv: ['sdp-no-such-program'], env, timeoutMs: 1_000 });
    await expect(missing).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('sdp-no-such-program') as string,
    });
    const folder = runProcess({ argv: ['cat'], cwd: '/no/such/folder', env, timeoutMs: 1_000 });
    await expect(folder).rejects.toMatchObject({ message: expect.stringContaining('/no/such/folder') as string });
  });

  it('serves texts on descriptors 3 and 4 to the process tree, and hears when they were used', async () => {
    const script = 'IFS= read -r a <&3; sh -c \'IFS= read -r b <&4; printf x >&4; echo "$b"\'; echo "$a"';
    const result = await runProcess({
      argv: ['sh', '-c', script],
      env,
      timeoutMs: 5_000,
      descriptors: [' one \\\n', 'two\n'],
    });
    expect(result.stdout).toBe('two\n one \\\n');
    expect(result.answered).toEqual([false, true]);
  });
});
