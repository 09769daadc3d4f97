import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import { Form, useNavigation } from '@remix-run/react';
import { RotateCcw } from 'lucide-react';
import type { DocumentView, Page as ApiPage, Problem, Revision } from '#schema/http';
import { writeYaml } from '#schema/parse/write-yaml';
import { apiOf } from '../api.server.ts';
import { useAnswer, useLoaded } from '../loaded.ts';
import { Button } from '../ui/button.tsx';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { ProblemNotice } from '../ui/notice.tsx';
import { Page, PageHead } from '../ui/page.tsx';
import { RevisionList } from '../ui/revision-list.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [
  { title: `History of ${loaded?.name ?? ''} · SDP` },
];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const api = apiOf(request, context);
  const path = `/sandboxes/${encodeURIComponent(params['name'] ?? '')}`;
  const [{ document }, page] = await Promise.all([
    api.get<DocumentView>(path),
    api.get<ApiPage<Revision>>(`${path}/revisions`),
  ]);
  const revisions = page.items.map(({ spec, ...rest }) => ({
    ...rest,
    yaml: spec === null || spec === undefined ? '' : writeYaml(spec),
  }));
  return { name: document.metadata.name, slug: document.metadata.slug, revisions };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const path = `/sandboxes/${encodeURIComponent(params['name'] ?? '')}`;
  const result = await apiOf(request, context).try(`${path}/rollback`, {
    method: 'POST',
    json: { revision: Number(form.get('revision')) },
  });
  return result.ok ? redirect(path) : data({ problem: result.problem }, { status: result.problem.status });
}

export default function History() {
  const { name, slug, revisions } = useLoaded<typeof loader>();
  const answer = useAnswer<{ problem?: Problem }>();
  const busy = useNavigation().formData?.get('revision');
  return (
    <Page>
      <PageHead
        trail={[
          { to: '/sandboxes', label: 'Sandboxes' },
          { to: `/sandboxes/${slug}`, label: name },
        ]}
        title="History"
        about="Every write made a revision. Rolling back makes a new one, with the commits of then: it neither fetches nor needs a login."
      />
      <div className="space-y-4">
        {answer?.problem !== undefined && <ProblemNotice problem={answer.problem} />}
        <RevisionList
          revisions={revisions}
          rollback={(revision) => (
            <Form method="post">
              <Button size="sm" icon={RotateCcw} name="revision" value={revision} busy={busy === String(revision)}>
                Roll back<span className="sr-only"> to revision {revision}</span>
              </Button>
            </Form>
          )}
        />
        <CliSnippet
          commands={[
            { what: 'List', command: `sdp history ${name}` },
            { what: 'Roll back', command: `sdp rollback ${name} ${revisions[1]?.revision ?? 1}` },
          ]}
        />
      </div>
    </Page>
  );
}
