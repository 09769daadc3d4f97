/** Keys outside the database that wrap the data keys of secrets. Several are readable, the first one writes. */
import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SdpError } from '#schema/errors';

const KEY_BYTES = 32;

/** Keys in memory. They are private fields, so that neither logs nor JSON show them. */
export class MasterKeys {
  #keys: ReadonlyMap<string, Buffer>;
  #writeId: string;

  /** @param keys 32 bytes each, the writing one first; at least one. */
  constructor(keys: readonly Buffer[]) {
    const [first] = keys;
    if (first === undefined || keys.some((key) => key.length !== KEY_BYTES)) {
      throw new SdpError('invalid_request', `A master key has ${KEY_BYTES} bytes, and there must be at least one.`);
    }
    this.#keys = new Map(keys.map((key) => [idOf(key), key]));
    this.#writeId = idOf(first);
  }

  /** Id of the key that wraps new secrets: the start of the key's SHA-256. */
  get writeId(): string {
    return this.#writeId;
  }

  /** Ids of all keys, the writing one first. */
  get ids(): string[] {
    return [...this.#keys.keys()];
  }

  /** Takes over the keys of another reading of the key file; what is open goes on with them. */
  adopt(other: MasterKeys): void {
    this.#keys = other.#keys;
    this.#writeId = other.#writeId;
  }

  has(id: string): boolean {
    return this.#keys.has(id);
  }

  /** @throws SdpError unavailable when the key is not among them. */
  key(id: string): Buffer {
    const key = this.#keys.get(id);
    if (key !== undefined) return key;
    throw new SdpError('unavailable', `A secret is wrapped by master key ${id}, which is not in the key file.`, {
      hint: 'Add that key as a further line of the key file, or set the secret again.',
    });
  }
}

/**
 * Reads a key file: one key per line, 64 hexadecimal digits or base64; empty lines and `#` comments are skipped.
 * @throws SdpError invalid_request naming the line, never its content.
 */
export function parseMasterKeys(text: string, where: string): MasterKeys {
  const keys: Buffer[] = [];
  text.split('\n').forEach((raw, index) => {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) return;
    const key = /^[0-9a-fA-F]{64}$/.test(line) ? Buffer.from(line, 'hex') : Buffer.from(line, 'base64');
    if (key.length !== KEY_BYTES) {
      throw new SdpError('invalid_request', `Line ${index + 1} of ${where} is not a master key.`, {
        hint: `A key is ${KEY_BYTES} bytes as hexadecimal digits or base64, such as "openssl rand -hex ${KEY_BYTES}" prints.`,
      });
    }
    keys.push(key);
  });
  if (keys.length > 0) return new MasterKeys(keys);
  throw new SdpError('invalid_request', `${where} holds no master key.`, {
    hint: 'Restore it from a backup. Without it the stored secrets cannot be read; delete the file to begin with a new key.',
  });
}

/**
 * Master keys of a file, which is created (mode 0600, one random key) when absent.
 * @throws SdpError invalid_request, unavailable
 */
export async function loadMasterKeys(file: string): Promise<MasterKeys> {
  try {
    return parseMasterKeys((await readExisting(file)) ?? (await create(file)), file);
  } catch (error) {
    if (error instanceof SdpError) throw error;
    throw new SdpError(
      'unavailable',
      `The master key file ${file} can be neither read nor created: ${describe(error)}.`,
      {
        hint: 'Check that the path is right and that SDP may read and write it.',
        cause: error,
      },
    );
  }
}

/**
 * Master keys of a file that has to be there.
 * @throws SdpError invalid_request, unavailable
 */
export async function readMasterKeys(file: string): Promise<MasterKeys> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new SdpError('unavailable', `The master key file ${file} cannot be read: ${describe(error)}.`, { cause: error });
  }
  return parseMasterKeys(text, file);
}

/** Whether there is a key file; an unreadable one counts. */
export async function masterKeyFileExists(file: string): Promise<boolean> {
  return (await stat(file).catch((error: unknown) => (codeOf(error) === 'ENOENT' ? undefined : error))) !== undefined;
}

async function readExisting(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written aside and linked into place: neither a crash nor a second process leaves half a key or two keys. */
async function create(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
    await handle.sync();
    await handle.close();
    await link(draft, file).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST') throw error;
    });
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
  return await readFile(file, 'utf8');
}

function idOf(key: Buffer): string {
  return createHash('sha256').update('sdp master key').update(key).digest('hex').slice(0, 16);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function describe(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : 'unknown error');
}
