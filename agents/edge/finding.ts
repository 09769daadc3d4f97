/** What a check found, with the time that it took. */
import type { CheckStep, TargetCheck } from '#schema/wire/report';

export type Finding = (ok: boolean, step: CheckStep, message: string, status?: number) => TargetCheck;

/** Of a check that begins now. */
export function findingFromNow(): Finding {
  const began = Date.now();
  return (ok, step, message, status) => ({
    ok,
    at: new Date().toISOString(),
    step,
    message,
    ...(status === undefined ? {} : { status }),
    durationMs: Date.now() - began,
  });
}
