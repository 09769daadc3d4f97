/**
 * Looks at the node and tells the control plane: the full state first and now and then, deltas in between.
 * One look at a time; asking while one is under way asks for another after it, so that what a caller did
 * before asking is always in the answer.
 */
import type { DeltaReport, FullReport } from '#schema/wire/messages';
import type { NodeState } from '#schema/wire/report';
import { stateDelta } from './state-delta.ts';

type Report = FullReport | DeltaReport;

export class NodeReporter {
  private number = 0;
  private last: NodeState | undefined;
  private looking: Promise<void> | undefined;
  private next: Promise<void> | undefined;
  private send: ((report: Report) => void) | undefined;

  constructor(
    private readonly look: () => Promise<NodeState>,
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

  /** The next report is a full one. */
  forgetLast(): void {
    this.last = undefined;
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

  private begin(): Promise<void> {
    this.looking = this.once().finally(() => {
      this.looking = undefined;
    });
    return this.looking;
  }

  private async once(): Promise<void> {
    try {
      this.report(await this.look());
    } catch (error) {
      this.onFailure(error);
    }
  }

  private report(state: NodeState): void {
    const at = new Date().toISOString();
    if (this.send === undefined) return;
    if (this.last === undefined) {
      this.number += 1;
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
