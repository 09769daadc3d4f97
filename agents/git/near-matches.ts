/** Names that somebody may have meant. */

/** Changes of one character that lead from one name to the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** At most three of `names` that are near `wanted`, nearest first. */
export function nearMatches(wanted: string, names: readonly string[]): string[] {
  const target = wanted.toLowerCase();
  const tail = target.split('/').at(-1) ?? target;
  return names
    .slice(0, 5_000)
    .map((name) => {
      const lower = name.toLowerCase();
      const contained = tail.length >= 3 && (lower.includes(tail) || (lower.length >= 3 && target.includes(lower)));
      return { name, far: contained ? 1 : distance(target, lower) };
    })
    .filter(({ far }) => far <= Math.max(2, Math.floor(target.length / 3)))
    .sort((a, b) => a.far - b.far || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map(({ name }) => name);
}
