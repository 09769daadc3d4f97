/** Follows the live stream while a page is open: one WebSocket, events in order, a gap asks the loader again. */
import { useEffect, useRef } from 'react';
import type { StreamEvent, StreamFilter } from '#schema/stream';
import { useConnection } from './connection.tsx';
import { StreamClient, type Socket } from './stream-client.ts';

interface Handlers {
  onEvent(event: StreamEvent): void;
  onGap(restarted: boolean): void;
}

function open(path: string): Socket {
  return new WebSocket(
    `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${path}`
  ) as unknown as Socket;
}

/** A stream that is refused looks like a lost one: an ended session leads to the login instead of waiting for ever. */
async function leaveWhenLoggedOut(): Promise<void> {
  const answer = await fetch('/api/v1/whoami').catch(() => undefined);
  if (answer?.status === 401) location.reload();
}

export function useStream(
  filter: Pick<StreamFilter, 'sandbox' | 'logs'>,
  since: number | undefined,
  handlers: Handlers
): void {
  const { report } = useConnection();
  const current = useRef(handlers);
  const client = useRef<StreamClient>();
  const first = useRef({ filter, since });
  const { sandbox, logs } = filter;

  useEffect(() => {
    current.current = handlers;
  });

  useEffect(() => {
    const stream = new StreamClient(
      {
        open,
        onEvent: (event) => current.current.onEvent(event),
        onGap: (restarted) => current.current.onGap(restarted),
        onConnection(connection) {
          report(connection);
          if (connection === 'lost') void leaveWhenLoggedOut();
        },
      },
      first.current.filter,
      first.current.since
    );
    client.current = stream;
    stream.start();
    const back = (): void => {
      if (document.visibilityState === 'visible') stream.retryNow();
    };
    document.addEventListener('visibilitychange', back);
    window.addEventListener('online', back);
    return () => {
      document.removeEventListener('visibilitychange', back);
      window.removeEventListener('online', back);
      stream.stop();
      report('connecting');
    };
  }, [report]);

  useEffect(() => {
    client.current?.follow({ ...(sandbox === undefined ? {} : { sandbox }), ...(logs === undefined ? {} : { logs }) });
  }, [sandbox, logs]);
}
