/**
 * Whether a URL can be reached from this node, and where the way ends if not: name, connection, certificate, answer.
 * The same settings that the edge has, and none of its parts: it can be asked while no HAProxy runs.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext } from 'node:tls';
import type { TargetCheck } from '#schema/wire/report';
import type { AgentConfig } from '../contract.ts';
import { inPool, insidePool } from './compute-maps.ts';
import { certificates } from './edge-files.ts';
import { findingFromNow, type Finding } from './finding.ts';
import { getOver } from './http-get.ts';
import { resolveName } from './resolver.ts';
import { parseTarget } from './url-target.ts';

export type CheckedTarget = TargetCheck & { addresses: string[] };
export type CheckTarget = (url: string, health?: string, signal?: AbortSignal) => Promise<CheckedTarget>;

/** Each step ends after so long. */
const STEP_MS = 5_000;

/** @param settings of the agent: `baseline` says how names are resolved and whom certificates are believed from */
export function targetChecker(settings: Pick<AgentConfig, 'baseline' | 'network'>, stepMs = STEP_MS): CheckTarget {
  return async (url, health, signal) => {
    const finding = findingFromNow();
    let addresses: string[] = [];
    const says = (...found: Parameters<Finding>): CheckedTarget => ({ ...finding(...found), addresses });
    const parsed = parseTarget(url);
    if (!parsed.ok) return says(false, 'resolve', `${parsed.problem}.`);
    const { hostname, port, scheme, host, prefix } = parsed;
    try {
      addresses = await resolveName(settings.baseline, hostname, stepMs);
    } catch (error) {
      return says(false, 'resolve', `The name ${hostname} cannot be resolved on this node (${reason(error)}). Add it to baseline.hosts, or name a server that knows it in baseline.dns.`);
    }
    const address = addresses[0] ?? hostname;
    const ownNetwork = addresses.find((each) => inPool(each, settings.network.pool));
    if (ownNetwork !== undefined) {
      return says(false, 'resolve', `${insidePool(hostname, ownNetwork, settings.network.pool)}. Choose another network.pool for this node, or another URL.`);
    }
    let connection: Socket;
    try {
      connection = await opened(connect({ host: address, port }), 'connect', stepMs, signal);
    } catch (error) {
      return says(false, 'connect', `${address} port ${port} takes no connection (${reason(error)}). Is it up, and does a firewall let this node through?`);
    }
    if (scheme === 'https') {
      try {
        const secureContext = await context(settings.baseline.caFile);
        const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
        connection = await opened(connectTls({ socket: connection, secureContext, host: hostname, ...servername }), 'secureConnect', stepMs, signal);
      } catch (error) {
        connection.destroy();
        return says(false, 'certificate', `${host} is not believed: ${certificateProblem(error)}`);
      }
    }
    try {
      const path = `${prefix}${health ?? '/'}`;
      const got = await getOver(connection, { path, headers: { host, 'user-agent': 'sdp-check' }, timeoutMs: stepMs, signal });
      if (got.status < 500) return says(true, 'answer', `${host} answered ${got.status}.`, got.status);
      return says(false, 'answer', `${host} answered ${got.status} to GET ${path}.`, got.status);
    } catch (error) {
      return says(false, 'answer', `${host} gave no answer to GET ${prefix}${health ?? '/'} (${reason(error)}).`);
    }
  };
}

let contexts: { pem: string; made: SecureContext } | undefined;

/** Reading a hundred certificates takes time: kept while they are the same. */
async function context(caFile: string | undefined): Promise<SecureContext> {
  const pem = await certificates(caFile);
  if (contexts?.pem !== pem) contexts = { pem, made: createSecureContext({ ca: pem }) };
  return contexts.made;
}

function opened<T extends Socket>(socket: T, event: 'connect' | 'secureConnect', timeoutMs: number, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const fail = (error: unknown): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      socket.destroy();
      reject(error instanceof Error ? error : new Error(String(error)));
    };
    const aborted = (): void => fail(signal?.reason ?? new Error('given up'));
    const timer = setTimeout(() => fail(new Error(`nothing within ${timeoutMs / 1000} s`)), timeoutMs);
    if (signal?.aborted === true) return aborted();
    signal?.addEventListener('abort', aborted);
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('the connection was closed')));
    socket.once(event, () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      resolve(socket);
    });
  });
}

const PROBLEMS: readonly [RegExp, string][] = [
  [/EXPIRED/, 'its certificate has expired'],
  [/NOT_YET_VALID/, 'its certificate is not valid yet; is the clock of this node right?'],
  [/ALTNAME/, 'its certificate is for another name'],
  [/SELF_SIGNED|UNABLE_TO|UNKNOWN_CA|LEAF_SIGNATURE/, 'its certificate comes from nobody in baseline.caFile; add the CA of this server there'],
  [/WRONG_VERSION|PACKET_LENGTH|UNKNOWN_PROTOCOL|UNEXPECTED_MESSAGE/, 'it does not speak TLS; is http:// meant?'],
];

function certificateProblem(error: unknown): string {
  const { code = '', message = '' } = error as NodeJS.ErrnoException;
  const known = PROBLEMS.find(([pattern]) => pattern.test(code) || pattern.test(message.toUpperCase().replace(/ /g, '_')));
  return known === undefined ? `${reason(error)}.` : `${known[1]} (${reason(error)}).`;
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'no route to it',
  ENETUNREACH: 'no route to it',
  ETIMEDOUT: 'nothing in time',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'no such name',
};

/** Shorter than what the system says, where it is well known. */
export function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : WORDS[code]) ?? (message === undefined || message === '' ? String(code ?? error) : message);
}
