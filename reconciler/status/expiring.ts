/** Whether a sandbox is about to be suspended or deleted because nobody uses it, and what to do against it. Pure. */
import { durationWords, utcMinute } from '#schema/duration';
import { NO_EXPIRY, policyOf } from '../lifecycle/policy.ts';
import { lifecycleView } from '../lifecycle/view.ts';
import type { Finding } from './conditions.ts';
import type { StatusInput } from './status.ts';

export function expiring({ inputs, expiry = NO_EXPIRY }: Pick<StatusInput, 'inputs' | 'expiry'>): Finding {
  const type = 'Expiring';
  const { spec, metadata } = inputs.sandbox;
  const policy = policyOf(spec, expiry);
  const { lifecycle } = inputs;
  const used = (): Finding => {
    if (policy.afterMs === undefined) return { type, status: 'False', reason: 'Never', message: 'It never expires.' };
    const message = `It expires after ${durationWords(policy.afterMs)} without edits, deployments and requests to its gateway.`;
    return { type, status: 'False', reason: 'InUse', message };
  };
  if (lifecycle === undefined) return used();
  const { state, activeAt, expiresAt, deletesAt, keptBy } = lifecycleView(lifecycle, policy);
  const unused = `Nobody has used it since ${utcMinute(activeAt)}`;
  switch (state) {
    case 'used':
    case 'unlimited':
      return used();
    case 'kept':
      return { type, status: 'False', reason: 'Kept', message: `${keptBy ?? 'Somebody'} keeps it: it does not expire. \`sdp keep ${metadata.name} --off\` ends that.` };
    case 'warned':
      return {
        type,
        status: 'True',
        reason: 'Warned',
        message: `${unused}: at ${expiresAt ?? 'an unknown time'} it expires, and its containers stop. Use it, or run \`sdp extend ${metadata.name}\` or \`sdp keep ${metadata.name}\`.`,
      };
    case 'expired': {
      const end = keptBy !== undefined ? `${keptBy} keeps it, so it is not deleted.` : deletesAt === undefined ? 'It is not deleted by itself.' : `At ${deletesAt} it is deleted; \`sdp keep ${metadata.name}\` prevents that.`;
      return { type, status: 'True', reason: 'Expired', message: `${unused}, so it expired and was suspended. \`sdp resume ${metadata.name}\` brings it back. ${end}` };
    }
  }
}
