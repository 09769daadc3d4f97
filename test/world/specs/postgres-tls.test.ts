/** A PostgreSQL that takes TLS and a password only, as a company's does. */
import { execFileSync } from 'node:child_process';
import { chownSync, chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '#specs/open-store';
import { applyOne, sandbox, testKeys, watchNames } from '../../unit/specs/fixtures.ts';
import { startPostgres, type Postgres } from '../support/postgres.ts';

const PASSWORD = `p@s s:w%/é"$'#?`;
let postgres: Postgres;
let folder = '';
let port = 0;

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: free } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return free;
}

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'sdp-tls-'));
  chmodSync(folder, 0o755);
  for (const name of ['ca', 'other']) openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2', '-subj', `/CN=${name}`);
  openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=localhost');
  writeFileSync(path.join(folder, 'names'), 'subjectAltName=DNS:localhost');
  openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem', '-days', '2', '-extfile', 'names');
  port = await freePort();
  const [cert, key] = [path.join(folder, 'server.pem'), path.join(folder, 'server.key')];
  // The cluster's user reads its key, and nobody else does.
  const nobody = Number(execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }));
  chownSync(key, nobody, statSync(key).gid);
  chmodSync(key, 0o600);
  postgres = await startPostgres({ settings: { listen_addresses: '127.0.0.1', port: String(port), ssl: 'on', ssl_cert_file: cert, ssl_key_file: key } });
  postgres.create('sdp');
  postgres.psql(`alter role sdp password '${PASSWORD.replaceAll("'", "''")}'`);
  writeFileSync(path.join(postgres.data, 'pg_hba.conf'), 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n');
  postgres.psql('select pg_reload_conf()');
}, 60_000);
afterAll(async () => {
  await postgres.remove();
  rmSync(folder, { recursive: true });
});

const open = (parameters: string, { host = 'localhost', password = PASSWORD, at = port } = {}) =>
  openStore({ url: `postgres://sdp@${host}:${at}/sdp?${parameters}`, password, masterKeys: testKeys });
const verified = (name: string): string => `sslmode=verify-full&sslrootcert=${path.join(folder, name)}`;

describe('a PostgreSQL over TLS', () => {
  it('is written, read and watched with its own authority and a password of odd characters', async () => {
    const [store, other] = [await open(verified('ca.pem')), await open('sslmode=require')];
    const { seen, stop } = watchNames(store);
    await applyOne(other, sandbox('A'));
    await expect.poll(() => seen).toEqual(['A']);
    expect(postgres.psql('select count(*) from pg_stat_ssl join pg_stat_activity using (pid) where usename = \'sdp\' and client_addr is not null and not ssl')).toBe('0');
    expect(Number(postgres.psql('select count(*) from pg_stat_ssl join pg_stat_activity using (pid) where client_addr is not null and ssl'))).toBeGreaterThan(2);
    await stop();
    await store.close();
    await other.close();
  });

  it.each([
    ['of another authority', () => open(verified('other.pem')), /certificate/i],
    ['under a name that its certificate does not have', () => open(verified('ca.pem'), { host: '127.0.0.1' }), /certificate|altnames/i],
    ['when the URL says not to use it', () => open('sslmode=disable'), /no encryption/i],
    ['with a wrong password', () => open(verified('ca.pem'), { password: 'hunter2' }), /password/i],
    ['where it offers none', async () => {
      const at = await freePort();
      const plain = await startPostgres({ settings: { listen_addresses: '127.0.0.1', port: String(at) } });
      return open('sslmode=require', { at }).finally(() => plain.remove());
    }, /does not offer TLS/],
  ])('is refused %s, with the reason and without the password', async (_, opening, why) => {
    const error: unknown = await opening().then((store) => store.close(), (thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(why) as string, hint: expect.any(String) as string });
    const { message, hint } = error as { message: string; hint: string };
    for (const text of [message, hint, String(error)]) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain(PASSWORD);
    }
  });
});
