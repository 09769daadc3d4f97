/** One VM: whether it is there, what it has, what is wrong with it. */
import { Check, CircleAlert, CircleCheck, CircleX, FolderGit2, LoaderCircle, Network, Unplug } from 'lucide-react';
import type { NodeView } from '#schema/http';
import { bytes } from '../model/time.ts';
import { Badge } from './badge.tsx';
import { Card } from './card.tsx';
import { Ago } from './now.tsx';

function EdgeBadge({ edge, edgeOwner }: Pick<NodeView, 'edge' | 'edgeOwner'>) {
  if (!edgeOwner) {
    return (
      <Badge tone="quiet" icon={Network} title="Another agent on the same engine runs the edge">
        Edge by a neighbour
      </Badge>
    );
  }
  if (edge.state === 'ready')
    return (
      <Badge tone="good" icon={Network}>
        Edge ready
      </Badge>
    );
  if (edge.state === 'starting')
    return (
      <Badge tone="busy" icon={LoaderCircle} spin>
        Edge starting
      </Badge>
    );
  return (
    <Badge tone="bad" icon={CircleX}>
      Edge failed
    </Badge>
  );
}

export function NodeCard({ node }: { node: NodeView }) {
  const facts: [string, string][] = [
    ['Address', node.address],
    ['Engine', node.engine],
    ['Agent', node.agentVersion],
    ['Containers', String(node.containers)],
    ['Memory free', bytes(node.memoryFreeBytes)],
    ['Disk free', bytes(node.diskFreeBytes)],
    ['Gateway ports', `${node.ports.gateway.from}–${node.ports.gateway.to}`],
    ['Service ports', `${node.ports.service.from}–${node.ports.service.to}`],
    ...(node.sharedPort === undefined ? [] : [['Port for all sandboxes', String(node.sharedPort)] satisfies [string, string]]),
  ];
  return (
    <Card className="flex flex-col">
      <div className="flex flex-wrap items-center gap-x-2.5 gap-y-2 px-4 pt-4 sm:px-5">
        <h2 className="text-[15px] font-semibold tracking-tight">{node.name}</h2>
        <span className="rounded border border-line px-1.5 py-0.5 text-2xs font-semibold tracking-wide text-ink-2">
          {node.type}
        </span>
        <span className="ml-auto flex flex-wrap gap-1.5">
          {node.online ? (
            <Badge tone="good" icon={CircleCheck}>
              Online
            </Badge>
          ) : (
            <Badge tone="bad" icon={Unplug}>
              Offline
            </Badge>
          )}
          <EdgeBadge edge={node.edge} edgeOwner={node.edgeOwner} />
        </span>
      </div>
      {!node.online && (
        <p className="px-4 pt-2 text-xs text-ink-2 sm:px-5">
          Last seen <Ago at={node.lastSeenAt} />. What runs there keeps running; its state is unknown until the agent is
          back.
        </p>
      )}
      {node.edge.message !== undefined && <p className="px-4 pt-2 text-xs text-ink-2 sm:px-5">{node.edge.message}</p>}
      <dl className="grid grid-cols-2 gap-x-4 gap-y-3 px-4 py-4 sm:grid-cols-4 sm:px-5">
        {facts.map(([label, value]) => (
          <div key={label} className="min-w-0">
            <dt className="text-xs text-ink-3">{label}</dt>
            <dd className="num truncate text-[13px]" title={value}>
              {value}
            </dd>
          </div>
        ))}
      </dl>
      <div className="border-t border-line">
        <h3 className="px-4 pt-3 text-xs font-medium text-ink-3 sm:px-5">Repositories</h3>
        <ul className="divide-y divide-line pb-1">
          {node.repositories.map((repository) => (
            <li key={repository.name} className="flex items-start gap-2.5 px-4 py-2.5 sm:px-5">
              <FolderGit2 aria-hidden className="mt-0.5 size-4 shrink-0 text-ink-3" />
              <div className="min-w-0 flex-1">
                <p className="flex flex-wrap items-baseline gap-x-2">
                  <span className="font-medium">{repository.name}</span>
                  <span className="text-xs text-ink-3">{repository.kind}</span>
                </p>
                <p className="truncate font-mono text-xs text-ink-3" title={repository.path}>
                  {repository.path}
                </p>
                {repository.problem !== undefined && <p className="mt-1 text-xs text-warn">{repository.problem}</p>}
              </div>
              {repository.problem === undefined ? (
                <span className="inline-flex items-center gap-1 text-xs text-good">
                  <Check aria-hidden className="size-3.5" /> ready
                </span>
              ) : (
                <span className="inline-flex items-center gap-1 text-xs text-warn">
                  <CircleAlert aria-hidden className="size-3.5" /> problem
                </span>
              )}
            </li>
          ))}
          {node.repositories.length === 0 && (
            <li className="px-4 py-2.5 text-xs text-ink-2 sm:px-5">
              None. Add them to the agent’s file under repositories.
            </li>
          )}
        </ul>
      </div>
    </Card>
  );
}
