/** Questions to the person at the terminal. */
import { createInterface } from 'node:readline/promises';

export const isTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY;

/** Anything but y and yes is no. */
export async function confirm(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
