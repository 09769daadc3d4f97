/** Every mistake with its place; a click leads there. */
import type { Finding } from '#schema/errors';

export function Findings({ findings }: { findings: readonly Finding[] }) {
  return (
    <ul className="mt-2 space-y-1 font-mono text-xs text-ink">
      {findings.map((finding, index) => (
        <li key={index} className="break-words">
          {finding.line !== undefined && (
            <span className="text-bad">
              line {finding.line}
              {finding.column === undefined ? '' : `:${finding.column}`}{' '}
            </span>
          )}
          {finding.path !== undefined && <span className="text-ink-2">{finding.path} </span>}
          <span className="font-sans">{finding.message}</span>
        </li>
      ))}
    </ul>
  );
}
