/**
 * Images that a Dockerfile's FROM lines name. Those with an argument in them are left out: the builder alone knows
 * its value. Stages and `scratch` are no images.
 */
export function basesOf(dockerfile: string): string[] {
  const stages = new Set(['scratch']);
  const bases = new Set<string>();
  for (const line of dockerfile.replace(/\\\r?\n/g, ' ').split('\n')) {
    const match = /^\s*FROM\s+(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(line);
    if (!match?.[1]) continue;
    if (!stages.has(match[1].toLowerCase()) && !match[1].includes('$')) bases.add(match[1]);
    if (match[2] !== undefined) stages.add(match[2].toLowerCase());
  }
  return [...bases];
}
