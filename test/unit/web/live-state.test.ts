import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Deployment } from '#schema/records';
import { DEPLOYMENT_STATES, type DeploymentState } from '#schema/states';
import type { SandboxStatus } from '#schema/status';
import type { StreamEvent } from '#schema/stream';
import {
  initialState,
  reduceLive,
  runningDeployments,
  standingFailures,
  type LiveState,
} from '../../../web/app/live/live-state.ts';

const at = '2026-01-01T00:00:00.000Z';
const status = (observedGeneration: number): SandboxStatus => ({
  observedGeneration,
  observedResourceVersion: 1,
  sync: 'Synced',
  health: 'Healthy',
  operation: 'RUNNING',
  conditions: [],
  services: {},
});
const deployment = (id: string, state: DeploymentState, startedAt = at, service = 'account'): Deployment => ({
  id,
  sandboxUid: 'u',
  sandbox: 'S',
  service,
  repository: 'r',
  branch: 'b',
  user: 'demo',
  generation: 1,
  state,
  startedAt,
});
const statusEvent = (seq: number, generation: number): StreamEvent => ({
  seq,
  at,
  type: 'status',
  sandbox: 'S',
  slug: 's',
  status: status(generation),
});
const deploymentEvent = (seq: number, state: DeploymentState): StreamEvent => ({
  seq,
  at,
  type: 'deployment',
  deployment: deployment('d1', state),
});
const play = (state: LiveState, events: StreamEvent[]): LiveState =>
  events.reduce((now, event) => reduceLive(now, { type: 'event', event }), state);

describe('reduceLive', () => {
  test('ignores what the snapshot knows already', () => {
    const state = initialState({ seq: 5, status: { s: status(2) } });
    expect(play(state, [statusEvent(5, 1)])).toBe(state);
  });

  test('applies each event once however often it comes', () => {
    const event: StreamEvent = {
      seq: 1,
      at,
      type: 'deployment-event',
      sandbox: 'S',
      event: { deploymentId: 'd1', event: 'FETCH_STARTED', at },
    };
    expect(play(initialState({ seq: 0 }), [event, event]).events['d1']).toHaveLength(1);
  });

  test('a snapshot that is older than the newest events loses none of them', () => {
    const live = play(initialState({ seq: 1 }), [statusEvent(2, 2), statusEvent(3, 3)]);
    const after = reduceLive(live, { type: 'snapshot', snapshot: { seq: 2, status: { s: status(2) } } });
    expect(after.status['s']?.observedGeneration).toBe(3);
    expect(after.seq).toBe(3);
  });

  test('after a restart of the server only the snapshot counts', () => {
    const live = play(initialState({ seq: 100 }), [statusEvent(101, 9)]);
    const after = reduceLive(live, { type: 'snapshot', fresh: true, snapshot: { seq: 2, status: { s: status(1) } } });
    expect(after.status['s']?.observedGeneration).toBe(1);
    expect(play(after, [statusEvent(3, 2)]).status['s']?.observedGeneration).toBe(2);
  });

  test('a deployment never moves back, in whatever order its states come', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...DEPLOYMENT_STATES), { minLength: 1 }), (states) => {
        const end = play(
          initialState({ seq: 0 }),
          states.map((state, index) => deploymentEvent(index + 1, state))
        );
        const furthest = Math.max(...states.map((state) => DEPLOYMENT_STATES.indexOf(state)));
        expect(end.deployments).toHaveLength(1);
        expect(end.deployments[0]?.state).toBe(DEPLOYMENT_STATES[furthest]);
      })
    );
  });

  test('any cut of a history into snapshot and events ends in the same state', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 20 }), (length, cut) => {
        const history = Array.from({ length }, (_, index) => statusEvent(index + 1, index + 1));
        const before = history.slice(0, cut);
        const snapshot = { seq: before.length, status: before.length === 0 ? {} : { s: status(before.length) } };
        expect(play(initialState(snapshot), history).status).toEqual(play(initialState({ seq: 0 }), history).status);
      })
    );
  });
});

describe('deployments in sight', () => {
  test('a failure stands until the same service is deployed again', () => {
    const failed = deployment('old', 'FAILED', '2026-01-01T00:00:01.000Z');
    expect(standingFailures([failed])).toEqual([failed]);
    expect(standingFailures([deployment('new', 'RUNNING', '2026-01-01T00:00:02.000Z'), failed])).toEqual([]);
    expect(standingFailures([deployment('other', 'RUNNING', '2026-01-01T00:00:02.000Z', 'user'), failed])).toEqual([
      failed,
    ]);
  });

  test('only what has not ended is running', () => {
    expect(
      runningDeployments(DEPLOYMENT_STATES.map((state) => deployment(state, state))).map((one) => one.state)
    ).toEqual(DEPLOYMENT_STATES.slice(0, 6));
  });
});
