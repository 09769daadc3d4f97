/** How the containers of a sandbox reach every service of the catalogue: by addresses that never change. */
import type { ServiceSpec } from '#schema/documents';
import { EDGE_INSIDE_PORT, edgeHost, edgeUrl, GATEWAY_SERVICE, urlVariable } from '#schema/names';

export interface Peer {
  /** As people wrote it. */
  name: string;
  slug: string;
  /** Name of the variable that holds `url`. */
  variable: string;
  /** Such as `http://account.sdp:7080`. */
  url: string;
  /** Such as `account.sdp`: the edge decides by it, so it has to be the Host header. */
  host: string;
  port: number;
}

interface CatalogueEntry {
  name: string;
  spec: Pick<ServiceSpec, 'urlVariable'>;
}

/** All but the gateway, by slug. */
export function peersOf(catalogue: Iterable<readonly [slug: string, entry: CatalogueEntry]>): Peer[] {
  return [...catalogue]
    .filter(([slug]) => slug !== GATEWAY_SERVICE)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([slug, { name, spec }]) => ({
      name,
      slug,
      variable: spec.urlVariable ?? urlVariable(slug),
      url: edgeUrl(slug),
      host: edgeHost(slug),
      port: EDGE_INSIDE_PORT,
    }));
}
