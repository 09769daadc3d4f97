/** Requests of a sandbox as they come, over lost connections and restarts of the server. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SdpError } from '#schema/errors';
import type { Page, RequestView } from '#schema/http';
import { slugOf } from '#schema/names';
import { isFor } from '#schema/wire/requests';
import type { ApiClient } from './client.ts';

/** Until the stream is opened anew, in milliseconds. */
const AGAIN_MS = 1_000;
/** All that a server keeps of one sandbox: what came while there was no connection is among it. */
const WHOLE_LIST = '500';

export interface FollowOptions {
  service?: string;
  /** How many of the past come first. */
  limit: string;
  /** Gets requests oldest first, some of them again. */
  show(requests: readonly RequestView[]): void;
  /** Gets what there is to say about the connection. */
  tell(line: string): void;
  signal?: AbortSignal;
}

/**
 * Until the signal aborts.
 * @throws SdpError unavailable when the first connection fails; whatever else a server answers, at any time
 */
export async function followRequests(client: ApiClient, name: string, options: FollowOptions): Promise<void> {
  const { service, show, tell, signal } = options;
  const path = `/sandboxes/${encodeURIComponent(name)}/requests`;
  const concerns = concerning(service);
  let connected = false;
  let problem: SdpError | undefined;
  const over = (): boolean => signal?.aborted === true;
  while (!over()) {
    const ended = new AbortController();
    let turn: Promise<void> = Promise.resolve();
    const list = async (limit: string): Promise<void> => {
      try {
        show((await client.get<Page<RequestView>>(path, { limit, service })).items.reverse());
      } catch (thrown) {
        problem = SdpError.from(thrown);
        ended.abort();
      }
    };
    try {
      await client.stream({ sandbox: slugOf(name), requests: true }, (message) => {
        if (message.type === 'hello') {
          const limit = connected ? WHOLE_LIST : options.limit;
          connected = true;
          turn = turn.then(() => list(limit));
        } else if (message.type === 'event' && message.event.type === 'requests') {
          const { requests, left } = message.event;
          turn = turn.then(() => {
            if (left > 0) tell(`${left} requests left out: more came at once than can be followed`);
            show(requests.filter(concerns));
          });
        }
      }, signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal]));
    } catch (thrown) {
      problem = SdpError.from(thrown);
    }
    await turn;
    if (problem !== undefined && (!connected || problem.code !== 'unavailable')) throw problem;
    problem = undefined;
    if (over()) return;
    tell('connection lost; trying again');
    await sleep(AGAIN_MS);
  }
}

function concerning(service: string | undefined): (request: RequestView) => boolean {
  if (service === undefined) return () => true;
  const slug = slugOf(service);
  return (request) => isFor(request, slug);
}
