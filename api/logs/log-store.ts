/** Logs of deployments: one plain `.log` file each, read by line number (B4). */
import { appendFileSync, closeSync, mkdirSync, openSync, readSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { SdpError } from '#schema/errors';
import type { LogLine } from '#schema/records';
import { LineIndex } from './line-index.ts';
import { formatLine, formatLines, MAX_LINE_BYTES, parseLine, type NewLine } from './log-line.ts';

/** Ids become file names. */
const SAFE_ID = /^[A-Za-z0-9_-]{1,120}$/;
/** Bytes of one deployment's log; a container that talks without end must not fill the disk (failure 31). */
const MAX_FILE_BYTES = 64 * 1024 * 1024;
const MAX_OPEN = 256;
/** Bytes read at once. */
const WINDOW = 2 * 1024 * 1024;

export class LogStore {
  readonly #directory: string;
  /** Least recently used first. */
  readonly #indexes = new Map<string, LineIndex>();

  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o750 });
  }

  accepts(deploymentId: string): boolean {
    return SAFE_ID.test(deploymentId);
  }

  #path(deploymentId: string): string {
    if (!this.accepts(deploymentId)) throw new SdpError('not_found', 'There is no deployment of that id.');
    return join(this.#directory, `${deploymentId}.log`);
  }

  #index(deploymentId: string): LineIndex {
    const index = this.#indexes.get(deploymentId) ?? LineIndex.of(this.#path(deploymentId));
    this.#indexes.delete(deploymentId);
    this.#indexes.set(deploymentId, index);
    const oldest = this.#indexes.keys().next().value;
    if (this.#indexes.size > MAX_OPEN && oldest !== undefined) this.#indexes.delete(oldest);
    return index;
  }

  /** Bytes. */
  size(deploymentId: string): number {
    return this.#index(deploymentId).size;
  }

  /** Number of the last line; 0 when there is none. */
  lastLine(deploymentId: string): number {
    return this.#index(deploymentId).lines;
  }

  /** Cuts the file back to a size that it had; a file that is shorter stays. */
  truncate(deploymentId: string, size: number): void {
    if (this.size(deploymentId) <= size) return;
    truncateSync(this.#path(deploymentId), size);
    this.#indexes.delete(deploymentId);
  }

  /** Appends in order and answers the lines with their numbers. Synchronous, so that order is the caller's order. */
  append(deploymentId: string, entries: readonly NewLine[]): LogLine[] {
    const path = this.#path(deploymentId);
    const index = this.#index(deploymentId);
    if (index.size >= MAX_FILE_BYTES) return [];
    const lines = entries.flatMap(formatLines);
    const full = index.size + lines.length * (MAX_LINE_BYTES + 64) >= MAX_FILE_BYTES;
    const bytes = Buffer.from(lines.map(formatLine).join(''));
    const last = lines.at(-1);
    const notice = full && index.size + bytes.length >= MAX_FILE_BYTES && last !== undefined;
    const closing = notice ? [{ at: last.at, phase: last.phase, text: '(the log ends here: it reached its limit of 64 MiB)' }] : [];
    const all = Buffer.concat([bytes, Buffer.from(closing.map(formatLine).join(''))]);
    appendFileSync(path, all, { mode: 0o640 });
    const first = index.lines + 1;
    index.add(all);
    return [...lines, ...closing].map((line, offset) => ({ line: first + offset, ...line }));
  }

  /**
   * Lines from a number on, at most `limit` of them and about 2 MiB.
   * @param from from 1
   */
  read(deploymentId: string, from: number, limit: number): LogLine[] {
    const path = this.#path(deploymentId);
    const index = this.#index(deploymentId);
    if (from > index.lines) return [];
    const start = index.seek(from);
    const length = Math.min(WINDOW + MAX_LINE_BYTES * 256, index.size - start.offset);
    const buffer = Buffer.alloc(length);
    const file = openSync(path, 'r');
    try {
      const got = readSync(file, buffer, 0, length, start.offset);
      const text = buffer.subarray(0, got).toString('utf8');
      const complete = text.slice(0, text.lastIndexOf('\n') + 1).split('\n').slice(0, -1);
      const skip = from - start.line;
      return complete.slice(skip, skip + limit).map((raw, offset) => parseLine(raw, from + offset));
    } finally {
      closeSync(file);
    }
  }
}
