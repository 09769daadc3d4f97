/** A service without a branch cannot run here: asks for one, in its place. Belongs into a form. */
import { useId } from 'react';
import type { BranchInfo } from '#schema/wire/commands';
import { Button } from './button.tsx';
import { INPUT } from './field.tsx';

interface BranchQuestionProps {
  service: string;
  branches: BranchInfo[];
  busy: boolean;
  cancel: React.ReactNode;
}

export function BranchQuestion({ service, branches, busy, cancel }: BranchQuestionProps) {
  const id = useId();
  return (
    <div className="mx-4 mb-3 animate-rise rounded-lg border border-accent/30 bg-accent-soft p-3">
      <label htmlFor={id} className="mb-1.5 block text-xs font-medium">
        Which branch of {service} should run here?
      </label>
      <div className="flex flex-wrap gap-2">
        <input
          id={id}
          name="branch"
          required
          autoFocus
          list={`${id}-branches`}
          placeholder="feature/…"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          className={`${INPUT} min-w-0 flex-1 basis-48 font-mono text-[13px]`}
        />
        <datalist id={`${id}-branches`}>
          {branches.map((one) => (
            <option key={one.branch} value={one.branch}>
              {one.subject}
            </option>
          ))}
        </datalist>
        <Button look="primary" busy={busy}>
          Run it here
        </Button>
        {cancel}
      </div>
    </div>
  );
}
