/** One deployment's log: what the server has, then what the stream brings, in order and once. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { LogLine } from '#schema/records';
import { appendLines, EMPTY_LOG, nextLine, type LogBuffer } from '../model/log-buffer.ts';

export interface LogPage {
  lines: LogLine[];
  next: number;
}

export interface DeploymentLog {
  lines: readonly LogLine[];
  loading: boolean;
  problem: string | undefined;
  push(deploymentId: string, lines: readonly LogLine[]): void;
  catchUp(): void;
}

async function fetchPage(id: string, from: number, signal: AbortSignal): Promise<LogPage> {
  const response = await fetch(`/api/v1/deployments/${encodeURIComponent(id)}/logs?from=${from}&limit=5000`, {
    signal,
  });
  if (!response.ok) throw new Error(`The log cannot be read: the server answered ${response.status}.`);
  return (await response.json()) as LogPage;
}

export function useLog(id: string | undefined, initial: readonly LogLine[] = []): DeploymentLog {
  const [buffer, setBuffer] = useState<LogBuffer>(() => appendLines(EMPTY_LOG, initial));
  const [loading, setLoading] = useState(false);
  const [problem, setProblem] = useState<string>();
  const latest = useRef(buffer);
  const busy = useRef<AbortController>();
  const first = useRef({ id, initial });

  const take = useCallback((lines: readonly LogLine[]) => {
    const next = appendLines(latest.current, lines);
    if (next === latest.current) return;
    latest.current = next;
    setBuffer(next);
  }, []);

  const catchUp = useCallback(() => {
    if (id === undefined || busy.current !== undefined) return;
    const controller = new AbortController();
    busy.current = controller;
    setLoading(true);
    const read = async (): Promise<void> => {
      for (;;) {
        const page = await fetchPage(id, nextLine(latest.current), controller.signal);
        if (controller.signal.aborted || page.lines.length === 0) return;
        take(page.lines);
      }
    };
    read()
      .then(() => setProblem(undefined))
      .catch((thrown: unknown) => {
        if (!controller.signal.aborted)
          setProblem(thrown instanceof Error ? thrown.message : 'The log cannot be read.');
      })
      .finally(() => {
        if (busy.current !== controller) return;
        busy.current = undefined;
        setLoading(false);
      });
  }, [id, take]);

  useEffect(() => {
    if (first.current.id !== id) {
      latest.current = EMPTY_LOG;
      setBuffer(EMPTY_LOG);
      first.current = { id, initial: [] };
    }
    catchUp();
    return () => {
      busy.current?.abort();
      busy.current = undefined;
    };
  }, [id, catchUp]);

  const push = useCallback(
    (deploymentId: string, lines: readonly LogLine[]) => {
      if (deploymentId !== id) return;
      take(lines);
      if (latest.current.behind) catchUp();
    },
    [id, take, catchUp]
  );
  return { lines: buffer.lines, loading, problem, push, catchUp };
}
