/** Flips one route in place; a service without a branch is asked for one first. */
import { Form, Link, useFetcher, useSearchParams } from '@remix-run/react';
import { useEffect } from 'react';
import type { Problem } from '#schema/http';
import type { BranchInfo } from '#schema/wire/commands';
import type { ServiceRow } from '../model/service-rows.ts';
import type { Answer } from '../sandbox-intents.server.ts';
import { BranchQuestion } from '../ui/branch-question.tsx';
import { buttonClass } from '../ui/button.tsx';
import { ProblemNotice } from '../ui/notice.tsx';
import { RouteSwitch } from '../ui/route-switch.tsx';

const keyOf = (row: ServiceRow): string => `route-${row.name}`;

export function RouteForm({ row }: { row: ServiceRow }) {
  const fetcher = useFetcher<Answer>({ key: keyOf(row) });
  if (row.wanted === 'ocp' && row.target !== 'sandbox') {
    // Works by address: Back leaves the question.
    return (
      <Form method="get" preventScrollReset replace>
        <input type="hidden" name="branch-for" value={row.name} />
        <RouteSwitch service={row.name} target={row.target} />
      </Form>
    );
  }
  const wanted = fetcher.formData?.get('target');
  return (
    <fetcher.Form method="post">
      <input type="hidden" name="intent" value="route" />
      <input type="hidden" name="service" value={row.name} />
      <RouteSwitch
        service={row.name}
        target={row.target}
        pending={wanted === 'sandbox' || wanted === 'ocp' ? wanted : undefined}
      />
    </fetcher.Form>
  );
}

interface RouteQuestionProps {
  row: ServiceRow;
  asked: boolean;
  problem: Problem | undefined;
}

/** What stands beneath a row: the question for a branch, and why a flip was refused. */
export function RouteQuestion({ row, asked, problem }: RouteQuestionProps) {
  const fetcher = useFetcher<Answer>({ key: keyOf(row) });
  const branches = useFetcher<{ branches: BranchInfo[] }>({ key: `branches-${row.name}` });
  const [params] = useSearchParams();
  const { load, state, data } = branches;

  useEffect(() => {
    if (asked && state === 'idle' && data === undefined) load(`/branches/${encodeURIComponent(row.name)}`);
  }, [asked, state, data, load, row.name]);

  const refused = fetcher.state === 'idle' ? fetcher.data?.problem ?? problem : undefined;
  const others = new URLSearchParams(params);
  others.delete('branch-for');
  others.delete('target');
  return (
    <>
      {refused !== undefined && (
        <div className="px-4 pb-3">
          <ProblemNotice problem={refused} />
        </div>
      )}
      {asked && (
        <fetcher.Form method="post">
          <input type="hidden" name="intent" value="route" />
          <input type="hidden" name="service" value={row.name} />
          <input type="hidden" name="target" value="sandbox" />
          <BranchQuestion
            service={row.name}
            branches={data?.branches ?? []}
            busy={fetcher.state !== 'idle'}
            cancel={
              <Link to={`?${others.toString()}`} preventScrollReset replace className={buttonClass('ghost')}>
                Cancel
              </Link>
            }
          />
        </fetcher.Form>
      )}
    </>
  );
}
