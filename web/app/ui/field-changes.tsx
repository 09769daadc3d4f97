/** Each field that changes, by its whole path: nothing is left out, so nothing can be misread (failure 51). */
import { stringify } from 'yaml';
import type { FieldChange } from '#schema/http';

function Value({ value, sign }: { value: unknown; sign: '+' | '-' }) {
  if (value === undefined) return null;
  const text = typeof value === 'object' && value !== null ? stringify(value).trimEnd() : String(value);
  const add = sign === '+';
  return (
    <pre
      className={`px-3 py-1 font-mono text-xs break-words whitespace-pre-wrap ${
        add ? 'bg-good-soft text-good' : 'bg-bad-soft text-bad'
      }`}
    >
      <span className="sr-only">{add ? 'after: ' : 'before: '}</span>
      {text.split('\n').map((line, index) => `${index > 0 ? '\n' : ''}${sign} ${line}`)}
    </pre>
  );
}

export function FieldChanges({ changes }: { changes: FieldChange[] }) {
  return (
    <ul className="divide-y divide-line overflow-hidden rounded-lg border border-line">
      {changes.map((change) => (
        <li key={change.path}>
          <p className="bg-inset px-3 py-1.5 font-mono text-xs break-all text-ink-2">{change.path}</p>
          <Value value={change.before} sign="-" />
          <Value value={change.after} sign="+" />
        </li>
      ))}
    </ul>
  );
}
