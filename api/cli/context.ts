/** What every command gets: the client, and the global flags. */
import type { Command } from 'commander';
import { ApiClient } from './client.ts';
import { findConnection } from './settings.ts';

export interface GlobalFlags {
  server?: string;
  local?: boolean;
  socket?: string;
  output?: string;
}

export interface CliContext {
  client: ApiClient;
  flags: GlobalFlags;
}

export async function contextOf(command: Command): Promise<CliContext> {
  const flags = command.optsWithGlobals<GlobalFlags>();
  return { client: new ApiClient(await findConnection(flags)), flags };
}

/** `90`, `90s`, `5m`, `1h` in milliseconds, or undefined when it is not a duration. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+)(ms|s|m|h)?$/.exec(text);
  if (match === null) return undefined;
  const unit = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match[2] ?? 's'] ?? 1000;
  return Number(match[1]) * unit;
}
