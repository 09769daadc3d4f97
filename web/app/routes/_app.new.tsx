import { data, type ActionFunctionArgs, type MetaFunction } from '@remix-run/node';
import { apiOf } from '../api.server.ts';
import { runEditor } from '../editor.server.ts';
import { SandboxEditor } from '../editor/sandbox-editor.tsx';
import { BLANK_SANDBOX } from '../model/document-text.ts';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { Page, PageHead } from '../ui/page.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction = () => [{ title: 'New sandbox · SDP' }];

export async function action({ request, context }: ActionFunctionArgs) {
  const answer = await runEditor(apiOf(request, context), await request.formData());
  return data(answer, { status: answer.problem?.status ?? 200 });
}

export default function NewSandbox() {
  return (
    <Page wide>
      <PageHead
        trail={[{ to: '/sandboxes', label: 'Sandboxes' }]}
        title="New sandbox"
        about="Name the services that should run here and their branches; OCP serves the rest."
      />
      <SandboxEditor text={BLANK_SANDBOX} cancelTo="/sandboxes" />
      <div className="mt-6">
        <CliSnippet
          commands={[
            { what: 'Review', command: 'sdp diff -f sandbox.yaml' },
            { what: 'Save', command: 'sdp apply -f sandbox.yaml' },
          ]}
        />
      </div>
    </Page>
  );
}
