/** Engine events are hints that something of ours may have changed; the listing tells what. */
import type { Readable } from 'node:stream';
import { LABELS } from '#schema/names';
import { pause } from './abort.ts';
import type { EngineContext } from './context.ts';
import { hasOurName } from './ownership.ts';

/** Milliseconds in which several events count as one. */
const GATHER_MS = 50;
const FIRST_BACKOFF_MS = 100;
const LONGEST_BACKOFF_MS = 5_000;

interface EngineEvent {
  Type?: string;
  Action?: string;
  Actor?: { Attributes?: Record<string, string> };
}

/** Calls `onChange` at most every 50 ms; answers how to end it. */
export function watchEngine(context: EngineContext, onChange: () => void): () => void {
  const ended = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const changed = (): void => {
    if (ended.signal.aborted) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      onChange();
    }, GATHER_MS);
  };
  void keepWatching(context, changed, ended.signal);
  return () => {
    ended.abort();
    clearTimeout(timer);
  };
}

async function keepWatching(context: EngineContext, changed: () => void, signal: AbortSignal): Promise<void> {
  let backoff = FIRST_BACKOFF_MS;
  while (!signal.aborted) {
    try {
      const stream = await context.api.stream({
        method: 'GET',
        path: '/events',
        query: { filters: JSON.stringify({ type: ['container', 'network', 'image'] }) },
      });
      backoff = FIRST_BACKOFF_MS;
      // What happened while nobody listened is only seen by listing anew.
      changed();
      await readEvents(stream, (event) => {
        if (concernsUs(context.owner.installation, event)) changed();
      }, signal);
    } catch {
      // The engine is away; its absence shows in every other call.
    }
    await pause(backoff, signal).catch(() => undefined);
    backoff = Math.min(backoff * 2, LONGEST_BACKOFF_MS);
  }
}

function readEvents(stream: Readable, onEvent: (event: EngineEvent) => void, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const onAbort = (): void => {
      stream.destroy();
    };
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line.trim() !== '') onEvent(parse(line));
    });
    stream.on('error', () => undefined);
    stream.on('close', () => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

/** An event that cannot be read counts as a change of everything. */
function parse(line: string): EngineEvent {
  try {
    return JSON.parse(line) as EngineEvent;
  } catch {
    return { Type: 'image' };
  }
}

/** Executions inside of containers and attached readers change nothing that is reported. */
const QUIET_ACTIONS = /^(exec_|attach|detach|resize|top|export|archive-path|extract-to-dir|copy)/;

export function concernsUs(installation: string, event: EngineEvent): boolean {
  if (QUIET_ACTIONS.test(event.Action ?? '')) return false;
  if (event.Type === 'image') return true;
  const attributes = event.Actor?.Attributes ?? {};
  return attributes[LABELS.installation] === installation || hasOurName(attributes['name'] ?? '');
}
