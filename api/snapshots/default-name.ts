import { MAX_SLUG } from '#schema/names';

/** `QA-LOGIN-ERROR-20260131-093000`: the sandbox, cut where it must be, and the time (UTC). */
export function defaultSnapshotName(sandbox: string, now: number): string {
  const stamp = new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-');
  const head = sandbox.slice(0, MAX_SLUG - stamp.length - 1).replace(/[^A-Za-z0-9]+$/, '');
  return `${head}-${stamp}`;
}
