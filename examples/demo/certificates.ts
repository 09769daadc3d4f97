/** A private certificate authority and one server certificate, as a company would have for its baseline (A6). */
import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

export interface Certificates {
  /** What clients trust. */
  caFile: string;
  certFile: string;
  keyFile: string;
}

/** A certificate that ends within this many seconds is made anew. */
const RENEW_WITHIN = 14 * 86_400;

const CA_CONFIG = `[req]
distinguished_name = dn
x509_extensions = ca
prompt = no
[dn]
CN = SDP demo private CA
[ca]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
`;

const serverExtensions = (names: readonly string[]): string => `basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = ${names.map((name) => `DNS:${name}`).join(', ')}
`;

async function isGood(files: Certificates, names: readonly string[]): Promise<boolean> {
  if (![files.caFile, files.certFile, files.keyFile].every((file) => existsSync(file))) return false;
  try {
    await run('openssl', ['x509', '-in', files.certFile, '-noout', '-checkend', String(RENEW_WITHIN)]);
    const text = await run('openssl', ['x509', '-in', files.certFile, '-noout', '-ext', 'subjectAltName']);
    return names.every((name) => text.includes(`DNS:${name}`));
  } catch {
    return false;
  }
}

async function make(directory: string, names: readonly string[]): Promise<void> {
  const at = (name: string): string => join(directory, name);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await writeFile(at('ca.cnf'), CA_CONFIG);
  await writeFile(at('server.ext'), serverExtensions(names));
  await run('openssl', ['req', '-x509', ...newKey, '-days', '3650', '-config', at('ca.cnf'), '-keyout', at('ca.key'), '-out', at('ca.pem')]);
  await run('openssl', ['req', '-new', ...newKey, '-subj', '/CN=SDP demo baseline', '-keyout', at('server.key'), '-out', at('server.csr')]);
  await run('openssl', [
    'x509', '-req', '-days', '730', '-in', at('server.csr'), '-CA', at('ca.pem'), '-CAkey', at('ca.key'),
    '-set_serial', `0x${Date.now().toString(16)}`, '-extfile', at('server.ext'), '-out', at('server.pem'),
  ]);
  await chmod(at('server.key'), 0o600);
  // Nothing else is signed with it: what does not exist cannot leak.
  await Promise.all(['ca.key', 'ca.cnf', 'server.ext', 'server.csr'].map((name) => rm(at(name))));
}

/** Makes them at the first start and before they end. Needs the `openssl` program. */
export async function ensureCertificates(directory: string, names: readonly string[]): Promise<Certificates> {
  const files = {
    caFile: join(directory, 'ca.pem'),
    certFile: join(directory, 'server.pem'),
    keyFile: join(directory, 'server.key'),
  };
  if (await isGood(files, names)) return files;
  const next = `${directory}.new`;
  await rm(next, { recursive: true, force: true });
  await mkdir(next, { recursive: true, mode: 0o700 });
  await make(next, names);
  await rm(directory, { recursive: true, force: true });
  await rename(next, directory);
  await chmod(directory, 0o755);
  return files;
}
