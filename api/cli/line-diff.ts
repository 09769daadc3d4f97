/** Two texts line by line, with the lines around each change and a mark where others are left out. Pure. */

export interface DiffLine {
  mark: '+' | '-' | ' ' | '…';
  text: string;
}

/** Lines kept around a change. */
const AROUND = 2;
/** Lines of either text that are compared; beyond, the whole is shown as replaced. */
const MOST = 2_000;

export function lineDiff(before: string, after: string): DiffLine[] {
  const [old, now] = [before, after].map((text) => text.replace(/\n$/, '').split('\n')) as [string[], string[]];
  return withGaps(old.length > MOST || now.length > MOST ? replaced(old, now) : compared(old, now));
}

const replaced = (old: readonly string[], now: readonly string[]): DiffLine[] => [
  ...old.map((text): DiffLine => ({ mark: '-', text })),
  ...now.map((text): DiffLine => ({ mark: '+', text })),
];

/** Longest common subsequence of what is between equal beginnings and ends. */
function compared(old: readonly string[], now: readonly string[]): DiffLine[] {
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < old.length - head && tail < now.length - head && old[old.length - 1 - tail] === now[now.length - 1 - tail]) tail += 1;
  const same = (lines: readonly string[]): DiffLine[] => lines.map((text) => ({ mark: ' ', text }));
  return [
    ...same(old.slice(0, head)),
    ...middle(old.slice(head, old.length - tail), now.slice(head, now.length - tail)),
    ...same(old.slice(old.length - tail)),
  ];
}

function middle(old: readonly string[], now: readonly string[]): DiffLine[] {
  const width = now.length + 1;
  const lengths = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i * width + j] = old[i] === now[j] ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1 : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0);
    }
  }
  const lines: DiffLine[] = [];
  let i = 0;
  let j = 0;
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      lines.push({ mark: ' ', text: old[i] ?? '' });
      i += 1;
      j += 1;
    } else if (i < old.length && (j >= now.length || (lengths[(i + 1) * width + j] ?? 0) >= (lengths[i * width + j + 1] ?? 0))) {
      lines.push({ mark: '-', text: old[i] ?? '' });
      i += 1;
    } else {
      lines.push({ mark: '+', text: now[j] ?? '' });
      j += 1;
    }
  }
  return lines;
}

function withGaps(lines: readonly DiffLine[]): DiffLine[] {
  const near = (index: number): boolean => lines.slice(Math.max(0, index - AROUND), index + AROUND + 1).some(({ mark }) => mark !== ' ');
  const shown: DiffLine[] = [];
  let left = 0;
  const gap = (): void => {
    if (left > 0) shown.push({ mark: '…', text: `${left} ${left === 1 ? 'line' : 'lines'}` });
    left = 0;
  };
  for (const [index, line] of lines.entries()) {
    if (!near(index)) left += 1;
    else {
      gap();
      shown.push(line);
    }
  }
  gap();
  return shown;
}
