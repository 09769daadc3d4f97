/**
 * Who may use the demo's git server: a file of names and salted hashes, read at every login, so that people can be
 * added while it runs. A password written in plain is accepted and replaced by its hash at the next login.
 */
import { createHmac, randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { writeWhole } from './ports.ts';

const scrypt = promisify<string, Buffer, number, Buffer>(scryptCallback);
const HASHED = /^scrypt\$([0-9a-f]{32})\$([0-9a-f]{64})$/;

async function hash(password: string, salt: Buffer): Promise<Buffer> {
  return scrypt(password, salt, 32);
}

async function protect(password: string): Promise<string> {
  const salt = randomBytes(16);
  return `scrypt$${salt.toString('hex')}$${(await hash(password, salt)).toString('hex')}`;
}

async function readUsers(file: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Adds a person, or gives one another password. Takes effect at once, also in a server that runs. */
export async function setGitUser(file: string, name: string, password: string): Promise<void> {
  const users = await readUsers(file);
  users[name] = await protect(password);
  await writeWhole(file, `${JSON.stringify(users, undefined, 2)}\n`, 0o600);
}

/** Answers whether name and password are right. */
export function gitUsers(file: string): (name: string, password: string) => Promise<boolean> {
  // scrypt is slow on purpose and git logs in several times per fetch: what was right once is remembered, keyed.
  const key = randomBytes(32);
  const known = new Set<string>();

  return async (name, password) => {
    const users = await readUsers(file);
    const plain = Object.entries(users).filter(([, value]) => !HASHED.test(value));
    if (plain.length > 0) {
      for (const [user, value] of plain) users[user] = await protect(value);
      await writeWhole(file, `${JSON.stringify(users, undefined, 2)}\n`, 0o600);
    }
    const stored = Object.hasOwn(users, name) ? users[name] : undefined;
    const match = HASHED.exec(stored ?? '');
    if (match === null) return false;
    const seen = createHmac('sha256', key).update(JSON.stringify([stored, name, password])).digest('hex');
    if (known.has(seen)) return true;
    const right = timingSafeEqual(
      await hash(password, Buffer.from(match[1] ?? '', 'hex')),
      Buffer.from(match[2] ?? '', 'hex'),
    );
    if (right) known.add(seen);
    return right;
  };
}
