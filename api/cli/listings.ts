/** Lists that are not documents, and how each is shown. */
import type { NodeView, PortView, RepositoryView } from '#schema/http';
import type { AuditEntry, Deployment } from '#schema/records';
import { age, printAs, table, type Format } from './output.ts';

interface Listing {
  header: string[];
  row(item: never, wide: boolean): (string | number | undefined)[];
  name(item: never): string;
}

const listing = <T>(header: string[], row: (item: T, wide: boolean) => (string | number | undefined)[], name: (item: T) => string): Listing => ({ header, row, name }) as Listing;

const shortCommit = (commit: string | undefined): string | undefined => commit?.slice(0, 8);

const LISTINGS = {
  nodes: listing<NodeView>(
    ['NAME', 'TYPE', 'STATE', 'ADDRESS', 'EDGE', 'CONTAINERS', 'REPOSITORIES'],
    (node) => [node.name, node.type, node.online ? 'online' : 'offline', node.address, node.edgeOwner ? node.edge.state : '-', node.containers, node.repositories.map((repository) => repository.name).join(',')],
    (node) => node.name,
  ),
  repositories: listing<RepositoryView>(['NAME', 'NODES', 'URL', 'PROBLEM'], (item) => [item.name, item.nodes.join(','), item.url, item.problem], (item) => item.name),
  ports: listing<PortView>(
    ['PORT', 'KIND', 'SANDBOX', 'SERVICE', 'OWNER', 'SINCE', 'ENGINE'],
    (item, wide) => [item.port, item.kind, item.sandbox === '' ? '(gone)' : item.sandbox, item.service, item.owner, wide ? item.allocatedAt : item.allocatedAt.slice(0, 16), wide ? item.engine : item.engine.slice(0, 12)],
    (item) => String(item.port),
  ),
  deployments: listing<Deployment>(
    ['ID', 'SANDBOX', 'SERVICE', 'STATE', 'BRANCH', 'COMMIT', 'BY', 'AGE', 'MESSAGE'],
    (item) => [item.id, item.sandbox, item.service, item.state, item.branch, shortCommit(item.commit), item.user, age(item.startedAt), item.message ?? item.reason],
    (item) => item.id,
  ),
  audit: listing<AuditEntry>(
    ['AT (UTC)', 'USER', 'ACTION', 'ABOUT', 'SERVICE', 'OUTCOME', 'MESSAGE'],
    (item, wide) => [wide ? item.at : item.at.slice(0, 19).replace('T', ' '), item.user, item.action, item.sandbox ?? item.environment, item.service, item.outcome, item.message],
    (item) => String(item.id),
  ),
} satisfies Record<string, Listing>;

export type ListName = keyof typeof LISTINGS;
export const LIST_NAMES = Object.keys(LISTINGS) as ListName[];


/** The list that a word means, in singular or plural. */
export function listOf(word: string): ListName | undefined {
  const lower = word.toLowerCase();
  return LIST_NAMES.find((name) => name === lower || name === `${lower}s` || (lower === 'repository' && name === 'repositories'));
}

/** @param items as the API's list of this name has them */
export function printList(list: ListName, items: readonly unknown[], format: Format, whenEmpty = `No ${list}.`): void {
  const shape: Listing = LISTINGS[list];
  const rows = items as readonly never[];
  printAs(format, items, rows.map((item) => shape.name(item)), (wide) =>
    rows.length === 0 ? whenEmpty : table(shape.header, rows.map((item) => shape.row(item, wide)), wide),
  );
}

/** Name of one item, as `-o name` prints it. */
export function itemName(list: ListName, item: unknown): string {
  const shape: Listing = LISTINGS[list];
  return shape.name(item as never);
}
