import { expect, it } from 'vitest';
import type { NodeState, TargetCheck } from '#schema/wire/report';
import { concerned } from '#api/hub/node-state';
import { emptyState } from './support/scripted-agent.ts';

const check = (ok: boolean): TargetCheck => ({ ok, at: '2026-01-01T00:00:00Z', step: 'answer', message: 'm', durationMs: 1 });
const edge = (more: Partial<NodeState['edge']>): NodeState => ({ ...emptyState(), edge: { ...emptyState().edge, ...more } });

it('a finding about one sandbox concerns that sandbox alone, however many there are', () => {
  const before = edge({ checks: { a: { x: check(true) }, b: { x: check(true) } }, waiting: { c: ['x'] } });
  expect(concerned(before, before)).toEqual([]);
  expect(concerned(before, edge({ checks: { a: { x: check(false) }, b: { x: check(true) } }, waiting: { c: ['x'] } }))).toEqual(['a']);
  expect(concerned(before, edge({ checks: { a: { x: check(true) } }, waiting: {} }))).toEqual(['b', 'c']);
  expect(concerned(edge({}), edge({ checks: { a: { x: check(true) } } }))).toEqual(['a']);
});

it('what an edge says of itself concerns all', () => {
  expect(concerned(edge({}), edge({ foreignPorts: [9001] }))).toBe('all');
  expect(concerned(edge({}), edge({ sharedPort: 7081 }))).toBe('all');
  expect(concerned(edge({}), edge({ state: 'failed' }))).toBe('all');
});
