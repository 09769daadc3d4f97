/** Processes of this machine, as /proc has them. */
import { readdirSync, readFileSync } from 'node:fs';

const read = (pid, name) => {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return ''; // It ended, or is a kernel thread.
  }
};

/** The fields of /proc/PID/stat behind the program's name, which may hold blanks: state, parent, ... */
const stat = (pid) => {
  const text = read(pid, 'stat');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
};

/** Process id and start time (a process id alone is used again some day); undefined when there is none. */
export function identityOf(pid) {
  const started = stat(pid)[19];
  return started === undefined ? undefined : `${pid} ${started}`;
}

const alive = (pid) => !['', 'Z', 'X'].includes(stat(pid)[0] ?? '');

/** @returns {number[]} */
export const pids = () => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number);

export const commandOf = (pid) => read(pid, 'cmdline').replaceAll('\0', ' ').trim();

/** Living processes, but this one, whose command line or environment names `directory`. */
export function processesOf(directory) {
  const names = (text) => text.includes(`${directory}/`) || text.split('\0').some((word) => word.endsWith(directory));
  return pids().filter(
    (pid) => pid !== process.pid && alive(pid) && [read(pid, 'cmdline'), read(pid, 'environ')].some(names),
  );
}

/** Living processes below `root`, itself not counted. */
export function descendantsOf(root) {
  const parents = new Map(pids().map((pid) => [pid, Number(stat(pid)[1])]));
  const below = (pid) => {
    for (let at = parents.get(pid); at !== undefined && at > 1; at = parents.get(at)) if (at === root) return true;
    return false;
  };
  return [...parents.keys()].filter((pid) => below(pid) && alive(pid));
}

/** @param {number[]} list @param {NodeJS.Signals} signal */
export function signal(list, signal) {
  for (const pid of list) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself.
    }
  }
}
