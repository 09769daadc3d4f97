import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import { Form, Link } from '@remix-run/react';
import { RotateCcw } from 'lucide-react';
import { useMemo } from 'react';
import { ERRORS, type ErrorCode } from '#schema/errors';
import { slugOf } from '#schema/names';
import type { Deployment, DeploymentEvent } from '#schema/records';
import { isTerminal } from '#schema/states';
import { useLoaded } from '../loaded.ts';
import { apiOf } from '../api.server.ts';
import { useLive } from '../live/use-live.ts';
import { useLog, type LogPage } from '../live/use-log.ts';
import { firstError } from '../model/log-buffer.ts';
import { stepsOf } from '../model/steps.ts';
import { duration } from '../model/time.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { CommitRef } from '../ui/commit-ref.tsx';
import { LogView } from '../ui/log-view.tsx';
import { Notice } from '../ui/notice.tsx';
import { Ago, Elapsed } from '../ui/now.tsx';
import { Page, PageHead } from '../ui/page.tsx';
import { StateBadge } from '../ui/status-badges.tsx';
import { StepStrip } from '../ui/step-strip.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data === undefined ? 'Deployment' : `${data.deployment.service} in ${data.deployment.sandbox}`} · SDP` },
];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const api = apiOf(request, context);
  const path = `/deployments/${encodeURIComponent(params['id'] ?? '')}`;
  const { deployment, events, seq } = await api.get<{
    deployment: Deployment;
    events: DeploymentEvent[];
    seq?: number;
  }>(path);
  // The first lines come with the page; the browser reads on from there.
  const log = await api.try<LogPage>(`${path}/logs?from=1&limit=500`);
  return { deployment, events, seq, lines: log.ok ? log.value.lines : [] };
}

export default function DeploymentPage() {
  const { deployment: loaded, events, seq, lines } = useLoaded<typeof loader>();
  // Another deployment is another page: no state of the former one stays.
  return <DeploymentView key={loaded.id} loaded={loaded} events={events} seq={seq} lines={lines} />;
}

/** The headline of an error code; other reasons speak for themselves. */
function failureTitle(reason: string | undefined): string {
  if (reason === undefined) return 'It failed';
  return reason in ERRORS ? ERRORS[reason as ErrorCode].title : `Failed: ${reason}`;
}

type ViewProps = Omit<Awaited<ReturnType<typeof loader>>, 'deployment'> & { loaded: Deployment };

function DeploymentView({ loaded, events, seq, lines }: ViewProps) {
  const snapshot = useMemo(
    () => ({ seq, deployments: [loaded], events: { [loaded.id]: events } }),
    [seq, loaded, events]
  );
  const log = useLog(loaded.id, lines);
  const live = useLive(snapshot, {
    filter: { sandbox: slugOf(loaded.sandbox), logs: loaded.id },
    onLog: log.push,
    onLogGap: log.catchUp,
  });
  const deployment = live.deployments.find((one) => one.id === loaded.id) ?? loaded;
  const error = useMemo(() => firstError(log.lines), [log.lines]);
  const failed = deployment.state === 'FAILED';
  const newer = live.deployments.find(
    (one) => one.service === deployment.service && one.startedAt > deployment.startedAt
  );
  return (
    <Page wide>
      <PageHead
        trail={[
          { to: '/sandboxes', label: 'Sandboxes' },
          { to: `/sandboxes/${slugOf(deployment.sandbox)}`, label: deployment.sandbox },
        ]}
        title={deployment.service}
        about={
          <div className="flex flex-wrap items-center gap-x-3 gap-y-1.5 text-xs">
            <StateBadge state={deployment.state} />
            <CommitRef branch={deployment.branch} commit={deployment.commit} />
            <span>
              {deployment.user}, <Ago at={deployment.startedAt} />
            </span>
            {deployment.node !== undefined && <span>on {deployment.node}</span>}
            <span className="text-ink-3">
              {deployment.completedAt === undefined ? (
                <Elapsed since={deployment.startedAt} />
              ) : (
                `took ${duration(Date.parse(deployment.completedAt) - Date.parse(deployment.startedAt))}`
              )}
            </span>
          </div>
        }
        actions={
          isTerminal(deployment.state) && (
            <Form method="post" action={`/sandboxes/${slugOf(deployment.sandbox)}?index`}>
              <input type="hidden" name="then" value="sandbox" />
              <input type="hidden" name="service" value={deployment.service} />
              <Button look={failed ? 'primary' : 'plain'} icon={RotateCcw} name="intent" value="deploy">
                Deploy again
              </Button>
            </Form>
          )
        }
      />
      <div className="space-y-4">
        {newer !== undefined && (
          <Notice
            tone="busy"
            title="A newer deployment of this service began"
            actions={
              <Link className="font-medium text-accent underline" to={`/deployments/${newer.id}`}>
                Open it
              </Link>
            }
          />
        )}
        {deployment.message !== undefined && deployment.state !== 'RUNNING' && (
          <Notice
            tone={failed ? 'bad' : 'quiet'}
            title={failed ? failureTitle(deployment.reason) : deployment.reason ?? 'In progress'}
            announce={failed}
          >
            {deployment.message}
          </Notice>
        )}
        <Card className="p-4">
          <StepStrip steps={stepsOf(deployment, live.events[deployment.id] ?? [])} />
        </Card>
        {log.problem !== undefined && <Notice tone="warn">{log.problem}</Notice>}
        <LogView
          lines={log.lines}
          live={!isTerminal(deployment.state)}
          focusIndex={failed ? error : undefined}
          name={`${deployment.sandbox} ${deployment.service}`}
          className="h-[calc(100dvh-24rem)] min-h-80"
        />
        <CliSnippet
          commands={[
            { what: 'Follow this log', command: `sdp logs ${deployment.sandbox} ${deployment.service} --follow` },
            { what: 'Deploy again', command: `sdp deploy ${deployment.sandbox} ${deployment.service}` },
          ]}
        />
      </div>
    </Page>
  );
}
