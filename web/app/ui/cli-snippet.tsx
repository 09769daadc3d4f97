/** "Show as CLI": the same action as a command, to copy. */
import { Terminal } from 'lucide-react';
import { CopyButton } from './copy-button.tsx';

export interface CliCommand {
  what: string;
  command: string;
}

export function CliSnippet({ commands }: { commands: CliCommand[] }) {
  return (
    <details className="group">
      <summary className="inline-flex h-7 items-center gap-1.5 rounded-md px-1.5 text-xs font-medium text-ink-2 select-none hover:bg-hover hover:text-ink">
        <Terminal aria-hidden className="size-3.5" />
        Show as CLI
      </summary>
      <dl className="mt-2 divide-y divide-line overflow-hidden rounded-lg border border-line bg-inset">
        {commands.map(({ what, command }) => (
          <div key={command} className="flex flex-wrap items-center gap-x-4 gap-y-0.5 px-3 py-1.5">
            <dt className="w-full text-xs text-ink-3 sm:w-40">{what}</dt>
            <dd className="flex min-w-0 flex-1 items-center gap-2">
              <code className="min-w-0 flex-1 font-mono text-xs break-all text-ink">
                <span aria-hidden className="text-ink-3 select-none">
                  ${' '}
                </span>
                {command}
              </code>
              <CopyButton text={command} label={`Copy: ${what}`} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
