import { describe, expect, test } from 'vitest';
import type { Deployment, DeploymentEvent } from '#schema/records';
import type { PipelineEvent } from '#schema/states';
import { stepsOf } from '../../../web/app/model/steps.ts';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
const deployment = (more: Partial<Deployment>): Deployment => ({
  id: 'd1',
  sandboxUid: 'u',
  sandbox: 'S',
  service: 'account',
  repository: 'account',
  branch: 'b',
  user: 'demo',
  generation: 1,
  state: 'QUEUED',
  startedAt: at(0),
  ...more,
});
const event = (name: PipelineEvent, second: number, durationMs?: number): DeploymentEvent => ({
  deploymentId: 'd1',
  event: name,
  at: at(second),
  ...(durationMs === undefined ? {} : { durationMs }),
});
const states = (one: Deployment, events: DeploymentEvent[]): string[] => stepsOf(one, events).map((step) => step.state);

describe('stepsOf', () => {
  test('a queued deployment waits at every step', () => {
    expect(states(deployment({}), [])).toEqual(['pending', 'pending', 'pending', 'pending', 'pending']);
  });

  test('the step under way runs, those before it are done with their time', () => {
    const steps = stepsOf(deployment({ state: 'BUILDING' }), [
      event('FETCH_STARTED', 1),
      event('FETCH_COMPLETED', 3, 1_900),
      event('CHECKOUT_STARTED', 3),
      event('CHECKOUT_COMPLETED', 4),
      event('BUILD_STARTED', 4),
    ]);
    expect(steps.map((step) => step.state)).toEqual(['done', 'done', 'running', 'pending', 'pending']);
    expect(steps.map((step) => step.durationMs)).toEqual([1_900, 1_000, undefined, undefined, undefined]);
    expect(steps[2]?.startedAt).toBe(at(4));
  });

  test('a failure marks the step that it happened in and leaves the rest unreached', () => {
    const failed = deployment({ state: 'FAILED', completedAt: at(9) });
    const events = [
      event('FETCH_STARTED', 1),
      event('FETCH_COMPLETED', 2),
      event('CHECKOUT_STARTED', 2),
      event('CHECKOUT_COMPLETED', 3),
      event('BUILD_STARTED', 3),
      event('DEPLOY_FAILED', 9),
    ];
    expect(states(failed, events)).toEqual(['done', 'done', 'failed', 'unreached', 'unreached']);
    expect(stepsOf(failed, events)[2]?.durationMs).toBe(6_000);
  });

  test('a build that was there already is not needed', () => {
    const running = deployment({ state: 'RUNNING', completedAt: at(9) });
    expect(
      states(running, [
        event('FETCH_STARTED', 1),
        event('FETCH_COMPLETED', 2),
        event('DEPLOY_STARTED', 3),
        event('DEPLOY_COMPLETED', 9),
      ])
    ).toEqual(['done', 'skipped', 'skipped', 'skipped', 'done']);
  });

  test('without events the record alone decides', () => {
    expect(states(deployment({ state: 'BUILDING' }), [])).toEqual(['done', 'done', 'running', 'pending', 'pending']);
    expect(states(deployment({ state: 'RUNNING' }), [])).toEqual(['done', 'done', 'done', 'done', 'done']);
  });

  test('a retry begins its step again', () => {
    const events = [event('FETCH_STARTED', 1), event('FETCH_COMPLETED', 2), event('FETCH_STARTED', 5)];
    expect(states(deployment({ state: 'FETCHING' }), events)[0]).toBe('running');
  });

  test('a superseded deployment stops where it was', () => {
    expect(
      states(deployment({ state: 'STOPPED', completedAt: at(5) }), [
        event('FETCH_STARTED', 1),
        event('DEPLOY_SUPERSEDED', 5),
      ])[0]
    ).toBe('stopped');
  });
});
