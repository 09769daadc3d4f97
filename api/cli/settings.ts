/** Where the CLI finds its server and its token: flags over SDP_* variables over its file. */
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

export const DEFAULT_URL = 'http://127.0.0.1:7070';

interface SettingsFile {
  /** Server that the last login was for. */
  current?: string;
  /** Bearer tokens by server. Passwords are never kept. */
  tokens: Record<string, string>;
}

function settingsPath(): string {
  const base = process.env['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config');
  return process.env['SDP_CONFIG'] ?? path.join(base, 'sdp', 'settings.json');
}

async function readSettings(): Promise<SettingsFile> {
  try {
    return JSON.parse(await readFile(settingsPath(), 'utf8')) as SettingsFile;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { tokens: {} };
    throw error;
  }
}

async function writeSettings(settings: SettingsFile): Promise<void> {
  const file = settingsPath();
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
  await rename(temporary, file);
}

export interface Connection {
  url: string;
  token?: string;
  /** The root-only socket of `--local`; no token is needed there. */
  socket?: string;
}

export async function findConnection(flags: { server?: string; local?: boolean; socket?: string }): Promise<Connection> {
  if (flags.local === true) {
    const socket = flags.socket ?? process.env['SDP_LOCAL_SOCKET'] ?? path.resolve('.sdp', 'sdp.sock');
    return { url: 'http://localhost', socket };
  }
  const settings = await readSettings();
  const url = (flags.server ?? process.env['SDP_URL'] ?? settings.current ?? DEFAULT_URL).replace(/\/+$/, '');
  const token = process.env['SDP_TOKEN'] ?? settings.tokens[url];
  return { url, ...(token === undefined ? {} : { token }) };
}

export async function keepToken(url: string, token: string): Promise<void> {
  const settings = await readSettings();
  await writeSettings({ current: url, tokens: { ...settings.tokens, [url]: token } });
}

export async function dropToken(url: string): Promise<void> {
  const settings = await readSettings();
  const { [url]: _dropped, ...tokens } = settings.tokens;
  await writeSettings({ ...settings, tokens });
}
