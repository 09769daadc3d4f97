/** Where lines begin in one log file: every 256th, kept in memory and made by reading the file once. */
import { closeSync, openSync, readSync } from 'node:fs';

const STRIDE = 256;
const CHUNK = 64 * 1024;

export class LineIndex {
  /** Offset of line 1, 257, 513, ... */
  readonly #marks: number[] = [0];
  /** Complete lines. */
  lines = 0;
  /** Bytes. */
  size = 0;

  /** Takes bytes that follow those taken before. */
  add(bytes: Buffer): void {
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
      this.lines += 1;
      if (this.lines % STRIDE === 0) this.#marks.push(this.size + at + 1);
    }
    this.size += bytes.length;
  }

  /** Offset from which to read, and the number of the line that begins there. */
  seek(line: number): { offset: number; line: number } {
    const mark = Math.min(Math.floor((Math.max(1, line) - 1) / STRIDE), this.#marks.length - 1);
    return { offset: this.#marks[mark] ?? 0, line: mark * STRIDE + 1 };
  }

  /** Index of a file as it is; empty when there is no file. */
  static of(path: string): LineIndex {
    const index = new LineIndex();
    let file: number;
    try {
      file = openSync(path, 'r');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return index;
      throw thrown;
    }
    try {
      const buffer = Buffer.alloc(CHUNK);
      for (let got = readSync(file, buffer, 0, CHUNK, 0); got > 0; got = readSync(file, buffer, 0, CHUNK, index.size)) {
        index.add(buffer.subarray(0, got));
      }
    } finally {
      closeSync(file);
    }
    return index;
  }
}
