/** A node as people see it. */
import type { NodeView } from '#schema/http';
import type { FleetNode } from '#reconciler/contract';

const NOTHING_REPORTED = { state: 'unknown', message: 'No report since this server started.' };

export function nodeView(node: FleetNode): NodeView {
  const { hello, state } = node;
  const { name, type, address } = hello.node;
  const edge = state === undefined ? NOTHING_REPORTED : state.edge;
  return {
    name,
    type,
    address,
    engine: hello.engine.id,
    online: node.online,
    lastSeenAt: node.lastSeenAt,
    agentVersion: hello.agentVersion,
    edgeOwner: state?.edge.owner ?? false,
    edge: { state: edge.state, ...(edge.message === undefined ? {} : { message: edge.message }) },
    ...(state?.edge.sharedPort === undefined ? {} : { sharedPort: state.edge.sharedPort }),
    repositories: (state?.repositories ?? []).map(({ name: repository, path, kind, url, problem }) => ({
      name: repository,
      path,
      kind,
      ...(url === undefined ? {} : { url }),
      ...(problem === undefined ? {} : { problem }),
    })),
    containers: (state?.containers ?? []).filter((container) => container.foreign === undefined).length,
    memoryFreeBytes: state?.memoryFreeBytes ?? 0,
    diskFreeBytes: state?.diskFreeBytes ?? 0,
    ports: hello.ports,
  };
}
