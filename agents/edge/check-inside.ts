/** Asks a service as a container of its sandbox would: through the edge, from the host's address in the sandbox's network. */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { EDGE_INSIDE_PORT, EDGE_SUFFIX } from '#schema/names';
import type { EdgeTarget } from '#schema/wire/commands';
import type { CheckStep, TargetCheck } from '#schema/wire/report';
import { reason, type CheckTarget } from './check-target.ts';
import { CHECK, PAGE } from './config-text.ts';
import { getOver, type Got } from './http-get.ts';

/** Opens a connection from a given address of this host. */
export type Dial = (to: { host: string; port: number; localAddress: string }) => Duplex;

export const dialFrom: Dial = (to) => connect(to);

export interface InsideCheck {
  service: string;
  target: EdgeTarget;
  /** From "/". */
  health: string | undefined;
  /** Of the host in the sandbox's network. */
  hostAddress: string;
  mark: string;
}

/** The edge tries for some seconds to connect, and other edges behind it do. */
const ANSWER_MS = 12_000;

export async function checkInside(check: InsideCheck, parts: { dial: Dial; checkTarget: CheckTarget }): Promise<TargetCheck> {
  const { service, target, hostAddress, mark } = check;
  const path = check.health ?? '/';
  const began = Date.now();
  const says = (ok: boolean, step: CheckStep, message: string, status?: number): TargetCheck => ({
    ok, at: new Date().toISOString(), step, message, ...(status === undefined ? {} : { status }), durationMs: Date.now() - began,
  });
  if (target.kind === 'unavailable') return says(false, 'answer', target.reason);
  let got: Got;
  try {
    const connection = parts.dial({ host: hostAddress, port: EDGE_INSIDE_PORT, localAddress: hostAddress });
    const headers = { host: `${service}.${EDGE_SUFFIX}:${EDGE_INSIDE_PORT}`, [CHECK]: mark, accept: 'application/json', 'user-agent': 'sdp-check' };
    got = await getOver(connection, { path, headers, timeoutMs: ANSWER_MS });
  } catch (error) {
    // Whoever has no such address is not on the host of its engine, and cannot ask as a container would.
    if ((error as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') throw error;
    const late = /no answer within/.test(String(error));
    return late
      ? says(false, 'answer', `${service} gave no answer to GET ${path} within ${ANSWER_MS / 1000} s.`)
      : says(false, 'connect', `The edge takes no connection at ${hostAddress} port ${EDGE_INSIDE_PORT} (${reason(error)}).`);
  }
  const page = got.headers[PAGE.toLowerCase()];
  if (page === undefined) {
    if (got.status < 500) return says(true, 'answer', `It answered ${got.status}.`, got.status);
    return says(false, 'answer', `It answered ${got.status} to GET ${path}.`, got.status);
  }
  if (target.kind === 'url') {
    const direct = await parts.checkTarget(target.url, check.health);
    if (!direct.ok) {
      const { addresses: _, ...found } = direct;
      return { ...found, durationMs: Date.now() - began };
    }
  }
  return says(false, stepOf(String(page)), whatPageSays(got.text, service), got.status);
}

/** How far a request came that an edge answered itself. */
function stepOf(page: string): CheckStep {
  if (page === 'unresolved') return 'resolve';
  return page === 'error_502' || page === 'error_504' ? 'answer' : 'connect';
}

function whatPageSays(text: string, service: string): string {
  try {
    const { detail, hop } = JSON.parse(text) as { detail?: string; hop?: string };
    if (detail !== undefined && detail !== '') return `${detail.replace(/\.$/, '')}${hop === undefined ? '' : ` (${hop})`}.`;
  } catch {
    // Said below.
  }
  return `${service} is not reached.`;
}
