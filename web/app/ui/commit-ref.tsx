/** branch@commit, as short as can be read. */
import { GitBranch, Pin } from 'lucide-react';
import { short } from '../model/time.ts';

interface CommitRefProps {
  branch?: string | undefined;
  commit?: string | undefined;
  pinned?: boolean;
}

export function CommitRef({ branch, commit, pinned = false }: CommitRefProps) {
  const Icon = pinned ? Pin : GitBranch;
  return (
    <span className="inline-flex max-w-full min-w-0 items-center gap-1.5 font-mono text-xs" title={commit}>
      <Icon aria-hidden className="size-3.5 shrink-0 text-ink-3" />
      <span className="min-w-0 truncate text-ink">{branch ?? (pinned ? 'commit' : '–')}</span>
      {commit !== undefined && <span className="shrink-0 text-ink-3">@{short(commit)}</span>}
    </span>
  );
}
