/** The master keys of a running server: read anew, and every secret brought under the first of them. */
import { SdpError } from '#schema/errors';
import type { SecretKeysView } from '#schema/http';
import type { MasterKeys } from '#specs/master-key';
import type { DocumentStore } from '#specs/store';

/** Values per transaction: others write between two of them. */
const BATCH = 200;

type SecretStore = Pick<DocumentStore, 'secretKeys' | 'adoptKeys' | 'rewrapSecrets'>;

export interface KeyringOptions {
  store: SecretStore;
  /** Reads the key file. @throws SdpError */
  read(): Promise<MasterKeys>;
  /** Where that is, for people. */
  file: string;
}

export class Keyring {
  readonly #options: KeyringOptions;
  #rotation: Promise<number> | undefined;

  constructor(options: KeyringOptions) {
    this.#options = options;
  }

  async view(): Promise<SecretKeysView> {
    const keys = await this.#options.store.secretKeys();
    const left = keys.filter(({ writes }) => !writes).reduce((sum, { values }) => sum + values, 0);
    return { keys, left };
  }

  /**
   * Reads the key file again.
   * @throws SdpError conflict when a key is missing that still wraps values; then nothing changes
   */
  async reread(): Promise<void> {
    const { store, read, file } = this.#options;
    const fresh = await read();
    const missing = (await store.secretKeys()).find(({ id, values }) => values > 0 && !fresh.ids.includes(id));
    if (missing !== undefined) {
      throw new SdpError('conflict', `${file} has no longer the key ${missing.id}, which ${valuesWords(missing.values)}.`, {
        hint: 'Keep its line below the new key until `sdp secrets rotate` is done. The server goes on with the keys that it had.',
      });
    }
    store.adoptKeys(fresh);
    // The next start checks the key that writes now, whether or not it wraps a value yet.
    await store.rewrapSecrets(0);
  }

  /** Reads the key file and wraps every value with its first key, in batches; what was interrupted goes on. @returns how many values were wrapped anew */
  rotate(): Promise<number> {
    this.#rotation ??= this.#run().finally(() => {
      this.#rotation = undefined;
    });
    return this.#rotation;
  }

  async #run(): Promise<number> {
    await this.reread();
    let total = 0;
    for (;;) {
      const { rewrapped } = await this.#options.store.rewrapSecrets(BATCH);
      total += rewrapped;
      if (rewrapped === 0) return total;
    }
  }
}

const valuesWords = (count: number): string => `${count === 1 ? 'one stored value is' : `${count} stored values are`} encrypted with`;
