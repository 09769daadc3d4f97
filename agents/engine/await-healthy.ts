/** Waits until a started container serves, ends, or has had its time. */
import { SdpError } from '#schema/errors';
import type { ContainerSpec } from '#schema/wire/commands';
import { pause } from './abort.ts';
import type { ContainerDetail, EngineContext } from './context.ts';
import { probe } from './health.ts';
import { addressOf, inspect } from './observe.ts';

/** Milliseconds between the first two checks; each pause is half as long again, up to the longest. */
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 500;

/**
 * Answers the container as it was when it passed.
 * @throws SdpError container_exited (with its last output), health_check_failed after `startSeconds`, or the abort's reason
 */
export async function awaitHealthy(
  context: EngineContext,
  id: string,
  spec: Pick<ContainerSpec, 'name' | 'port' | 'health' | 'startSeconds' | 'memoryBytes'>,
  output: () => Promise<string>,
  signal: AbortSignal,
): Promise<ContainerDetail> {
  const end = Date.now() + spec.startSeconds * 1_000;
  let why = 'it was never checked';
  let restarts: number | undefined;
  for (let wait = FIRST_PAUSE_MS; ; wait = Math.min(wait * 1.5, LONGEST_PAUSE_MS)) {
    const detail = await inspect(context, id, signal);
    if (!detail) {
      throw new SdpError('container_exited', `Container ${spec.name} was removed by somebody while it started.`);
    }
    restarts ??= detail.RestartCount;
    if (detail.State.Status !== 'running' || detail.RestartCount > restarts) {
      throw await exited(detail, spec, output);
    }
    const address = addressOf(detail);
    if (address === undefined) {
      why = 'it has no address yet';
    } else {
      const left = Math.max(1, Math.min(2_000, end - Date.now()));
      const target = { address, port: spec.port, ...(spec.health === undefined ? {} : { path: spec.health }) };
      const failure = await probe(target, left);
      if (failure === undefined) return detail;
      why = failure;
    }
    if (Date.now() + wait > end) {
      const last = await output();
      throw new SdpError(
        'health_check_failed',
        `Container ${spec.name} was not healthy within ${spec.startSeconds} s: ${why}.${last === '' ? ' It printed nothing.' : ` Its last output:\n${last}`}`,
        { hint: `Does it listen on 0.0.0.0:${spec.port}${spec.health === undefined ? '' : ` and answer ${spec.health}`}? PORT tells it the port.` },
      );
    }
    await pause(wait, signal);
  }
}

async function exited(
  detail: ContainerDetail,
  spec: Pick<ContainerSpec, 'name' | 'memoryBytes'>,
  output: () => Promise<string>,
): Promise<SdpError> {
  const { State } = detail;
  const how = State.OOMKilled
    ? `was killed for using more than its ${Math.round((spec.memoryBytes ?? 0) / 2 ** 20)} MiB of memory`
    : detail.RestartCount > 0 && State.Status === 'running'
      ? 'ended and was restarted by the engine'
      : `ended with exit code ${State.ExitCode}`;
  const error = State.Error === '' ? '' : ` (${State.Error})`;
  const last = await output();
  return new SdpError(
    'container_exited',
    `Container ${spec.name} ${how}${error} before it was healthy.${last === '' ? ' It printed nothing.' : ` Its last output:\n${last}`}`,
    { hint: State.OOMKilled ? 'Raise the memory limit of the service.' : 'Correct the service or its variables, then deploy it again.' },
  );
}
