/** The only place that talks to the engine: every call has a timeout, an abort signal and one meaning of errors. */
import { Agent } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { Readable } from 'node:stream';
import Docker from 'dockerode';
import { SdpError } from '#schema/errors';
import { aborted } from './abort.ts';

/** Newest API that this code was written against, and the oldest that has all it uses. */
const NEWEST_API = '1.47';
const OLDEST_API = '1.40';
/** Milliseconds for a call that should be immediate; an engine under load takes seconds. */
const CALL_TIMEOUT_MS = 30_000;

export interface EngineCall {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  path: string;
  query?: Record<string, unknown>;
  body?: object;
  /** A tar archive to send. */
  file?: Readable | Buffer;
  /** Statuses that count as success beside 200, 201 and 204, such as 304 "already so". */
  also?: readonly number[];
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
}

/** What the engine answered; the message is its own. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  constructor(
    readonly status: number | undefined,
    message: string,
  ) {
    super(message);
  }
}

export class EngineApi {
  private readonly docker: Docker;
  private version: Promise<string> | undefined;

  constructor(private readonly socket: string) {
    // A kept connection to an engine that restarted meanwhile would fail the next call.
    this.docker = new Docker({ socketPath: socket });
    modemOf(this.docker).agent = new Agent({ keepAlive: false });
  }

  /** @throws SdpError engine_failed when the engine is too old or does not answer. */
  negotiate(): Promise<string> {
    this.version ??= this.ask().catch((error: unknown) => {
      this.version = undefined;
      throw error;
    });
    return this.version;
  }

  /** Answers the parsed JSON body. @throws EngineError with the engine's status, or the signal's reason. */
  async json<T>(call: EngineCall): Promise<T> {
    await this.negotiate();
    return (await this.dial(call, false)) as T;
  }

  /** Answers the body as bytes. */
  async bytes(call: EngineCall): Promise<Buffer> {
    await this.negotiate();
    const timeoutMs = call.timeoutMs ?? CALL_TIMEOUT_MS;
    const stream = (await this.dial(call, true)) as Readable;
    const timer = setTimeout(() => stream.destroy(new EngineError(undefined, `no end within ${timeoutMs} ms`)), timeoutMs);
    try {
      return await buffer(stream);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Answers the open body; the caller destroys it. The timeout covers the time until it opens. */
  async stream(call: EngineCall & { hijack?: boolean }): Promise<Readable> {
    await this.negotiate();
    return (await this.dial(call, true)) as Readable;
  }

  private async ask(): Promise<string> {
    const answer = (await this.dial({ method: 'GET', path: '/version', timeoutMs: 10_000 }, false).catch((error: unknown) => {
      throw engineFailed(`The container engine at ${this.socket} does not answer`, error, 'Start it, or correct docker.socket in the agent\'s file.');
    })) as { ApiVersion?: string; MinAPIVersion?: string; Version?: string };
    const theirs = answer.ApiVersion ?? '0.0';
    if (compare(theirs, OLDEST_API) < 0 || compare(answer.MinAPIVersion ?? '0.0', NEWEST_API) > 0) {
      throw new SdpError(
        'engine_failed',
        `The container engine at ${this.socket} (${answer.Version}) speaks API ${answer.MinAPIVersion} to ${theirs}; ${OLDEST_API} to ${NEWEST_API} is needed.`,
        { hint: 'Install a Docker Engine between 19.03 and the newest tested, or upgrade SDP.' },
      );
    }
    const version = compare(theirs, NEWEST_API) < 0 ? theirs : NEWEST_API;
    modemOf(this.docker).version = `v${version}`;
    return version;
  }

  private dial(call: EngineCall & { hijack?: boolean }, isStream: boolean): Promise<unknown> {
    if (call.signal?.aborted) return Promise.reject(aborted(call.signal));
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      const onAbort = (): void => {
        finish(() => reject(aborted(call.signal)));
        controller.abort();
      };
      const timeoutMs = call.timeoutMs ?? CALL_TIMEOUT_MS;
      const timer = setTimeout(() => {
        finish(() => reject(new EngineError(undefined, `${call.method} ${call.path}: no answer within ${timeoutMs} ms`)));
        controller.abort();
      }, timeoutMs);
      let finished = false;
      const finish = (then: () => void): void => {
        if (finished) return;
        finished = true;
        clearTimeout(timer);
        // A stream lives on after its call; its owner destroys it.
        if (!isStream) call.signal?.removeEventListener('abort', onAbort);
        then();
      };
      call.signal?.addEventListener('abort', onAbort, { once: true });
      modemOf(this.docker).dial(
        {
          path: call.query ? `${call.path}?` : call.path,
          method: call.method,
          options: { _query: call.query ?? {}, _body: call.body ?? {} },
          ...(call.file ? { file: call.file } : {}),
          isStream,
          hijack: call.hijack ?? false,
          statusCodes: Object.fromEntries([200, 201, 204, ...(call.also ?? [])].map((status) => [status, true])),
          abortSignal: controller.signal,
        },
        (error, answer) => {
          if (error) finish(() => reject(toEngineError(error, call)));
          else finish(() => resolve(answer));
        },
      );
    });
  }
}

interface Modem {
  version?: string;
  agent?: Agent;
  dial(options: object, callback: (error: (Error & { statusCode?: number; json?: unknown }) | null, answer: unknown) => void): void;
}

/** dockerode publishes its transport as `modem`, typed `any`. */
function modemOf(docker: Docker): Modem {
  return docker.modem as Modem;
}

function toEngineError(error: Error & { statusCode?: number; json?: unknown }, call: EngineCall): EngineError {
  const json = error.json as { message?: unknown } | null | undefined;
  const message = typeof json?.message === 'string' ? json.message : error.message;
  return new EngineError(error.statusCode, `${call.method} ${call.path.split('?')[0]}: ${message}`);
}

/** HTTP status of what was thrown; undefined when the engine never answered, so the outcome is unknown. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof EngineError ? thrown.status : undefined;
}

/** Wraps what was thrown; an SdpError stays what it is. */
export function engineFailed(what: string, thrown: unknown, hint?: string): SdpError {
  if (thrown instanceof SdpError) return thrown;
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const full = /no space left on device/.test(why);
  return new SdpError(full ? 'disk_full' : 'engine_failed', `${what}: ${why}`, {
    hint: hint ?? (full ? 'Free disk space on the node; `sdp images` shows what can be pruned.' : 'Look at the engine\'s own log on the node.'),
    cause: thrown,
  });
}

function compare(left: string, right: string): number {
  const [a = 0, b = 0] = left.split('.').map(Number);
  const [c = 0, d = 0] = right.split('.').map(Number);
  return a - c || b - d;
}
