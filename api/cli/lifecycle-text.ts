/** When a sandbox expires, as a line for people. */
import { durationWords, utcMinute } from '#schema/duration';
import type { LifecycleView } from '#schema/http';
import type { SandboxStatus } from '#schema/status';

/** `in 3d`, or `now` when the time has come. @param iso a moment @param now milliseconds */
export function inWords(iso: string, now: number): string {
  const ms = Date.parse(iso) - now;
  return ms < 1_000 ? 'now' : `in ${durationWords(ms).split(' ')[0] ?? ''}`;
}

const USED_BY = { edit: 'edited', deployment: 'deployed', request: 'called' } as const;

export function lifecycleLine(view: LifecycleView, name: string, now: number): string {
  const used = `last ${USED_BY[view.activeBy]} ${utcMinute(view.activeAt)}`;
  switch (view.state) {
    case 'kept':
      return `kept by ${view.keptBy ?? 'somebody'}: it never expires (${used})`;
    case 'unlimited':
      return `never expires (${used})`;
    case 'used':
      return `expires ${view.expiresAt === undefined ? 'never' : `${utcMinute(view.expiresAt)} unless it is used (${used})`}`;
    case 'warned':
      return `expires ${inWords(view.expiresAt ?? '', now)}, at ${utcMinute(view.expiresAt ?? '')} (${used}): \`sdp extend ${name}\` or \`sdp keep ${name}\``;
    case 'expired': {
      const end = view.keptBy !== undefined ? `kept by ${view.keptBy}` : view.deletesAt === undefined ? 'not deleted by itself' : `deleted ${inWords(view.deletesAt, now)}, at ${utcMinute(view.deletesAt)}`;
      return `expired ${utcMinute(view.expiredAt ?? '')} (${used}), ${end}: \`sdp resume ${name}\``;
    }
  }
}

/** For a column of a list: empty where nothing is about to happen. */
export function expiryWord(status: SandboxStatus | undefined, now: number): string {
  const { expiry } = status ?? {};
  if (expiry === undefined) return '';
  if (expiry.state === 'warned') return `expires ${inWords(expiry.expiresAt ?? '', now)}`;
  return expiry.deletesAt === undefined ? 'expired' : `expired, deleted ${inWords(expiry.deletesAt, now)}`;
}
