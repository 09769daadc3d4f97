/** What every command gets: the client, and the global flags. */
import type { Command } from 'commander';
import { UNIT_MS } from '#schema/duration';
import { ApiClient } from './client.ts';
import { findConnection } from './settings.ts';

export interface GlobalFlags {
  server?: string;
  local?: boolean;
  socket?: string;
  output?: string;
  force?: boolean;
}

export interface CliContext {
  client: ApiClient;
  flags: GlobalFlags;
}

export async function contextOf(command: Command): Promise<CliContext> {
  const flags = command.optsWithGlobals<GlobalFlags>();
  return { client: new ApiClient(await findConnection(flags), flags.force === true), flags };
}

/** `90`, `90s`, `5m`, `1h` in milliseconds, or undefined when it is not a duration. */
export function durationMs(text: string): number | undefined {
  const match = /^(\d+)(ms|s|m|h)?$/.exec(text);
  if (match === null) return undefined;
  return Number(match[1]) * (UNIT_MS[match[2] ?? 's'] ?? 1_000);
}
