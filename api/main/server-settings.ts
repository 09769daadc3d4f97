/** Settings of the server: flags over SDP_* variables over a YAML file. All mistakes are reported at once. */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { parse } from 'yaml';
import { SdpError, type Finding } from '#schema/errors';
import { invalid } from '#schema/parse/validate-draft';
import { millisecondsOf, type ExpiryDefaults } from '#reconciler/lifecycle/policy';
import { checkStoreUrl } from '#specs/connections';
import { suggestion } from '#schema/parse/near';
import { parseSyslogTarget, type SyslogTarget } from '../audit/syslog-target.ts';

const DEFAULT_RETENTION_DAYS = 30;
/** When nobody uses a sandbox: a month until it is suspended, three days' warning, two weeks until it is deleted. */
const DEFAULT_EXPIRY = { expireAfter: '30d', warnBefore: '3d', deleteAfter: '14d' } as const;

export interface ServerSettings {
  /** Absolute folder for database, logs, keys and the local socket. */
  dataDir: string;
  listen: { host: string; port: number };
  /** `sqlite:/path` or `postgres://user@host/database`; it may hold a password, so it is never shown. */
  store: string;
  /** Of the database's user, from a file. */
  storePassword?: string;
  /** Days that a deleted document can be restored. */
  retentionDays: number;
  /** For sandboxes that do not say it themselves. */
  expiry: ExpiryDefaults;
  /** Goes on although the keys of stored secrets are lost. */
  acceptLostKeys: boolean;
  masterKeyFile: string;
  localSocket: string;
  gateway: { repository: string; branch: string };
  /** Address that browsers use, where a proxy stands in front. */
  publicUrl?: string;
  /** User names of those who may go past others' holds, until there are roles. */
  admins: string[];
  /** Where audit entries are sent as they happen. */
  auditSyslog?: SyslogTarget;
}

/** Each setting: its key in the file, its variable, its flag's name in commander. */
const KEYS = {
  dataDir: 'SDP_DATA_DIR',
  listen: 'SDP_LISTEN',
  store: 'SDP_STORE',
  storePasswordFile: 'SDP_STORE_PASSWORD_FILE',
  retentionDays: 'SDP_RETENTION_DAYS',
  expireAfter: 'SDP_EXPIRE_AFTER',
  warnBefore: 'SDP_WARN_BEFORE',
  deleteAfter: 'SDP_DELETE_AFTER',
  acceptLostKeys: 'SDP_ACCEPT_LOST_KEYS',
  masterKeyFile: 'SDP_MASTER_KEY_FILE',
  localSocket: 'SDP_LOCAL_SOCKET',
  gatewayRepository: 'SDP_GATEWAY_REPOSITORY',
  gatewayBranch: 'SDP_GATEWAY_BRANCH',
  publicUrl: 'SDP_PUBLIC_URL',
  insecureListen: 'SDP_INSECURE_LISTEN',
  admins: 'SDP_ADMINS',
  auditSyslog: 'SDP_AUDIT_SYSLOG',
} as const;
type Key = keyof typeof KEYS;

export type ServerFlags = Partial<Record<Key, string | boolean>> & { config?: string };

async function readFileSettings(file: string | undefined, findings: Finding[]): Promise<Record<string, unknown>> {
  if (file === undefined) return {};
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new SdpError('not_found', `The settings file ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  });
  const value: unknown = parse(text) ?? {};
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    findings.push({ file, message: 'must be a map of settings.' });
    return {};
  }
  for (const key of Object.keys(value)) {
    if (!(key in KEYS)) findings.push({ file, path: key, message: `unknown setting "${key}".${suggestion(key, Object.keys(KEYS))}` });
  }
  return value as Record<string, unknown>;
}

function parseListen(text: string, findings: Finding[]): { host: string; port: number } {
  const match = /^(?:(.*):)?(\d{1,5})$/.exec(text);
  const host = (match?.[1] ?? '127.0.0.1').replace(/^\[|\]$/g, '');
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) findings.push({ path: 'listen', message: `"${text}" is not HOST:PORT.` });
  return { host, port };
}

/** A list in YAML, or one text with commas. */
const namesOf = (text: string | undefined): string[] => (text ?? '').split(',').map((name) => name.trim()).filter((name) => name !== '');

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));

/** The first line of a password file. */
async function passwordOf(file: string | undefined, findings: Finding[]): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return (await readFile(file, 'utf8')).split('\n')[0]?.replace(/\r$/, '');
  } catch {
    findings.push({ path: 'storePasswordFile', message: `${file} cannot be read.` });
    return undefined;
  }
}

/** @throws SdpError invalid_document with every mistake */
export async function serverSettings(flags: ServerFlags, env: NodeJS.ProcessEnv = process.env): Promise<ServerSettings> {
  const findings: Finding[] = [];
  const file = await readFileSettings(flags.config ?? env['SDP_CONFIG_FILE'], findings);
  const setting = (key: Key): string | undefined => {
    const value = flags[key] ?? env[KEYS[key]] ?? file[key];
    return value === undefined ? undefined : String(value);
  };
  const dataDir = path.resolve(setting('dataDir') ?? '.sdp/server');
  const listen = parseListen(setting('listen') ?? '127.0.0.1:7070', findings);
  const insecure = ['true', '1'].includes(setting('insecureListen') ?? 'false');
  if (!isLoopback(listen.host) && !insecure) {
    findings.push({
      path: 'listen',
      message: `${listen.host} is reachable from outside and this server speaks plain HTTP: put a TLS proxy before it, or accept that with --insecure-listen.`,
    });
  }
  const store = setting('store') ?? `sqlite:${path.join(dataDir, 'sdp.db')}`;
  try {
    checkStoreUrl(store);
  } catch (error) {
    findings.push({ path: 'store', message: error instanceof SdpError ? error.message : 'is not a URL.' });
  }
  const retentionDays = Number(setting('retentionDays') ?? DEFAULT_RETENTION_DAYS);
  if (!Number.isInteger(retentionDays) || retentionDays < 1) findings.push({ path: 'retentionDays', message: 'must be a whole number of days, 1 or more.' });
  const expiry = (key: keyof typeof DEFAULT_EXPIRY): number | undefined => {
    const text = setting(key) ?? DEFAULT_EXPIRY[key];
    if (text === 'never' && key !== 'warnBefore') return undefined;
    const ms = millisecondsOf(text);
    if (ms === undefined || (ms === 0 && key !== 'warnBefore')) findings.push({ path: key, message: `"${text}" is no time such as 12h or 14d${key === 'warnBefore' ? '' : ', nor never'}.` });
    return ms;
  };
  const expiring: ExpiryDefaults = { afterMs: expiry('expireAfter'), warnMs: expiry('warnBefore') ?? 0, deleteMs: expiry('deleteAfter') };
  const storePassword = await passwordOf(setting('storePasswordFile'), findings);
  const syslog = setting('auditSyslog');
  const auditSyslog = syslog === undefined ? undefined : parseSyslogTarget(syslog);
  if (syslog !== undefined && auditSyslog === undefined) findings.push({ path: 'auditSyslog', message: `"${syslog}" is none of udp://HOST:514, tcp://HOST:601 and unix:/dev/log.` });
  if (findings.length > 0) throw invalid(findings);
  const publicUrl = setting('publicUrl');
  return {
    dataDir,
    listen,
    store,
    ...(storePassword === undefined ? {} : { storePassword }),
    retentionDays,
    expiry: expiring,
    acceptLostKeys: ['true', '1'].includes(setting('acceptLostKeys') ?? 'false'),
    masterKeyFile: path.resolve(setting('masterKeyFile') ?? path.join(dataDir, 'master.key')),
    localSocket: path.resolve(setting('localSocket') ?? path.join(dataDir, '..', 'sdp.sock')),
    gateway: { repository: setting('gatewayRepository') ?? 'api-gateway', branch: setting('gatewayBranch') ?? 'develop' },
    admins: namesOf(setting('admins')),
    ...(auditSyslog === undefined ? {} : { auditSyslog }),
    ...(publicUrl === undefined ? {} : { publicUrl }),
  };
}
