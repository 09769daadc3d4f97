/**
 * Redirects that an edge takes for leaving, since it knows the address that was asked for and no other, although they
 * lead to the same sandbox: its gateway's port, or a person's port that leads there, on any node.
 */
import type { RequestView } from '#schema/http';
import type { Fleet } from '#reconciler/contract';
import type { RecordStore } from '#specs/store';

export interface OwnGatewaysDeps {
  fleet: Pick<Fleet, 'nodes'>;
  store: Pick<RecordStore, 'ports' | 'personalPorts'>;
}

/** The requests, with what was said too much of leaving taken back. Reads nothing where nothing leaves. */
export async function judgedRedirects(deps: OwnGatewaysDeps, uid: string, requests: readonly RequestView[]): Promise<RequestView[]> {
  if (!requests.some(({ leaves }) => leaves === true)) return [...requests];
  const own = await ownGateways(deps, uid);
  return requests.map((request) => {
    if (request.leaves !== true || !leadsTo(own, request.location)) return request;
    const { leaves: _leaves, ...stays } = request;
    return stays;
  });
}

/** `host:port` of each address at which this sandbox's gateway answers, as a URL has it. */
export async function ownGateways({ fleet, store }: OwnGatewaysDeps, uid: string): Promise<ReadonlySet<string>> {
  const ports = (await store.ports({ sandboxUid: uid })).filter(({ kind }) => kind === 'gateway');
  const personal = (await store.personalPorts({ sandboxUid: uid })).filter(({ sandboxUid }) => sandboxUid === uid);
  const hosts = [...ports, ...personal].flatMap(({ engine, port }) =>
    fleet.nodes().filter(({ hello }) => hello.engine.id === engine).map(({ hello }) => hostOf(hello.node.address, port)),
  );
  return new Set(hosts);
}

/** Whether a Location names one of these addresses. */
export function leadsTo(own: ReadonlySet<string>, location: string | undefined): boolean {
  if (location === undefined) return false;
  try {
    const { protocol, hostname, port } = new URL(location, 'http://relative.invalid');
    return protocol === 'http:' && own.has(`${hostname}:${port === '' ? 80 : port}`);
  } catch {
    return false;
  }
}

const hostOf = (address: string, port: number): string => `${address.includes(':') ? `[${address}]` : address.toLowerCase()}:${port}`;
