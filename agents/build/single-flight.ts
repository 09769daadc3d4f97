/** One piece of work for all who ask for the same at the same time; each hears of it from its beginning. */
import type { Reporter } from '../contract.ts';
import { SdpError } from '#schema/errors';

/** What a late listener is told of the past (calls). */
const MAX_HISTORY = 2_000;

interface Flight<T> {
  listeners: Set<Reporter>;
  history: ((reporter: Reporter) => void)[];
  abort: AbortController;
  result: Promise<T>;
}

export interface SingleFlight<T> {
  /** Begins `work`, or joins it. Work that nobody waits for any more is aborted. */
  join(
    key: string,
    reporter: Reporter,
    signal: AbortSignal,
    work: (all: Reporter, signal: AbortSignal) => Promise<T>,
  ): Promise<T>;
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const flights = new Map<string, Flight<T>>();

  function begin(key: string, work: (all: Reporter, signal: AbortSignal) => Promise<T>): Flight<T> {
    const listeners = new Set<Reporter>();
    const history: Flight<T>['history'] = [];
    const abort = new AbortController();
    const tell = (call: (reporter: Reporter) => void): void => {
      if (history.length < MAX_HISTORY) history.push(call);
      for (const each of listeners) call(each);
    };
    const all: Reporter = {
      event: (event, more) => tell((reporter) => reporter.event(event, more)),
      log: (phase, text) => tell((reporter) => reporter.log(phase, text)),
    };
    // Begins after this turn, so that whoever asked is listening by then.
    const result = Promise.resolve().then(() => work(all, abort.signal));
    const flight = { listeners, history, abort, result };
    flights.set(key, flight);
    const forget = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    result.then(forget, forget);
    return flight;
  }

  return {
    join(key, reporter, signal, work) {
      const cancelled = (): SdpError =>
        signal.reason instanceof SdpError ? signal.reason : new SdpError('cancelled', 'The build was cancelled.');
      if (signal.aborted) return Promise.reject(cancelled());
      const flight = flights.get(key) ?? begin(key, work);
      for (const call of flight.history) call(reporter);
      flight.listeners.add(reporter);
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          signal.removeEventListener('abort', onAbort);
          flight.listeners.delete(reporter);
        };
        const onAbort = (): void => {
          leave();
          if (flight.listeners.size > 0) return reject(cancelled());
          // The last one: no newcomer joins what is ending, and it has ended when this rejects.
          if (flights.get(key) === flight) flights.delete(key);
          flight.abort.abort(cancelled());
          const done = (): void => reject(cancelled());
          flight.result.then(done, done);
        };
        signal.addEventListener('abort', onAbort, { once: true });
        flight.result.then(
          (value) => (leave(), resolve(value)),
          (error: unknown) => (leave(), reject(signal.aborted ? cancelled() : (error as Error))),
        );
      });
    },
  };
}
