import { expect, test } from 'vitest';
import type { DeltaReport, FullReport } from '#schema/wire/messages';
import type { NodeState, ObservedEdge } from '#schema/wire/report';
import { NodeReporter } from '#agents/report/node-reporter';

const edgeWith = (hash: string): ObservedEdge => ({ owner: true, state: 'ready', routes: { uid: hash }, foreignPorts: [] });
const seen = (images: string[] = []): Omit<NodeState, 'edge'> => ({
  repositories: [],
  containers: [],
  networks: [],
  images: images.map((ref) => ({ id: ref, ref })),
  memoryFreeBytes: 1,
  diskFreeBytes: 1,
});

function world() {
  const reports: (FullReport | DeltaReport)[] = [];
  const state = { edge: edgeWith('first'), looks: [] as (() => void)[], images: [] as string[] };
  const look = (): Promise<Omit<NodeState, 'edge'>> => new Promise((resolve) => state.looks.push(() => resolve(seen(state.images))));
  const reporter = new NodeReporter(look, () => state.edge, (error) => {
    throw error;
  });
  return { reporter, reports, state, send: (report: FullReport | DeltaReport) => reports.push(report) };
}

async function attached() {
  const made = world();
  const first = made.reporter.attach(made.send);
  made.state.looks.shift()?.();
  await first;
  return made;
}

test('tells a change of the edge at once, without a look at the node', async () => {
  const { reporter, reports, state } = await attached();
  state.edge = edgeWith('second');
  reporter.edgeChanged();
  expect(state.looks).toHaveLength(0);
  expect(reports).toMatchObject([{ type: 'report', number: 1 }, { type: 'delta', number: 2, delta: { edge: edgeWith('second') } }]);
});

test('says nothing where the edge is as it was told', async () => {
  const { reporter, reports } = await attached();
  reporter.edgeChanged();
  expect(reports).toHaveLength(1);
});

test('a look that began before a flip does not take it back', async () => {
  const { reporter, reports, state } = await attached();
  const looked = reporter.refresh();
  state.edge = edgeWith('second');
  reporter.edgeChanged();
  state.images = ['new'];
  state.looks.shift()?.();
  await looked;
  expect(reports.at(-1)).toMatchObject({ type: 'delta', number: 3, delta: { images: [{ ref: 'new' }] } });
  expect((reports.at(-1) as DeltaReport).delta.edge).toBeUndefined();
});

test('a change of the edge before a full report is due is told at once too', async () => {
  const { reporter, reports, state } = await attached();
  reporter.askForFull();
  state.edge = edgeWith('second');
  reporter.edgeChanged();
  const looked = reporter.refresh();
  state.looks.shift()?.();
  await looked;
  expect(reports.map(({ type }) => type)).toEqual(['report', 'delta', 'report']);
});

test('the first report of a session waits for a look', () => {
  const { reporter, reports, send, state } = world();
  void reporter.attach(send);
  state.edge = edgeWith('second');
  reporter.edgeChanged();
  expect(reports).toHaveLength(0);
});
