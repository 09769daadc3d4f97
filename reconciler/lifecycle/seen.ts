/** Whether people did something with a sandbox: told by what was written and not by clocks. Pure. */
import type { StoredDocument } from '#schema/documents';
import { SDP_USER } from '#schema/names';
import type { ActivityKind, Deployment, Lifecycle } from '#schema/records';

/** What SDP itself writes is no activity. */
export function seenOf(
  sandbox: StoredDocument<'Sandbox'>,
  route: StoredDocument<'Route'> | undefined,
  deployment: Pick<Deployment, 'id' | 'startedAt'> | undefined,
  former: Lifecycle | undefined,
): { seen: string; newest: { at: string; by: ActivityKind } } {
  const [known] = former?.seen.split(' ') ?? [];
  const own = sandbox.metadata.updatedBy === SDP_USER;
  const revision = own && known !== undefined ? known : String(sandbox.metadata.revision);
  const seen = [revision, route?.metadata.revision ?? '-', deployment?.id ?? '-'].join(' ');
  const edits = [...(own ? [sandbox.metadata.createdAt] : [sandbox.metadata.updatedAt]), ...(route === undefined ? [] : [route.metadata.updatedAt])];
  const edited = edits.reduce((a, b) => (a > b ? a : b));
  const deployed = deployment?.startedAt ?? '';
  return { seen, newest: deployed > edited ? { at: deployed, by: 'deployment' } : { at: edited, by: 'edit' } };
}
