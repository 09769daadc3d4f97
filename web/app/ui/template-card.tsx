import { Link } from '@remix-run/react';
import { ArrowRight, CircleHelp } from 'lucide-react';
import type { StoredDocument } from '#schema/documents';
import { serviceRows } from '../model/service-rows.ts';
import { RouteChip } from './route-chip.tsx';

export function TemplateCard({ template: { metadata, spec } }: { template: StoredDocument<'Template'> }) {
  const questions = spec.parameters?.length ?? 0;
  return (
    <article className="group relative flex h-full flex-col gap-3 rounded-xl border border-line bg-surface p-5 shadow-card transition-colors hover:border-line-strong">
      <h2 className="flex items-center justify-between gap-3 text-[15px] font-semibold tracking-tight">
        <Link
          to={`/templates/${metadata.slug}`}
          className="break-words after:absolute after:inset-0 after:rounded-xl group-hover:text-accent"
        >
          {metadata.name}
        </Link>
        <ArrowRight aria-hidden className="size-4 shrink-0 text-ink-3 group-hover:text-accent" />
      </h2>
      {spec.description !== undefined && <p className="text-ink-2">{spec.description}</p>}
      <ul className="flex flex-wrap gap-1.5" aria-label="Routes">
        {serviceRows(spec, undefined).map((row) => (
          <li key={row.name}>
            <RouteChip service={row.name} target={row.target} />
          </li>
        ))}
      </ul>
      <p className="mt-auto flex items-center gap-1.5 text-xs text-ink-3">
        <CircleHelp aria-hidden className="size-3.5" />
        {questions === 0 ? 'No questions' : `${questions} ${questions === 1 ? 'question' : 'questions'}`}
      </p>
    </article>
  );
}
