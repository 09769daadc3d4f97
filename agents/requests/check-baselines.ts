/** Each baseline of the catalogue, checked from this node. */
import { SdpError } from '#schema/errors';
import type { BaselineCheck, DoctorCommand } from '#schema/wire/commands';
import type { Edge } from '../contract.ts';

/** Checks at once: a catalogue may have a hundred entries, and each may wait for a timeout. */
const AT_ONCE = 8;

/** In the order asked for. A check that cannot be made is a failed check; only a command that is over is an error. */
export async function checkBaselines(
  baselines: DoctorCommand['baselines'],
  edge: Pick<Edge, 'checkTarget'>,
  signal: AbortSignal,
): Promise<BaselineCheck[]> {
  const checks: BaselineCheck[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < baselines.length; index = next++) {
      signal.throwIfAborted();
      const baseline = baselines[index];
      if (baseline !== undefined) checks[index] = await check(baseline, edge, signal);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return checks;
}

async function check(
  { service, url, health }: DoctorCommand['baselines'][number],
  edge: Pick<Edge, 'checkTarget'>,
  signal: AbortSignal,
): Promise<BaselineCheck> {
  const started = performance.now();
  try {
    return { service, url, ...(await edge.checkTarget(url, health, signal)) };
  } catch (thrown) {
    signal.throwIfAborted();
    const message = SdpError.from(thrown).message;
    const durationMs = Math.round(performance.now() - started);
    return { service, url, ok: false, at: new Date().toISOString(), step: 'resolve', message, durationMs, addresses: [] };
  }
}
