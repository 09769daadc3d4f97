/** Write YAML, review what it leads to, save. A guard keeps what is unsaved. */
import { Form, Link, useBlocker, useNavigation } from '@remix-run/react';
import { Eye, Save } from 'lucide-react';
import { useEffect, useMemo, useState } from 'react';
import type { EditorAnswer } from '../editor.server.ts';
import { useAnswer } from '../loaded.ts';
import { Button, buttonClass } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { Notice } from '../ui/notice.tsx';
import { Review, ReviewProblem } from '../ui/review.tsx';
import { YamlEditor } from '../ui/yaml-editor.tsx';

interface SandboxEditorProps {
  /** As it is saved. */
  text: string;
  /** resourceVersion of `text`; undefined for a new sandbox. */
  base?: number | undefined;
  cancelTo: string;
}

const NONE: never[] = [];

/** Asks before edits are lost, whichever way somebody leaves. */
function useGuard(unsaved: boolean) {
  const blocker = useBlocker(
    ({ currentLocation, nextLocation, historyAction }) =>
      unsaved && historyAction !== 'REPLACE' && currentLocation.pathname !== nextLocation.pathname
  );
  useEffect(() => {
    if (!unsaved) return;
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [unsaved]);
  return blocker;
}

export function SandboxEditor({ text: saved, base, cancelTo }: SandboxEditorProps) {
  const answer = useAnswer<EditorAnswer>();
  const navigation = useNavigation();
  const [text, setText] = useState(answer?.text ?? saved);
  const intent = navigation.formData?.get('intent');
  const saving = intent === 'save';
  // A new sandbox begins with an example: leaving that alone loses nothing.
  const unsaved = text !== saved;
  const blocker = useGuard(unsaved && !saving);
  const reviewed = answer !== undefined && answer.text === text;
  const findings = useMemo(
    () => (answer !== undefined && answer.text === text ? answer.problem?.findings ?? NONE : NONE),
    [answer, text]
  );
  const conflict = answer?.problem?.code === 'conflict';
  const savable =
    !conflict &&
    reviewed &&
    answer.review !== undefined &&
    !answer.review.results.every((result) => result.outcome === 'unchanged');

  return (
    <Form method="post" className="grid items-start gap-6 lg:grid-cols-[minmax(0,1.15fr)_minmax(0,1fr)]">
      <input type="hidden" name="base" value={conflict ? base : answer?.base ?? base ?? ''} />
      <YamlEditor
        name="text"
        label="Document"
        text={text}
        findings={findings}
        onChange={setText}
        className="min-w-0 lg:h-[calc(100dvh-16rem)] lg:min-h-96"
      />
      <div className="min-w-0 space-y-4">
        <div className="flex min-h-5 items-center justify-between gap-3">
          <h2 className="text-sm font-medium">Changes</h2>
          <p role="status" className="text-xs text-ink-3">
            {unsaved ? 'Not saved yet' : base === undefined ? '' : 'Nothing edited'}
          </p>
        </div>
        <Card className="space-y-4 p-3 sm:p-4">
          <div className="flex flex-wrap gap-1 sm:gap-2">
            <Button
              look={savable ? 'plain' : 'primary'}
              icon={Eye}
              name="intent"
              value="review"
              busy={intent === 'review'}
            >
              Review changes
            </Button>
            <Button
              look={savable ? 'primary' : 'plain'}
              icon={Save}
              name="intent"
              value="save"
              busy={saving}
              disabled={!savable}
              title={savable ? undefined : 'Review the changes first'}
            >
              Save
            </Button>
            <Link to={cancelTo} className={buttonClass('ghost')}>
              Cancel
            </Link>
          </div>
          <div aria-live="polite" className="space-y-4">
            {answer?.problem !== undefined && reviewed && <ReviewProblem problem={answer.problem} />}
            {conflict && (
              <p className="text-ink-2">
                Your text is kept here. Look at what was saved meanwhile in the{' '}
                <a href="history" target="_blank" rel="noreferrer" className="font-medium text-accent underline">
                  history
                </a>
                , take over what you need, and review again: the next save is based on the newest version.
              </p>
            )}
            {reviewed && answer.review !== undefined && <Review response={answer.review} />}
            {!reviewed && answer !== undefined && (
              <p className="text-ink-2">The text changed since the review. Review it again to see what saving does.</p>
            )}
            {answer === undefined && (
              <p className="text-ink-2">
                Reviewing shows which fields change and what will be fetched, built, restarted and re-routed. Nothing
                happens before you save.
              </p>
            )}
          </div>
        </Card>
      </div>
      {blocker.state === 'blocked' && (
        <div
          role="alertdialog"
          aria-label="Unsaved changes"
          className="fixed inset-x-4 bottom-20 z-40 mx-auto max-w-lg animate-rise rounded-xl bg-surface shadow-pop md:bottom-6"
        >
          <Notice
            tone="warn"
            title="Leave without saving?"
            actions={
              <span className="flex gap-2">
                <Button type="button" size="sm" autoFocus onClick={() => blocker.reset()}>
                  Stay
                </Button>
                <Button type="button" size="sm" look="danger" onClick={() => blocker.proceed()}>
                  Leave
                </Button>
              </span>
            }
          >
            What you wrote here would be lost.
          </Notice>
        </div>
      )}
    </Form>
  );
}
