/** What a save would do, before it is saved: fields, plan, mistakes. */
import type { ApplyResponse, ApplyResult, Problem } from '#schema/http';
import { FieldChanges } from './field-changes.tsx';
import { Findings } from './findings.tsx';
import { Notice, ProblemNotice } from './notice.tsx';
import { PlanView } from './plan-view.tsx';

const OUTCOMES: Record<ApplyResult['outcome'], string> = {
  created: 'will be created',
  configured: 'will change',
  unchanged: 'stays as it is',
  deleted: 'will be deleted',
};

function Result({ result }: { result: ApplyResult }) {
  return (
    <div className="space-y-4">
      <h3 className="text-sm">
        <span className="text-ink-3">{result.kind} </span>
        <span className="font-semibold">{result.name}</span>{' '}
        <span className="text-ink-2">{OUTCOMES[result.outcome]}</span>
      </h3>
      {result.outcome === 'configured' && result.changes.length === 0 && (
        <p className="text-ink-2">Only the text changes: comments, order or layout. What is wanted stays the same.</p>
      )}
      {result.changes.length > 0 && (
        <div className="space-y-2">
          <h4 className="text-xs font-medium text-ink-3">
            {result.changes.length} {result.changes.length === 1 ? 'field changes' : 'fields change'}
          </h4>
          <FieldChanges changes={result.changes} />
        </div>
      )}
      {result.warnings?.map((warning) => (
        <Notice key={warning} tone="warn" title="Looks strange">
          {warning}
        </Notice>
      ))}
      {result.plan !== undefined && (
        <div className="space-y-2">
          <h4 className="text-xs font-medium text-ink-3">What will happen, in order</h4>
          <PlanView plan={result.plan} />
        </div>
      )}
      {result.affects?.map((plan) => (
        <div key={plan.sandbox} className="space-y-2">
          <h4 className="text-xs font-medium text-ink-3">What will happen in {plan.sandbox}, which uses it</h4>
          <PlanView plan={plan} />
        </div>
      ))}
      {result.unplanned !== undefined && result.unplanned > 0 && <p className="text-ink-2">{result.unplanned} more use it.</p>}
    </div>
  );
}

export function Review({ response }: { response: ApplyResponse }) {
  const unchanged = response.results.every((result) => result.outcome === 'unchanged');
  return (
    <div className="space-y-6">
      {unchanged && (
        <Notice tone="quiet" title="Nothing changes">
          What is written here is what is saved already.
        </Notice>
      )}
      {!unchanged && response.results.map((result) => <Result key={`${result.kind}/${result.name}`} result={result} />)}
    </div>
  );
}

export function ReviewProblem({ problem }: { problem: Problem }) {
  return (
    <div className="space-y-2">
      <ProblemNotice problem={problem} />
      {problem.findings !== undefined && problem.findings.length > 0 && <Findings findings={problem.findings} />}
    </div>
  );
}
