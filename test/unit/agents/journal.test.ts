import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Journal } from '#agents/journal/journal';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'sdp-journal-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const line = (text: string) => ({ kind: 'log' as const, deploymentId: 'd', phase: 'BUILD' as const, text });

function drain(journal: Journal): string[] {
  const texts: string[] = [];
  for (let batch = journal.next(); batch !== undefined; batch = journal.next()) {
    for (const entry of batch.entries) if (entry.kind === 'log') texts.push(entry.text);
  }
  return texts;
}

describe('journal', () => {
  it('sends each entry once, in order, and again only after a lost session', () => {
    const journal = new Journal(directory, 'b1', () => undefined);
    for (const text of ['a', 'b', 'c']) journal.append(line(text));
    expect(drain(journal)).toEqual(['a', 'b', 'c']);
    expect(drain(journal)).toEqual([]);
    journal.acknowledge('b1', 2);
    journal.rewind();
    expect(drain(journal)).toEqual(['c']);
    journal.flush();
  });

  it('keeps what was not acknowledged over a restart of the agent, before what is new', () => {
    const first = new Journal(directory, 'b1', () => undefined);
    for (const text of ['a', 'b']) first.append(line(text));
    first.flush();
    const second = new Journal(directory, 'b2', () => undefined);
    second.append(line('c'));
    expect(drain(second)).toEqual(['a', 'b', 'c']);
    second.flush();
    second.acknowledge('b1', 2);
    second.acknowledge('b2', 1);
    expect(readdirSync(directory)).toEqual([]);
  });

  it('holds back while too much is unacknowledged', () => {
    const journal = new Journal(directory, 'b1', () => undefined);
    for (let index = 0; index < 6000; index++) journal.append(line(String(index)));
    const sent = drain(journal).length;
    expect(sent).toBeLessThan(6000);
    journal.acknowledge('b1', sent);
    expect(sent + drain(journal).length).toBe(6000);
    journal.flush();
  });
});
