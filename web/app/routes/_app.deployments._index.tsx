import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import { Link, useSearchParams } from '@remix-run/react';
import { Rocket } from 'lucide-react';
import { useMemo } from 'react';
import type { Page as ApiPage } from '#schema/http';
import type { Deployment } from '#schema/records';
import { useLoaded } from '../loaded.ts';
import { apiOf } from '../api.server.ts';
import { useLive } from '../live/use-live.ts';
import { buttonClass } from '../ui/button.tsx';
import { DeploymentList } from '../ui/deployment-list.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { Page, PageHead } from '../ui/page.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction = () => [{ title: 'Deployments · SDP' }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const cursor = new URL(request.url).searchParams.get('cursor');
  const page = await apiOf(request, context).get<ApiPage<Deployment>>(
    `/deployments?limit=50${cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`}`
  );
  return { deployments: page.items, seq: page.seq, next: page.next };
}

export default function Deployments() {
  const { deployments, seq, next } = useLoaded<typeof loader>();
  const [params] = useSearchParams();
  const snapshot = useMemo(() => ({ seq, deployments }), [seq, deployments]);
  const live = useLive(snapshot, { filter: {} });
  const older = params.has('cursor');
  const shown = older ? deployments : live.deployments;
  return (
    <Page>
      <PageHead title="Deployments" about="Every rollout of every service, newest first." />
      {shown.length === 0 ? (
        <EmptyState
          icon={Rocket}
          title="Nothing was deployed yet"
          actions={
            <Link to="/templates" className={buttonClass('primary')}>
              New sandbox
            </Link>
          }
        >
          Saving a sandbox with a branch deploys it; its steps and its log appear here.
        </EmptyState>
      ) : (
        <DeploymentList deployments={shown} withSandbox />
      )}
      <div className="mt-4 flex justify-end gap-2">
        {older && (
          <Link to="/deployments" className={buttonClass('ghost')}>
            Newest
          </Link>
        )}
        {next !== undefined && (
          <Link to={`?cursor=${encodeURIComponent(next)}`} className={buttonClass()}>
            Older
          </Link>
        )}
      </div>
    </Page>
  );
}
