/**
 * All processes that answer requests: the worker, and after a reload those before it, which still end their
 * connections. What is written to one is written to all, or an idle connection's next request would follow old routes.
 */
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runtimeSocket, type RuntimeSocket } from './runtime-socket.ts';

/** @param socketPath of the worker; the master's socket lies beside it. */
export async function oldWorkers(socketPath: string): Promise<{ pid: number; socket: RuntimeSocket }[]> {
  const master = runtimeSocket(join(dirname(socketPath), 'master.sock'));
  return oldWorkerIds(await master.ask('show proc')).map((pid) => ({ pid, socket: through(master, pid) }));
}

const PATIENCE_MS = 3_000;

/**
 * Runs a change, which may be run again, on each former worker. One that ends meanwhile needs none, but is listed until
 * the master has noticed; and the master does not answer while it starts itself anew.
 * @throws what the change throws for longer than 3 seconds
 */
export async function onOldWorkers(socketPath: string, change: (socket: RuntimeSocket) => Promise<void>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  const done = new Set<number>();
  for (;;) {
    try {
      for (const { pid, socket } of await oldWorkers(socketPath)) {
        if (!done.has(pid)) await change(socket);
        done.add(pid);
      }
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** Process ids under `# old workers` in the answer of `show proc`. */
export function oldWorkerIds(text: string): number[] {
  const section = text.split(/^# /m).find((part) => part.startsWith('old workers')) ?? '';
  return section.split('\n').flatMap((line) => /^(\d+)\s+worker\b/.exec(line)?.[1] ?? []).map(Number);
}

function through(master: RuntimeSocket, pid: number): RuntimeSocket {
  const prefixed = (line: string): string => line.split(/(?<!\\);/).map((command) => `@!${pid} ${command}`).join(';');
  return {
    ask: (line) => master.ask(prefixed(line)),
    write: (commands) => master.write(commands.map(prefixed)),
  };
}
