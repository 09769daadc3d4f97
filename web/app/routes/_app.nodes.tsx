import type { LoaderFunctionArgs, MetaFunction } from '@remix-run/node';
import { Server } from 'lucide-react';
import { useMemo } from 'react';
import type { NodeView, Page as ApiPage } from '#schema/http';
import { useLoaded } from '../loaded.ts';
import { apiOf } from '../api.server.ts';
import { useLive } from '../live/use-live.ts';
import { CliSnippet } from '../ui/cli-snippet.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { NodeCard } from '../ui/node-card.tsx';
import { Page, PageHead } from '../ui/page.tsx';

export { ErrorPage as ErrorBoundary } from '../ui/error-page.tsx';

export const meta: MetaFunction = () => [{ title: 'Nodes · SDP' }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const page = await apiOf(request, context).get<ApiPage<NodeView>>('/nodes');
  return { nodes: page.items, seq: page.seq };
}

export default function Nodes() {
  const { nodes, seq } = useLoaded<typeof loader>();
  const snapshot = useMemo(
    () => ({ seq, nodes: Object.fromEntries(nodes.map((node) => [node.name, node])) }),
    [nodes, seq]
  );
  const live = Object.values(useLive(snapshot, { filter: {} }).nodes).sort((a, b) => a.name.localeCompare(b.name));
  return (
    <Page>
      <PageHead title="Nodes" about="The VMs that build and run. Each has an agent, which dials in by itself." />
      {live.length === 0 ? (
        <EmptyState icon={Server} title="No agent has dialled in yet">
          <p>
            Make a token with <code className="font-mono text-xs text-ink">sdp nodes token NAME</code>, then start the
            agent on the VM: <code className="font-mono text-xs text-ink">sdp agent --config agent.yaml</code>
          </p>
        </EmptyState>
      ) : (
        <div className="space-y-4">
          <div className="grid grid-cols-1 items-start gap-4 xl:grid-cols-2">
            {live.map((node) => (
              <NodeCard key={node.name} node={node} />
            ))}
          </div>
          <CliSnippet
            commands={[
              { what: 'List', command: 'sdp nodes' },
              { what: 'Add a node', command: 'sdp nodes token NAME' },
            ]}
          />
        </div>
      )}
    </Page>
  );
}
