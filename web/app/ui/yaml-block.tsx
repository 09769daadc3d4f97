/** YAML to read: keys, values and comments apart, as plain elements. */
const LINE = /^(\s*(?:- )?)([A-Za-z0-9_./"'-]+:)?(\s*)(.*)$/;

export function YamlBlock({ text, label }: { text: string; label: string }) {
  return (
    <pre
      tabIndex={0}
      aria-label={label}
      className="overflow-x-auto rounded-lg border border-line bg-inset p-4 font-mono text-xs leading-relaxed text-ink"
    >
      {text
        .trimEnd()
        .split('\n')
        .map((line, index) => {
          const [, indent = '', key = '', space = '', value = ''] = LINE.exec(line) ?? [];
          if (line.trimStart().startsWith('#'))
            return <span key={index} className="text-ink-3 italic">{`${line}\n`}</span>;
          return (
            <span key={index}>
              {indent}
              <span className="text-ansi-4">{key}</span>
              {space}
              {value}
              {'\n'}
            </span>
          );
        })}
    </pre>
  );
}
