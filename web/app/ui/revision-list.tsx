/** Who changed what, when, why; each revision opens to its spec. */
import { ChevronRight } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Revision } from '#schema/http';
import { Ago } from './now.tsx';
import { YamlBlock } from './yaml-block.tsx';

export type ShownRevision = Omit<Revision, 'spec'> & { yaml: string };

export function RevisionList({
  revisions,
  rollback,
}: {
  revisions: ShownRevision[];
  rollback(revision: number): ReactNode;
}) {
  const newest = revisions[0]?.revision;
  return (
    <ol className="divide-y divide-line rounded-xl border border-line bg-surface shadow-card">
      {revisions.map((revision) => (
        <li key={revision.revision} className="flex items-start gap-3 px-4 py-3">
          <span className="num mt-0.5 w-9 shrink-0 font-mono text-xs text-ink-3">
            <span className="sr-only">Revision </span>#{revision.revision}
          </span>
          <div className="min-w-0 flex-1">
            <details className="group/revision">
              <summary className="flex items-center gap-1.5 rounded">
                <span className="min-w-0 font-medium break-words">
                  {revision.message === '' ? (revision.deleted ? 'Deleted' : 'Saved') : revision.message}
                </span>
                <ChevronRight
                  aria-hidden
                  className="size-3.5 shrink-0 text-ink-3 transition-transform group-open/revision:rotate-90"
                />
              </summary>
              {revision.yaml !== '' && (
                <div className="mt-2">
                  <YamlBlock text={revision.yaml} label={`Spec of revision ${revision.revision}`} />
                </div>
              )}
            </details>
            <p className="mt-0.5 text-xs text-ink-3">
              {revision.author} · <Ago at={revision.at} /> · generation {revision.generation}
            </p>
          </div>
          {revision.revision === newest ? (
            <span className="rounded-full bg-quiet-soft px-2 py-0.5 text-xs font-medium text-ink-2">current</span>
          ) : revision.deleted ? null : (
            rollback(revision.revision)
          )}
        </li>
      ))}
    </ol>
  );
}
