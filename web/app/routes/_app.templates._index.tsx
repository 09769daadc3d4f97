import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import { Link } from '@remix-run/react';
import { LayoutTemplate } from 'lucide-react';
import type { StoredDocument } from '#schema/documents';
import type { Page as ApiPage } from '#schema/http';
import { apiOf } from '../api.server.ts';
import { useLoaded } from '../loaded.ts';
import { buttonClass } from '../ui/button.tsx';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Page, PageHead } from '../ui/page.tsx';
import { TemplateCard } from '../ui/template-card.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction = () => [{ title: 'Templates · SDP' }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const page = await apiOf(request, context).get<ApiPage<StoredDocument<'Template'>>>('/templates');
  return { templates: page.items };
}

export default function Templates() {
  const { templates } = useLoaded<typeof loader>();
  return (
    <Page>
      <PageHead
        title="Templates"
        about="A template knows the services and branches; you answer its questions and get a sandbox."
        actions={
          <Link to="/new" className={buttonClass()}>
            Start with a blank one
          </Link>
        }
      />
      {templates.length === 0 ? (
        <EmptyState
          icon={LayoutTemplate}
          title="There is no template yet"
          actions={
            <Link to="/new" className={buttonClass('primary')}>
              Start with a blank sandbox
            </Link>
          }
        >
          A template is a sandbox with questions:{' '}
          <code className="font-mono text-xs text-ink">sdp apply -f template.yaml</code>
        </EmptyState>
      ) : (
        <div className="space-y-4">
          <ul className="grid gap-4 sm:grid-cols-2">
            {templates.map((template) => (
              <li key={template.metadata.uid}>
                <TemplateCard template={template} />
              </li>
            ))}
          </ul>
          <CliSnippet
            commands={[
              { what: 'List', command: 'sdp get templates' },
              { what: 'Add one', command: 'sdp apply -f template.yaml' },
            ]}
          />
        </div>
      )}
    </Page>
  );
}
