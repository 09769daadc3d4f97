/** Whether a URL leads to SDP's own addresses: a route there would go round in circles. Pure. */
import { EDGE_INSIDE_PORT, EDGE_SUFFIX } from '#schema/names';
import type { World } from './world.ts';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;
const ANY = /^(0\.0\.0\.0|\[::\])$/;

/** Address as URLs write it. */
const hostOf = (address: string): string =>
  (URL.canParse(`http://${address}`) ? new URL(`http://${address}`).hostname : address).toLowerCase();

const portOf = (url: URL): number => Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);

/** What the address is, in plain words; undefined when it is not SDP's. */
export function ownAddress(url: URL, world: Pick<World, 'ownUrls' | 'nodes'>): string | undefined {
  const host = url.hostname.toLowerCase();
  const here = LOOPBACK.test(host) || ANY.test(host);
  const port = portOf(url);
  for (const text of world.ownUrls) {
    const own = new URL(text);
    const same = own.hostname.toLowerCase() === host || (here && (LOOPBACK.test(own.hostname) || ANY.test(own.hostname)));
    if (same && portOf(own) === port) return "the control plane's own address";
  }
  if (host.endsWith(`.${EDGE_SUFFIX}`)) return 'an address that edges have inside sandboxes';
  for (const { hello, state } of world.nodes) {
    if (hostOf(hello.node.address) !== host && !here) continue;
    // A listener of somebody else was there before the edge: that one answers.
    if (state?.edge.foreignPorts.includes(port)) continue;
    const { gateway, service } = hello.ports;
    const within = (range: { from: number; to: number }): boolean => port >= range.from && port <= range.to;
    const { name } = hello.node;
    if (within(gateway)) return `a gateway port of the edge on ${name} (${gateway.from} to ${gateway.to})`;
    if (within(service)) return `a service port of the edge on ${name} (${service.from} to ${service.to})`;
    if (port === state?.edge.sharedPort) return `the shared port of the edge on ${name}`;
    if (port === EDGE_INSIDE_PORT) return `the inside port of the edge on ${name}`;
  }
  return undefined;
}
