import { data, type ActionFunctionArgs, type LoaderFunctionArgs, type MetaFunction } from '@remix-run/node';
import { useSearchParams } from '@remix-run/react';
import { useEffect, useMemo, useRef } from 'react';
import type { StoredDocument } from '#schema/documents';
import type { DocumentView, Page as ApiPage } from '#schema/http';
import type { Deployment, DeploymentEvent } from '#schema/records';
import { useAnswer, useLoaded } from '../loaded.ts';
import { apiOf } from '../api.server.ts';
import { useLive } from '../live/use-live.ts';
import { useLog } from '../live/use-log.ts';
import { runIntent, type Answer } from '../sandbox-intents.server.ts';
import { serviceRows } from '../model/service-rows.ts';
import { Section } from '../ui/card.tsx';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { Conditions } from '../ui/conditions.tsx';
import { DeploymentList } from '../ui/deployment-list.tsx';
import { GatewayCard } from '../ui/gateway-card.tsx';
import { ProblemNotice } from '../ui/notice.tsx';
import { Page } from '../ui/page.tsx';
import { ServiceTable } from '../ui/service-table.tsx';
import { StatusSummary } from '../ui/status-summary.tsx';
import { useNow } from '../ui/now.tsx';
import { LiveDeployments } from '../sandbox/live-deployments.tsx';
import { deploymentsInSight, useOpenDeployment } from '../sandbox/open-deployment.ts';
import { RouteForm, RouteQuestion } from '../sandbox/route-form.tsx';
import { ServiceMenu } from '../sandbox/service-menu.tsx';
import { SandboxHead } from '../sandbox/sandbox-head.tsx';

type Sandbox = StoredDocument<'Sandbox'>;

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction<typeof loader> = ({ data: loaded }) => [
  { title: `${loaded?.sandbox.metadata.name ?? 'Sandbox'} · SDP` },
];

/** Deployments whose steps are shown: the running ones, those just finished and the newest that failed. */
const MAX_DETAILED = 6;

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const api = apiOf(request, context);
  const name = encodeURIComponent(params['name'] ?? '');
  const view = await api.get<DocumentView>(`/sandboxes/${name}`);
  const page = await api.get<ApiPage<Deployment>>(`/deployments?sandbox=${name}&limit=30`);
  const detailed = deploymentsInSight(page.items, Date.now()).slice(0, MAX_DETAILED);
  const views = await Promise.all(
    detailed.map((one) => api.try<{ events: DeploymentEvent[] }>(`/deployments/${one.id}`))
  );
  const events = Object.fromEntries(
    detailed.map((one, index) => {
      const answer = views[index];
      return [one.id, answer?.ok === true ? answer.value.events : []];
    })
  );
  return { sandbox: view.document as Sandbox, seq: view.seq, deployments: page.items, events };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const answer = await runIntent(apiOf(request, context), params['name'] ?? '', await request.formData());
  return data(answer, { status: answer.problem?.status ?? 200 });
}

export default function SandboxPage() {
  const loaded = useLoaded<typeof loader>();
  // Another sandbox is another page: no state of the former one stays.
  return <SandboxView key={loaded.sandbox.metadata.uid} {...loaded} />;
}

function SandboxView({ sandbox, seq, deployments, events }: Awaited<ReturnType<typeof loader>>) {
  const answer = useAnswer<Answer>();
  const [params] = useSearchParams();
  const { slug, name } = sandbox.metadata;
  const snapshot = useMemo(
    () => ({ seq, deployments, events, status: sandbox.status === undefined ? {} : { [slug]: sandbox.status } }),
    [seq, deployments, events, sandbox.status, slug]
  );
  const now = useNow();
  const { opened, choose, follow } = useOpenDeployment(deploymentsInSight(deployments, now));
  const log = useLog(opened);
  const live = useLive(snapshot, {
    filter: { sandbox: slug, ...(opened === undefined ? {} : { logs: opened }) },
    onLog: log.push,
    onLogGap: log.catchUp,
  });
  const status = live.status[slug];
  const inSight = deploymentsInSight(live.deployments, now);
  const key = inSight.map((one) => `${one.id}${one.state}`).join();
  const latest = useRef(inSight);
  latest.current = inSight;
  useEffect(() => follow(latest.current), [key, follow]);
  const ask = params.get('branch-for');

  return (
    <Page>
      <SandboxHead sandbox={sandbox} status={status} ask={params.get('do')} />
      {answer?.problem !== undefined && answer.intent !== 'route' && (
        <div className="mb-6">
          <ProblemNotice problem={answer.problem} />
        </div>
      )}
      <div className="space-y-8">
        <StatusSummary status={status} deleting={sandbox.metadata.deletedAt !== undefined} />
        <GatewayCard gateway={status?.gateway} />
        <LiveDeployments deployments={inSight} events={live.events} opened={opened} choose={choose} log={log} />
        <Section id="services" title="Services" aside={<p className="text-xs text-ink-3">A flip restarts nothing.</p>}>
          <ServiceTable
            rows={serviceRows(sandbox.spec, status)}
            route={(row) => <RouteForm row={row} />}
            menu={(row) => <ServiceMenu row={row} />}
            below={(row) => (
              <RouteQuestion
                row={row}
                asked={ask === row.name}
                problem={answer?.service === row.name ? answer.problem : undefined}
              />
            )}
          />
        </Section>
        {status !== undefined && status.conditions.length > 0 && (
          <Section id="conditions" title="Conditions">
            <Conditions conditions={status.conditions} />
          </Section>
        )}
        <Section id="deployments" title="Recent deployments">
          {live.deployments.length === 0 ? (
            <p className="text-ink-2">Nothing was deployed yet.</p>
          ) : (
            <DeploymentList deployments={live.deployments.slice(0, 8)} />
          )}
        </Section>
        <CliSnippet
          commands={[
            { what: 'Show', command: `sdp describe sandbox ${name}` },
            { what: 'Deploy newest commits', command: `sdp deploy ${name}` },
            { what: 'Flip a route', command: `sdp route set ${name} payment sandbox|ocp` },
            { what: 'See where requests go', command: `sdp route get ${name}` },
            { what: 'Try a failure', command: `sdp route fault ${name} payment --status 503 --percent 50 --for 10m` },
            { what: 'Lead your own address here', command: `sdp use ${name}` },
            { what: 'Wait until ready', command: `sdp wait sandbox/${name} --for=condition=Ready --timeout 5m` },
            { what: 'Follow live', command: `sdp watch ${name}` },
          ]}
        />
      </div>
    </Page>
  );
}
