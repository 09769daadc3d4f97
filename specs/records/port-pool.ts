/** What all who hand out ports share: one engine's ports, whoever has them. */
import { SdpError } from '#schema/errors';
import type { Tx } from '../tables.ts';
import type { Resting } from './choose-port.ts';

export interface Range {
  from: number;
  to: number;
}

/** Ports that nobody has: neither a service nor a person nor, as far as `avoid` says, a foreign process. */
export async function freePorts(
  tx: Tx,
  engine: string,
  avoid: readonly number[],
): Promise<{ free: (port: number) => boolean; allocated: number }> {
  const taken = [
    ...(await tx.selectFrom('ports').select('port').where('engine', '=', engine).execute()),
    ...(await tx.selectFrom('personalPorts').select('port').where('engine', '=', engine).execute()),
  ];
  const held = new Set([...avoid, ...taken.map(({ port }) => port)]);
  return { free: (port) => !held.has(port), allocated: taken.length };
}

/** Released ports of an engine, the longest-rested first. */
export async function restingOn(tx: Tx, engine: string): Promise<Resting[]> {
  return tx.selectFrom('restingPorts').selectAll().where('engine', '=', engine).orderBy('releasedSeq').execute();
}

export function exhausted(range: Range, allocated: number, whose: string): SdpError {
  return new SdpError(
    'port_pool_exhausted',
    `No port between ${range.from} and ${range.to} is free for ${whose} (${allocated} are allocated on its engine).`,
    { hint: "Delete sandboxes that nobody needs, or widen the range in the agent's file." },
  );
}
