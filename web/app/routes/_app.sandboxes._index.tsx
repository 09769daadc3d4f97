import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import { Form, Link, useSearchParams, useSubmit } from '@remix-run/react';
import { Boxes, LayoutTemplate, Plus, Search } from 'lucide-react';
import { useMemo } from 'react';
import type { StoredDocument } from '#schema/documents';
import type { Page as ApiPage, WhoAmI } from '#schema/http';
import { useLoaded } from '../loaded.ts';
import { apiOf } from '../api.server.ts';
import { useLive } from '../live/use-live.ts';
import { filterSandboxes, HEALTHS } from '../model/filter-sandboxes.ts';
import { buttonClass } from '../ui/button.tsx';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { INPUT } from '../ui/field.tsx';
import { Page, PageHead } from '../ui/page.tsx';
import { SandboxList } from '../ui/sandbox-list.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction = () => [{ title: 'Sandboxes · SDP' }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const api = apiOf(request, context);
  const [page, me] = await Promise.all([
    api.get<ApiPage<StoredDocument<'Sandbox'>>>('/sandboxes'),
    api.get<WhoAmI>('/whoami'),
  ]);
  return { sandboxes: page.items, seq: page.seq, me: me.username };
}

export default function Sandboxes() {
  const { sandboxes, seq, me } = useLoaded<typeof loader>();
  const [params] = useSearchParams();
  const submit = useSubmit();
  const snapshot = useMemo(
    () => ({
      seq,
      status: Object.fromEntries(
        sandboxes.flatMap(({ metadata, status }) => (status === undefined ? [] : [[metadata.slug, status]]))
      ),
    }),
    [sandboxes, seq]
  );
  const { status } = useLive(snapshot, { filter: {} });
  const current = sandboxes.map((sandbox) => {
    const live = status[sandbox.metadata.slug];
    return live === undefined ? sandbox : { ...sandbox, status: live };
  });
  const filter = { q: params.get('q') ?? '', owner: params.get('owner') ?? '', health: params.get('health') ?? '' };
  const shown = filterSandboxes(current, filter, me);

  return (
    <Page>
      <PageHead
        title="Sandboxes"
        about="Feature branches that run apart from everybody else. What a sandbox does not run is served by OCP."
        actions={
          <>
            <Link to="/new" className={buttonClass('plain')}>
              <Plus aria-hidden className="size-4" />
              Blank
            </Link>
            <Link to="/templates" className={buttonClass('primary')}>
              <LayoutTemplate aria-hidden className="size-4" />
              New from template
            </Link>
          </>
        }
      />
      {sandboxes.length === 0 ? (
        <FirstSandbox />
      ) : (
        <div className="space-y-4">
          <Form
            method="get"
            role="search"
            aria-label="Filter sandboxes"
            className="flex flex-wrap items-center gap-2"
            onChange={(event) => submit(event.currentTarget, { replace: true })}
          >
            <div className="relative min-w-0 flex-1 basis-72">
              <Search aria-hidden className="pointer-events-none absolute top-2.5 left-3 size-4 text-ink-3" />
              <input
                type="search"
                name="q"
                aria-label="Name, owner, branch or service"
                placeholder="Name, owner, branch or service"
                defaultValue={filter.q}
                className={`${INPUT} w-full pl-9`}
              />
            </div>
            <select name="owner" aria-label="Owner" defaultValue={filter.owner} className={`${INPUT} max-sm:flex-1`}>
              <option value="">Everybody’s</option>
              <option value="me">Mine</option>
            </select>
            <select name="health" aria-label="Health" defaultValue={filter.health} className={`${INPUT} max-sm:flex-1`}>
              <option value="">Any health</option>
              {HEALTHS.map((health) => (
                <option key={health}>{health}</option>
              ))}
            </select>
            <noscript>
              <button type="submit" className={buttonClass()}>
                Filter
              </button>
            </noscript>
          </Form>
          <p role="status" className="sr-only">
            {shown.length} of {sandboxes.length} sandboxes
          </p>
          {shown.length === 0 ? (
            <EmptyState
              icon={Search}
              title="No sandbox matches"
              actions={
                <Link to="/sandboxes" className={buttonClass()}>
                  Show all {sandboxes.length}
                </Link>
              }
            >
              Try fewer words, or another owner or health.
            </EmptyState>
          ) : (
            <SandboxList sandboxes={shown} />
          )}
          <CliSnippet
            commands={[
              { what: 'List', command: 'sdp get sandboxes' },
              { what: 'Follow live', command: 'sdp watch' },
            ]}
          />
        </div>
      )}
    </Page>
  );
}

function FirstSandbox() {
  return (
    <EmptyState
      icon={Boxes}
      title="Your first sandbox"
      actions={
        <>
          <Link to="/templates" className={buttonClass('primary')}>
            Choose a template
          </Link>
          <Link to="/new" className={buttonClass()}>
            Start with a blank one
          </Link>
        </>
      }
    >
      <p>
        Choose the services and branches that you want to test. SDP builds and runs only those, gives you a gateway
        address, and leaves the rest to OCP.
      </p>
      <p className="mt-3">
        From a terminal: <code className="font-mono text-xs text-ink">sdp apply -f sandbox.yaml</code>
      </p>
    </EmptyState>
  );
}
