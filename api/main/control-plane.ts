/** The control plane put together: store, reconciler, API, UI. Touches no repository and no engine (B1). */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReconciler } from '#reconciler/create-reconciler';
import { loadMasterKeys, readMasterKeys } from '#specs/master-key';
import { openStore } from '#specs/open-store';
import type { Store } from '#specs/store';
import { mountWeb } from '#web/server/mount';
import { createServer, type ControlPlaneServer } from '../create-server.ts';
import type { Logger } from '../http/logger.ts';
import { assertKeysAtHand, Keyring } from '../secrets/keyring.ts';
import type { ServerSettings } from './server-settings.ts';
import { VERSION } from './version.ts';

/** Seconds until a started container must be healthy, and that a replaced one keeps serving. */
const START_SECONDS = 60;
const DRAIN_SECONDS = 3;

export interface ControlPlane {
  url: string;
  store: Store;
  installation: string;
  /** Name of the node that a token belongs to. */
  nodeOfToken(token: string): Promise<string | undefined>;
  /** Reads the key file again. @throws SdpError when it lacks a key in use; then nothing changes */
  rereadKeys(): Promise<void>;
  close(): Promise<void>;
}

/** A value that is made once and lasts as long as the store. */
async function lasting(store: Store, name: string, make: () => string): Promise<string> {
  const present = await store.setting(name);
  if (present !== undefined) return present;
  const value = make();
  await store.putSetting(name, value);
  return value;
}

/** What edges link to: the address that people use, else the one listened on, where that says which host. */
function publicUrlOf({ publicUrl, listen }: ServerSettings): { publicUrl?: string } {
  if (publicUrl !== undefined) return { publicUrl };
  if (listen.port === 0 || ['', '0.0.0.0', '::'].includes(listen.host)) return {};
  return { publicUrl: `http://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${listen.port}` };
}

/** Built pages, beside the bundle (`dist/`) in the top folder. */
function webBuild(): string | undefined {
  const directory = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', 'web', 'build');
  return existsSync(path.join(directory, 'server', 'index.js')) ? directory : undefined;
}

/**
 * @param log default: JSON lines on standard error
 * @throws SdpError when the store cannot be opened or the address is taken
 */
export async function startControlPlane(settings: ServerSettings, log?: Logger): Promise<ControlPlane> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  const { masterKeyFile } = settings;
  const made = !existsSync(masterKeyFile);
  const keys = await loadMasterKeys(masterKeyFile);
  const store = await openStore({ url: settings.store, masterKeys: keys });
  try {
    if (!settings.acceptLostSecrets) {
      await assertKeysAtHand(store, masterKeyFile).catch(async (error: unknown) => {
        // A key made just now would stand in the way of the backup, and is of no use.
        if (made) await rm(masterKeyFile, { force: true });
        throw error;
      });
    }
    const keyring = new Keyring({ store, keys, read: () => readMasterKeys(masterKeyFile), file: masterKeyFile });
    const installation = await lasting(store, 'installation', randomUUID);
    const edgeSecret = await lasting(store, 'edge-secret', () => randomBytes(24).toString('hex'));
    const epoch = await store.takeLeadership();
    const buildDir = webBuild();
    const server: ControlPlaneServer = await createServer({
      store,
      listen: settings.listen,
      installation,
      epoch,
      version: VERSION,
      logsDir: path.join(settings.dataDir, 'logs'),
      edgeSecret,
      admins: settings.admins,
      ...(settings.auditSyslog === undefined ? {} : { auditSyslog: settings.auditSyslog }),
      localSocket: settings.localSocket,
      ...(settings.publicUrl === undefined ? {} : { publicUrl: settings.publicUrl }),
      keyring,
      ...(buildDir === undefined ? {} : { web: (apiUrl: string) => mountWeb({ buildDir, apiUrl }) }),
      ...(log === undefined ? {} : { log }),
      makeReconciler: (world) =>
        createReconciler({
          store,
          epoch,
          installation,
          ...publicUrlOf(settings),
          defaults: { gateway: settings.gateway, startSeconds: START_SECONDS, drainSeconds: DRAIN_SECONDS },
          ...world,
        }),
    });
    return {
      url: server.url,
      store,
      installation,
      nodeOfToken: (token) => store.nodeOfToken(createHash('sha256').update(token).digest('hex')),
      rereadKeys: () => keyring.reread(),
      close: async () => {
        await server.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
