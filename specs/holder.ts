/** Who has a lease: a process, so that others on the same machine see whether it still lives. */
import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Holder {
  /** One per opened store. */
  id: string;
  host: string;
  pid: number;
  /** Machine, its boot and the namespace in which the pid counts; empty where the system does not tell. */
  space: string;
  /** Start of the process in the kernel's ticks: tells it from a later one with its pid. */
  started: string;
  /** Where it listens, when it told. */
  url?: string;
}

export function thisHolder(url?: string): Holder {
  return {
    id: randomUUID(),
    host: hostname(),
    pid: process.pid,
    space: spaceOfProcesses(),
    started: startOf(process.pid) ?? '',
    ...(url === undefined ? {} : { url }),
  };
}

/** Whether the holder is known to have ended. One elsewhere, or that cannot be seen, counts as alive. */
export function hasEnded(holder: Holder): boolean {
  if (holder.space === '' || holder.started === '' || holder.space !== spaceOfProcesses()) return false;
  return startOf(holder.pid) !== holder.started;
}

export function describeHolder({ host, pid, url }: Holder): string {
  return `process ${pid} on ${host}${url === undefined ? '' : ` (${url})`}`;
}

/** Equal for processes that see each other; empty when unknown. */
function spaceOfProcesses(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}

/** Ticks since boot; undefined for one that has ended, or waits as a zombie to be reaped. */
function startOf(pid: number): string | undefined {
  try {
    // The name, in parentheses, may hold anything.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '').split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
