/**
 * Asks a service through the edge as a container of its sandbox would, in the name of an address of the sandbox's network.
 */
import { EDGE_INSIDE_PORT, EDGE_SUFFIX } from '#schema/names';
import type { EdgeTarget } from '#schema/wire/commands';
import type { CheckStep, TargetCheck } from '#schema/wire/report';
import type { CheckTarget } from './check-target.ts';
import { PAGE } from './config-text.ts';
import { findingFromNow } from './finding.ts';
import { getOver, type Got } from './http-get.ts';
import { connectTo } from './socket-path.ts';

export interface InsideCheck {
  service: string;
  target: EdgeTarget;
  /** From "/". */
  health: string | undefined;
  /** Address in the sandbox's network that the edge takes for the caller's. */
  caller: string;
}

/** The edge tries for some seconds to connect, and other edges behind it do. */
const ANSWER_MS = 12_000;

export async function checkInside(check: InsideCheck, parts: { socket: string; checkTarget: CheckTarget }): Promise<TargetCheck> {
  const { service, target, caller } = check;
  const path = check.health ?? '/';
  const says = findingFromNow();
  if (target.kind === 'unavailable') return says(false, 'answer', target.reason);
  // Without an edge there is no finding: this throws, and the edge's own state says what is wrong.
  const connection = await connectTo(parts.socket);
  connection.write(`PROXY TCP4 ${caller} ${caller} 1024 ${EDGE_INSIDE_PORT}\r\n`);
  let got: Got;
  try {
    const headers = { host: `${service}.${EDGE_SUFFIX}:${EDGE_INSIDE_PORT}`, accept: 'application/json', 'user-agent': 'sdp-check' };
    got = await getOver(connection, { path, headers, timeoutMs: ANSWER_MS });
  } catch (error) {
    if (!/no answer within/.test(String(error))) throw error;
    return says(false, 'answer', `${service} gave no answer to GET ${path} within ${ANSWER_MS / 1000} s.`);
  }
  const page = got.headers[PAGE.toLowerCase()];
  if (page === undefined) {
    if (got.status < 500) return says(true, 'answer', `It answered ${got.status}.`, got.status);
    return says(false, 'answer', `It answered ${got.status} to GET ${path}.`, got.status);
  }
  if (target.kind === 'url') {
    const direct = await parts.checkTarget(target.url, check.health);
    if (!direct.ok) {
      return says(false, direct.step, direct.message, direct.status);
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
    if (detail !== undefined && detail !== '') return `${detail.replace(/\.$/, '')}${hop === undefined ? '' : ` (${hop.replace(/checks port \d*/, `inside port ${EDGE_INSIDE_PORT}`)})`}.`;
  } catch {
    // Said below.
  }
  return `${service} is not reached.`;
}
