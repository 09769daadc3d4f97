/** The demo as benchmarks use it: with a logged-in person, and its containers without SDP. */
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { Platform } from '../../e2e/support/platform.ts';
import { login, statusOf } from '../../faults/support/helpers.ts';

export const SANDBOX = 'QA-LOGIN-ERROR';

/** Starts it and waits until the demo's sandbox is ready. */
export async function startDemo(name: string): Promise<Platform> {
  const platform = await Platform.create(name);
  await platform.start();
  await login(platform);
  await platform.ok(['deploy', SANDBOX, '--wait']);
  return platform;
}

export const engineOf = (platform: Platform): Docker => new Docker({ socketPath: platform.docker.socket });

/** The gateway's URL as this process, outside of the platform's network namespace, reaches it. */
export async function gatewayUrl(platform: Platform): Promise<string> {
  const { gateway } = await statusOf(platform, SANDBOX);
  return (gateway?.url ?? '').replace('127.0.0.1', platform.docker.address);
}

/** What a GET answers; undefined for a failure or a status of 400 or more. */
export async function answerOf(url: string): Promise<Record<string, unknown> | undefined> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000), headers: { connection: 'close' } });
    const text = await answer.text();
    return answer.ok ? (JSON.parse(text) as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Milliseconds until a GET is answered. One is sent every 10 ms, whatever became of those before: one to a container that
 * has just gone may hang for a second. @throws Error after 60 s
 */
export async function untilAnswered(url: string): Promise<number> {
  const began = performance.now();
  let answered = false;
  while (!answered) {
    if (performance.now() - began > 60_000) throw new Error(`${url} did not answer within a minute.`);
    void answerOf(url).then((answer) => (answered ||= answer !== undefined));
    await sleep(10);
  }
  return performance.now() - began;
}

/** Options of a container like the one that SDP made, without SDP: same image, variables and command; a port of its own. */
export async function likeIt(engine: Docker, name: string, hostPort: number, port: number, restart: 'no' | 'always'): Promise<Docker.ContainerCreateOptions> {
  const { Config, HostConfig } = await engine.getContainer(name).inspect();
  return {
    Image: Config.Image,
    ...(Config.Cmd === null ? {} : { Cmd: Config.Cmd }),
    Env: Config.Env,
    ExposedPorts: { [`${port}/tcp`]: {} },
    HostConfig: {
      PortBindings: { [`${port}/tcp`]: [{ HostPort: String(hostPort) }] },
      RestartPolicy: { Name: restart },
      Memory: HostConfig.Memory ?? 0,
      ReadonlyRootfs: HostConfig.ReadonlyRootfs ?? false,
    },
  };
}
