/** A page that could not be shown: what, why, and where to go from here. */
import { isRouteErrorResponse, Link, useRevalidator, useRouteError } from '@remix-run/react';
import { RefreshCw } from 'lucide-react';
import type { Problem } from '#schema/http';
import { Button, buttonClass } from './button.tsx';
import { Logo } from './logo.tsx';

function wordsOf(error: unknown): { title: string; message: string; hint?: string | undefined } {
  if (isRouteErrorResponse(error)) {
    const problem = error.data as Partial<Problem> | undefined;
    if (typeof problem?.message === 'string')
      return { title: problem.title ?? 'Something went wrong', message: problem.message, hint: problem.hint };
    if (error.status === 404)
      return {
        title: 'There is no such page',
        message: 'The address leads nowhere. Perhaps it was deleted or renamed.',
      };
    return { title: 'Something went wrong', message: `The server answered ${error.status}.` };
  }
  return {
    title: 'Something went wrong',
    message: 'This page could not be shown. What runs in sandboxes is not affected.',
  };
}

export function ErrorPage() {
  const { title, message, hint } = wordsOf(useRouteError());
  const { revalidate, state } = useRevalidator();
  return (
    <div className="mx-auto flex max-w-lg flex-col items-start gap-3 px-6 py-20">
      <Logo className="size-9" />
      <h1 className="mt-3 text-xl font-semibold tracking-tight">{title}</h1>
      <p className="text-ink-2">{message}</p>
      {hint !== undefined && <p className="text-ink-2">{hint}</p>}
      <div className="mt-3 flex gap-2">
        <Button type="button" icon={RefreshCw} busy={state === 'loading'} onClick={revalidate} className="needs-js">
          Try again
        </Button>
        <Link to="/sandboxes" className={buttonClass('ghost')}>
          All sandboxes
        </Link>
      </div>
    </div>
  );
}
