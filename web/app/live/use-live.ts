/** A page's data that stays current: the loader's snapshot, then events, then the loader again where needed. */
import { useEffect, useReducer, useRef } from 'react';
import type { LogLine } from '#schema/records';
import type { StreamFilter } from '#schema/stream';
import { initialState, reduceLive, type LiveState, type Snapshot } from './live-state.ts';
import { useReload } from './use-reload.ts';
import { useStream } from './use-stream.ts';

export interface LiveOptions {
  filter: Pick<StreamFilter, 'sandbox' | 'logs'>;
  onLog?(deploymentId: string, lines: readonly LogLine[]): void;
  /** Lines may be missing. */
  onLogGap?(): void;
}

export function useLive(snapshot: Snapshot, { filter, onLog, onLogGap }: LiveOptions): LiveState {
  const [state, dispatch] = useReducer(reduceLive, snapshot, initialState);
  const reload = useReload();
  const fresh = useRef(false);
  const known = useRef(snapshot);

  useEffect(() => {
    if (known.current === snapshot) return;
    known.current = snapshot;
    dispatch({ type: 'snapshot', snapshot, fresh: fresh.current });
    fresh.current = false;
  }, [snapshot]);

  useStream(filter, snapshot.seq, {
    onEvent(event) {
      if (event.type === 'log') onLog?.(event.deploymentId, event.lines);
      else dispatch({ type: 'event', event });
      if (event.type === 'document') reload();
    },
    onGap(restarted) {
      fresh.current ||= restarted;
      reload();
      onLogGap?.();
    },
  });
  return state;
}
