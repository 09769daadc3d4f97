import { data, redirect, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import { Form, Link, useNavigation } from '@remix-run/react';
import { Eye, Plus } from 'lucide-react';
import { useState } from 'react';
import type { StoredDocument } from '#schema/documents';
import type { ApplyResponse, CloneRequest, DocumentView, Problem } from '#schema/http';
import { slugOf } from '#schema/names';
import { apiOf } from '../api.server.ts';
import { useAnswer, useLoaded } from '../loaded.ts';
import { resolvedYaml } from '../model/resolve-template.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { Field } from '../ui/field.tsx';
import { ParameterField } from '../ui/parameter-field.tsx';
import { Page, PageHead } from '../ui/page.tsx';
import { Review, ReviewProblem } from '../ui/review.tsx';
import { YamlBlock } from '../ui/yaml-block.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [
  { title: `New from ${loaded?.template.metadata.name ?? 'template'} · SDP` },
];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { document } = await apiOf(request, context).get<DocumentView>(
    `/templates/${encodeURIComponent(params['name'] ?? '')}`
  );
  return { template: document as StoredDocument<'Template'> };
}

interface TemplateAnswer {
  answers: CloneRequest & { parameters: Record<string, string> };
  problem?: Problem;
  review?: ApplyResponse;
}

/** Answers of the form: parameters are named `p.NAME`; an empty answer is the default. */
function readAnswers(form: FormData): TemplateAnswer['answers'] {
  const given = [...form].flatMap(([key, value]) =>
    key.startsWith('p.') && value !== '' ? [[key.slice(2), String(value)] as const] : []
  );
  return { name: String(form.get('name') ?? '').trim(), parameters: Object.fromEntries(given) };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const answers = readAnswers(form);
  const create = form.get('intent') === 'create';
  const path = `/templates/${encodeURIComponent(params['name'] ?? '')}/clone${create ? '' : '?dryRun=true'}`;
  const result = await apiOf(request, context).try<ApplyResponse>(path, { method: 'POST', json: answers });
  if (!result.ok) return data({ answers, problem: result.problem }, { status: result.problem.status });
  return create
    ? redirect(`/sandboxes/${encodeURIComponent(slugOf(answers.name))}`)
    : data({ answers, review: result.value });
}

export default function NewFromTemplate() {
  const { template } = useLoaded<typeof loader>();
  const answer = useAnswer<TemplateAnswer>();
  const intent = useNavigation().formData?.get('intent');
  const [name, setName] = useState(answer?.answers.name ?? '');
  const [parameters, setParameters] = useState<Record<string, string>>(answer?.answers.parameters ?? {});
  const questions = template.spec.parameters ?? [];
  return (
    <Page wide>
      <PageHead
        trail={[{ to: '/templates', label: 'Templates' }]}
        title={`New from ${template.metadata.name}`}
        about={template.spec.description}
      />
      <div className="grid items-start gap-6 lg:grid-cols-2">
        <div className="space-y-4">
          <Card className="p-4 sm:p-5">
            <Form method="post" className="space-y-5">
              <Field
                label="Name of the sandbox"
                name="name"
                required
                autoFocus
                maxLength={40}
                autoComplete="off"
                spellCheck={false}
                placeholder="QA-LOGIN-ERROR"
                defaultValue={name}
                onChange={(event) => setName(event.target.value.trim())}
                help="Letters, digits, “-”, “_” and “.”; upper and lower case are kept."
              />
              {questions.map((question) => (
                <ParameterField
                  key={question.name}
                  parameter={question}
                  answer={parameters[question.name]}
                  error={answer?.problem?.findings?.find(({ path }) => path === `parameters.${question.name}`)?.message}
                  onAnswer={(given) => setParameters({ ...parameters, [question.name]: given })}
                />
              ))}
              <div className="flex flex-wrap gap-2">
                <Button look="primary" icon={Plus} name="intent" value="create" busy={intent === 'create'}>
                  Create sandbox
                </Button>
                <Button icon={Eye} name="intent" value="review" busy={intent === 'review'}>
                  Show the plan
                </Button>
                <Link to="/templates" className={buttonClass('ghost')}>
                  Cancel
                </Link>
              </div>
            </Form>
          </Card>
          <div aria-live="polite">
            {answer?.problem !== undefined && <ReviewProblem problem={answer.problem} />}
            {answer?.review !== undefined && (
              <Card className="p-5">
                <Review response={answer.review} />
              </Card>
            )}
          </div>
        </div>
        <div className="min-w-0 space-y-2">
          <h2 className="text-sm font-medium">What it becomes</h2>
          <YamlBlock text={resolvedYaml(name, template.spec, parameters)} label="Resolved document" />
          <CliSnippet
            commands={[
              { what: 'Create from a file', command: 'sdp apply -f sandbox.yaml --wait' },
              { what: 'Wait until ready', command: `sdp wait sandbox/${name === '' ? 'NAME' : name}` },
            ]}
          />
        </div>
      </div>
    </Page>
  );
}
