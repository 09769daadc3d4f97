/** The control plane put together: store, reconciler, API, UI. Touches no repository and no engine (B1). */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createReconciler } from '#reconciler/create-reconciler';
import type { SdpError } from '#schema/errors';
import { readMasterKeys } from '#specs/master-key';
import { openStore, type StoreOptions } from '#specs/open-store';
import type { Store } from '#specs/store';
import { mountWeb } from '#web/server/mount';
import { createServer, type ControlPlaneServer } from '../create-server.ts';
import { jsonLogger, type Logger } from '../http/logger.ts';
import { Keyring } from '../secrets/keyring.ts';
import { keepRetention } from './retention.ts';
import type { ServerSettings } from './server-settings.ts';
import { VERSION } from './version.ts';
import { openWaitingRoom, type WaitingRoom } from './waiting-room.ts';

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
  /** Resolves, if ever, when another control plane took over. */
  lost: Promise<SdpError>;
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

/** How the server opens its store, and whoever else works on it. */
export function storeOptions(settings: ServerSettings): StoreOptions {
  const { store: url, storePassword: password, masterKeyFile: file, acceptLostKeys } = settings;
  return { url, masterKeys: { file }, acceptLostKeys, ...(password === undefined ? {} : { password }) };
}

/** Waits until no other control plane works on the database; meanwhile it says so, here and to who asks. */
async function takeTurn(store: Store, settings: ServerSettings, onLost: (error: SdpError) => void): Promise<number> {
  const url = settings.publicUrl ?? publicUrlOf(settings).publicUrl;
  const failed = new AbortController();
  let told = '';
  let room: Promise<WaitingRoom> | undefined;
  try {
    const epoch = await store.takeLeadership({
      ...(url === undefined ? {} : { url }),
      signal: failed.signal,
      onLost,
      onWait({ holder, endsInMs }) {
        if (holder !== told) process.stderr.write(`Another control plane works on this database: ${holder}. This one waits until that one ends.\n`);
        told = holder;
        const reason = `Another control plane has this database: ${holder}; its lease ends in ${Math.ceil(endsInMs / 1000)} s unless renewed.`;
        room ??= openWaitingRoom(settings.listen, reason);
        room.then((open) => open.say(reason)).catch(() => failed.abort());
      },
    });
    if (room !== undefined) process.stderr.write('It ended: this control plane takes over.\n');
    return epoch;
  } catch (error) {
    // The reason of an aborted wait is why the waiting room could not be opened.
    await room;
    throw error;
  } finally {
    await room?.then((open) => open.close(), () => undefined);
  }
}

/**
 * @param log default: JSON lines on standard error
 * @throws SdpError when the store cannot be opened or the address is taken
 */
export async function startControlPlane(settings: ServerSettings, log?: Logger): Promise<ControlPlane> {
  await mkdir(settings.dataDir, { recursive: true, mode: 0o700 });
  const { masterKeyFile: file } = settings;
  const store = await openStore(storeOptions(settings));
  let tellLost: (error: SdpError) => void = () => undefined;
  const lost = new Promise<SdpError>((resolve) => (tellLost = resolve));
  try {
    const keyring = new Keyring({ store, read: () => readMasterKeys(file), file });
    const epoch = await takeTurn(store, settings, tellLost);
    const installation = await lasting(store, 'installation', randomUUID);
    const edgeSecret = await lasting(store, 'edge-secret', () => randomBytes(24).toString('hex'));
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
      expiry: settings.expiry,
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
          defaults: { gateway: settings.gateway, startSeconds: START_SECONDS, drainSeconds: DRAIN_SECONDS, retentionDays: settings.retentionDays, expiry: settings.expiry },
          ...world,
        }),
    });
    const endRetention = keepRetention(store, settings.retentionDays, log ?? jsonLogger());
    return {
      url: server.url,
      lost,
      store,
      installation,
      nodeOfToken: (token) => store.nodeOfToken(createHash('sha256').update(token).digest('hex')),
      rereadKeys: () => keyring.reread(),
      close: async () => {
        endRetention();
        await server.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
