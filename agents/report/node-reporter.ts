/**
 * Looks at the node and tells the control plane: the full state first and now and then, deltas in between.
 * One look at a time; asking while one is under way asks for another after it, so that what a caller did
 * before asking is always in the answer. What the edge says of itself is in memory, so it is told without a look.
 */
import type { DeltaReport, FullReport } from '#schema/wire/messages';
import type { NodeState, ObservedEdge } from '#schema/wire/report';
import { stateDelta } from './state-delta.ts';

type Report = FullReport | DeltaReport;

export class NodeReporter {
  private number = 0;
  /** What was told last in this session. */
  private last: NodeState | undefined;
  private fullNext = false;
  private looking: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private send: ((report: Report) => void) | undefined;

  constructor(
    private readonly look: () => Promise<Omit<NodeState, 'edge'>>,
    private readonly edge: () => ObservedEdge,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Number of the newest report of this boot. */
  get newest(): number {
    return this.number;
  }

  /** From now on reports go here, beginning with a full one. */
  attach(send: (report: Report) => void): Promise<void> {
    this.send = send;
    this.last = undefined;
    return this.refresh();
  }

  detach(): void {
    this.send = undefined;
  }

  /** The next look is reported in full. */
  askForFull(): void {
    this.fullNext = true;
  }

  /** Resolves when a look that began after this call has been reported. A failed look is told, not reported. */
  refresh(): Promise<void> {
    if (this.looking === undefined) return this.begin();
    this.next ??= this.looking.then(() => {
      this.next = undefined;
      return this.begin();
    });
    return this.next;
  }

  /** The edge's own state changed: told at once, where a look at the whole node would cost its time. */
  edgeChanged(): void {
    if (this.last !== undefined) this.report(this.last, false);
  }

  private begin(): Promise<void> {
    this.looking = this.once().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async once(): Promise<void> {
    try {
      const seen = await this.look();
      this.report(seen, this.fullNext || this.last === undefined);
    } catch (error) {
      this.onFailure(error);
    }
  }

  private report(seen: Omit<NodeState, 'edge'>, full: boolean): void {
    const at = new Date().toISOString();
    if (this.send === undefined) return;
    // Read now, or a look that began before a flip would take it back.
    const state: NodeState = { ...seen, edge: this.edge() };
    if (full || this.last === undefined) {
      this.number += 1;
      this.fullNext = false;
      this.send({ type: 'report', number: this.number, at, state });
    } else {
      const delta = stateDelta(this.last, state);
      if (delta === undefined) return;
      this.number += 1;
      this.send({ type: 'delta', number: this.number, at, delta });
    }
    this.last = state;
  }
}
