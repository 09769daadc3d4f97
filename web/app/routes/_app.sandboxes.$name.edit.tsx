import { data, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import type { DocumentView } from '#schema/http';
import { apiOf } from '../api.server.ts';
import { runEditor } from '../editor.server.ts';
import { SandboxEditor } from '../editor/sandbox-editor.tsx';
import { useLoaded } from '../loaded.ts';
import { textOf } from '../model/document-text.ts';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { Page, PageHead } from '../ui/page.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [{ title: `Edit ${loaded?.name ?? ''} · SDP` }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { document, text } = await apiOf(request, context).get<DocumentView>(
    `/sandboxes/${encodeURIComponent(params['name'] ?? '')}`
  );
  const { name, slug, resourceVersion } = document.metadata;
  return { name, slug, resourceVersion, text: text ?? textOf(document) };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const answer = await runEditor(apiOf(request, context), await request.formData(), params['name']);
  return data(answer, { status: answer.problem?.status ?? 200 });
}

export default function EditSandbox() {
  const { name, slug, resourceVersion, text } = useLoaded<typeof loader>();
  return (
    <Page wide>
      <PageHead
        trail={[
          { to: '/sandboxes', label: 'Sandboxes' },
          { to: `/sandboxes/${slug}`, label: name },
        ]}
        title={`Edit ${name}`}
      />
      <SandboxEditor text={text} base={resourceVersion} cancelTo={`/sandboxes/${slug}`} />
      <div className="mt-6">
        <CliSnippet
          commands={[
            { what: 'Get the file', command: `sdp get sandbox ${name} -o yaml > sandbox.yaml` },
            { what: 'Review a file', command: 'sdp diff -f sandbox.yaml' },
            { what: 'Save a file', command: 'sdp apply -f sandbox.yaml' },
          ]}
        />
      </div>
    </Page>
  );
}
