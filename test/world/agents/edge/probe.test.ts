/** Whether containers can reach the edge, and what is said when they cannot. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LABELS } from '#schema/names';
import { probeFromInside } from '#agents/edge/probe';
import { EDGE_IMAGE, edgeFor, INSTALLATION, network, observe, sandbox, startNode, subnetOf, type EdgeUnderTest, type Node } from './edge-world.ts';

const A = sandbox('probe');
let node: Node;
let edge: EdgeUnderTest;
const probe = (): Promise<string | undefined> =>
  probeFromInside({ docker: node.docker, installation: INSTALLATION, image: EDGE_IMAGE, network: 'sandbox-probe' });

beforeAll(async () => {
  node = await startNode('edge-probe');
  await network(node.docker, A, subnetOf(node, 0));
  edge = edgeFor(node, 'micro-1');
  await edge.start();
});

afterAll(async () => {
  await edge?.stop();
  await node?.engine.stop();
});

it('finds the way open, and leaves no container behind', async () => {
  expect(await probe()).toBeUndefined();
  expect(await node.docker.listContainers({ all: true, filters: { label: [`${LABELS.role}=probe`] } })).toEqual([]);
});

it('says in the edge\'s state that a firewall drops what containers send', async () => {
  await node.engine.exec('iptables', ['-I', 'INPUT', '-p', 'tcp', '--dport', '7080', '-j', 'DROP']);
  expect(await probe()).toMatch(/Containers of sandbox-probe cannot reach the edge at \S+:7080.*Allow it: iptables/);
  const [seen] = await node.docker.listNetworks({ filters: { name: ['sandbox-probe'] } });
  await edge.containersChanged(await observe(node.docker), [{ id: seen?.Id ?? '', name: 'sandbox-probe', sandboxUid: A.uid }]);
  await expect.poll(() => edge.state().message, { timeout: 40_000 }).toContain('cannot reach the edge');
  expect(edge.state().state).toBe('ready');
  await node.engine.exec('iptables', ['-D', 'INPUT', '-p', 'tcp', '--dport', '7080', '-j', 'DROP']);
});
