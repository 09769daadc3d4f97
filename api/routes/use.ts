/** A person's own address: one gateway port that they keep, and the sandbox that it leads to. */
import { SdpError } from '#schema/errors';
import type { UseView } from '#schema/http';
import type { PersonalPort } from '#schema/records';
import type { FleetNode } from '#reconciler/contract';
import { audited } from '../http/audited.ts';
import { readObject } from '../http/body.ts';
import type { ApiRouter, Context } from '../http/context.ts';
import { requiredString } from '../http/fields.ts';
import type { ApiDeps } from './deps.ts';

const PATH = '/api/v1/use';

export function useRoutes(router: ApiRouter, deps: ApiDeps): void {
  router.get(PATH, async (ctx) => {
    const { username } = ctx.state.caller;
    const [held] = await deps.store.personalPorts({ user: username });
    ctx.body = await useView(deps, username, held);
  });
  router.put(PATH, (ctx) => use(ctx, deps));
  router.delete(PATH, (ctx) => giveUp(ctx, deps));
}

/** Moves by routes only. */
async function use(ctx: Context, deps: ApiDeps): Promise<void> {
  const name = requiredString(await readObject(ctx.req), 'sandbox');
  const user = ctx.state.caller.username;
  await audited(deps, { user, action: 'use.set', sandbox: name }, async () => {
    const sandbox = await deps.documents.require('Sandbox', name);
    const { uid, deletedAt } = sandbox.metadata;
    if (deletedAt !== undefined) {
      throw new SdpError('conflict', `${sandbox.metadata.name} is being deleted.`, { hint: 'Choose another sandbox; see `sdp get sandboxes`.' });
    }
    const [held] = await deps.store.personalPorts({ user });
    const node = await gatewayNode(deps, held, uid);
    const { engine } = node.hello;
    const made = await deps.store.claimPersonalPort({ user, engine: engine.id, sandboxUid: uid }, node.hello.ports.gateway, avoided(deps, engine.id));
    // The former one keeps the port until the new one's routes are in force, and is looked at then.
    deps.reconciler.enqueue(uid);
    if (held !== undefined && held.sandboxUid !== uid && made.formerUid !== held.sandboxUid) deps.reconciler.enqueue(held.sandboxUid);
    ctx.body = await useView(deps, user, made);
  });
}

async function giveUp(ctx: Context, deps: ApiDeps): Promise<void> {
  const user = ctx.state.caller.username;
  await audited(deps, { user, action: 'use.off' }, async () => {
    const released = await deps.store.releasePersonalPort(user);
    for (const uid of [released?.sandboxUid, released?.formerUid]) if (uid !== undefined) deps.reconciler.enqueue(uid);
    ctx.body = await useView(deps, user, undefined);
  });
}

const gateways = (deps: ApiDeps): FleetNode[] => deps.hub.nodes().filter((node) => node.hello.node.type === 'GATEWAY');

/**
 * Where the port is or comes to be: the one held stays where it is; a new one is where the sandbox's gateway is, else at
 * the first gateway node that is online.
 * @throws SdpError no_node
 */
async function gatewayNode(deps: ApiDeps, held: PersonalPort | undefined, uid: string): Promise<FleetNode> {
  const nodes = gateways(deps);
  const former = nodes.find((node) => node.hello.engine.id === held?.engine);
  if (former !== undefined) return former;
  const gateway = (await deps.store.ports({ sandboxUid: uid })).find((port) => port.kind === 'gateway');
  const near = nodes.find((node) => node.hello.engine.id === gateway?.engine) ?? nodes.find((node) => node.online) ?? nodes[0];
  if (near !== undefined) return near;
  throw new SdpError('no_node', 'There is no node of type GATEWAY that could serve an address.', { hint: 'Start an agent with `type: GATEWAY` in its file.' });
}

function onEngine(deps: ApiDeps, engine: string): readonly FleetNode[] {
  return deps.hub.nodes().filter((node) => node.hello.engine.id === engine);
}

/** Ports that others hold there, as far as is known. */
function avoided(deps: ApiDeps, engine: string): number[] {
  return onEngine(deps, engine).flatMap(({ state }) => [
    ...(state?.edge.foreignPorts ?? []),
    ...(state?.edge.sharedPort === undefined ? [] : [state.edge.sharedPort]),
  ]);
}

async function useView(deps: ApiDeps, user: string, held: PersonalPort | undefined): Promise<UseView> {
  if (held === undefined) return { user };
  const { engine, port, allocatedAt, sandboxUid } = held;
  const nodes = onEngine(deps, engine);
  const edge = nodes.find((node) => node.state?.edge.owner === true) ?? nodes[0];
  const document = await deps.store.getByUid(sandboxUid);
  const sandbox = document?.metadata.deletedAt === undefined ? document?.metadata.name : undefined;
  const problem = problemOf(held, edge, sandbox);
  return {
    user,
    address: {
      engine,
      port,
      allocatedAt,
      ...(edge === undefined ? {} : { url: `http://${edge.hello.node.address}:${port}`, node: edge.hello.node.name }),
      ...(sandbox === undefined ? {} : { sandbox }),
      ...(problem === undefined ? {} : { problem }),
    },
  };
}

function problemOf({ port }: PersonalPort, edge: FleetNode | undefined, sandbox: string | undefined): string | undefined {
  if (edge === undefined) return 'Its node is not known any more: `sdp use NAME` gives you another address.';
  const { name } = edge.hello.node;
  if (edge.state?.edge.foreignPorts.includes(port) === true) return `Another process on ${name} has taken port ${port}: \`sdp use NAME\` gives you another one.`;
  if (sandbox === undefined) return 'The sandbox that it led to is gone: choose another with `sdp use NAME`.';
  return edge.online ? undefined : `The node ${name} does not report; what its edge does at the moment is unknown.`;
}
