/** Which base images a Dockerfile needs. */

/** Logical lines: comments gone, continued lines joined. */
function instructions(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\[ \t]*\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:\{(\w+)(?::-([^}]*))?\}|(\w+))/g,
    (_, braced?: string, otherwise?: string, bare?: string) => {
      return values.get(braced ?? bare ?? '') ?? otherwise ?? '';
    },
  );
}

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/, '$2');

/** Images named by FROM and `COPY --from`, each once, without `scratch` and the file's own stages. */
export function baseImagesOf(text: string): string[] {
  const args = new Map<string, string>();
  const stages = new Set<string>();
  const images = new Set<string>();
  let stageCount = 0;
  for (const line of instructions(text)) {
    const [word = '', ...rest] = line.split(/\s+/);
    switch (word.toUpperCase()) {
      case 'ARG': {
        const [, name = '', value = ''] = /^(\w+)(?:=(.*))?$/.exec(rest[0] ?? '') ?? [];
        // Only those before the first FROM count for FROM lines.
        if (stageCount === 0 && name !== '') args.set(name, expand(unquoted(value), args));
        break;
      }
      case 'FROM': {
        const words = rest.filter((each) => !each.startsWith('--'));
        const image = expand(unquoted(words[0] ?? ''), args);
        if (image !== '' && image !== 'scratch' && !stages.has(image.toLowerCase())) images.add(image);
        if (words[1]?.toUpperCase() === 'AS' && words[2] !== undefined) stages.add(words[2].toLowerCase());
        stages.add(String(stageCount));
        stageCount += 1;
        break;
      }
      case 'COPY': {
        const from = rest.find((each) => each.startsWith('--from='))?.slice('--from='.length);
        if (from !== undefined && !stages.has(from.toLowerCase())) images.add(expand(from, args));
        break;
      }
    }
  }
  return [...images];
}
