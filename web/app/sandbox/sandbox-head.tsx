/** Name of a sandbox and what can be done with it: only what its health allows. */
import { Form, Link, useNavigation } from '@remix-run/react';
import { Copy, History, Pause, Pencil, Play, Rocket, Trash2, type LucideIcon } from 'lucide-react';
import type { StoredDocument } from '#schema/documents';
import { SANDBOX_ACTIONS_BY_HEALTH, type SandboxAction } from '#schema/states';
import type { SandboxStatus } from '#schema/status';
import { Button, buttonClass } from '../ui/button.tsx';
import { ConfirmPanel } from '../ui/confirm-panel.tsx';
import { Field } from '../ui/field.tsx';
import { Ago } from '../ui/now.tsx';
import { Notice } from '../ui/notice.tsx';
import { PageHead } from '../ui/page.tsx';

interface SandboxHeadProps {
  sandbox: StoredDocument<'Sandbox'>;
  status: SandboxStatus | undefined;
  /** The action that is being asked about, from the address. */
  ask: string | null;
}

/** Actions that one press does; the others ask first. */
const DIRECT = {
  deploy: { icon: Rocket, label: 'Deploy' },
  suspend: { icon: Pause, label: 'Suspend' },
  resume: { icon: Play, label: 'Resume' },
} as const;

export function SandboxHead({ sandbox: { metadata, spec }, status, ask }: SandboxHeadProps) {
  const navigation = useNavigation();
  const pressed = navigation.formData?.get('intent');
  const legal: readonly SandboxAction[] = SANDBOX_ACTIONS_BY_HEALTH[status?.health ?? 'Unknown'];
  const deleting = metadata.deletedAt !== undefined;
  const may = (action: SandboxAction): boolean => !deleting && legal.includes(action);
  const direct = (action: keyof typeof DIRECT, look: 'primary' | 'plain') =>
    may(action) && (
      <Form method="post" action="?index" preventScrollReset>
        <input type="hidden" name="then" value="sandbox" />
        <Button
          look={look}
          icon={DIRECT[action].icon}
          name="intent"
          value={action}
          busy={pressed === action}
          title={action === 'deploy' ? 'Take the newest commits of all branches' : undefined}
        >
          {DIRECT[action].label}
        </Button>
      </Form>
    );
  return (
    <>
      <PageHead
        trail={[{ to: '/sandboxes', label: 'Sandboxes' }]}
        title={metadata.name}
        about={
          <>
            {spec.description !== undefined && <p>{spec.description}</p>}
            <p className="mt-1 text-xs text-ink-3">
              By {metadata.createdBy}
              {spec.template !== undefined && ` from template ${spec.template.name}`} · changed{' '}
              <Ago at={metadata.updatedAt} /> by {metadata.updatedBy}
              {spec.expireAfter !== undefined && ` · expires when not used for ${spec.expireAfter}`}
            </p>
          </>
        }
        actions={
          <>
            {direct('deploy', 'primary')}
            {direct('resume', 'primary')}
            {direct('suspend', 'plain')}
            {!deleting && <HeadLink to="edit" icon={Pencil} label="Edit" />}
            <HeadLink to="history" icon={History} label="History" />
            {may('clone') && <HeadLink to="?do=clone" icon={Copy} label="Clone" />}
            {may('delete') && <HeadLink to="?do=delete" icon={Trash2} label="Delete" />}
          </>
        }
      />
      {spec.hold !== undefined && (
        <div className="mb-6">
          <Notice tone="warn" title={`Held by ${spec.hold.by}`}>
            {spec.hold.reason ?? 'Changes by others are refused while it lasts.'}
          </Notice>
        </div>
      )}
      {ask === 'clone' && may('clone') && <CloneQuestion name={metadata.name} busy={pressed === 'clone'} />}
      {ask === 'delete' && may('delete') && <DeleteQuestion name={metadata.name} busy={pressed === 'delete'} />}
    </>
  );
}

function HeadLink({ to, icon: Icon, label }: { to: string; icon: LucideIcon; label: string }) {
  return (
    <Link to={to} preventScrollReset className={buttonClass(label === 'Edit' ? 'plain' : 'ghost')}>
      <Icon aria-hidden className="size-4" />
      {label}
    </Link>
  );
}

const cancel = (
  <Link to="." preventScrollReset replace className={buttonClass('ghost')}>
    Cancel
  </Link>
);

function CloneQuestion({ name, busy }: { name: string; busy: boolean }) {
  return (
    <ConfirmPanel title={`Clone ${name}`}>
      <p className="text-ink-2">
        The clone gets the same branches, commits, environments and routes, and ports of its own.
      </p>
      <Form method="post" action="?index" className="flex flex-wrap items-end gap-2">
        <input type="hidden" name="intent" value="clone" />
        <Field
          label="Name of the clone"
          name="name"
          required
          autoFocus
          maxLength={40}
          defaultValue={`${name}-2`}
          autoComplete="off"
          className="min-w-0 flex-1 basis-60"
        />
        <Button look="primary" busy={busy}>
          Clone
        </Button>
        {cancel}
      </Form>
    </ConfirmPanel>
  );
}

function DeleteQuestion({ name, busy }: { name: string; busy: boolean }) {
  return (
    <ConfirmPanel title={`Delete ${name}?`} danger>
      <p className="text-ink-2">
        Its containers, network, ports and routes go. Its history stays, and it can be restored until retention ends.
      </p>
      <Form method="post" action="?index" className="flex flex-wrap items-end gap-2">
        <input type="hidden" name="intent" value="delete" />
        <input type="hidden" name="expected" value={name} />
        <Field
          label={`Type ${name} to confirm`}
          name="confirm"
          required
          autoFocus
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          className="min-w-0 flex-1 basis-60"
        />
        <Button look="danger" busy={busy}>
          Delete
        </Button>
        {cancel}
      </Form>
    </ConfirmPanel>
  );
}
