/** Names that somebody may have meant. */
import { distance } from '#schema/parse/near';

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
