/** Commands in flight: at most one per key of a sandbox. Nobody waits for them; their end is an event. */
import { SdpError } from '#schema/errors';
import type { Command, CommandResultOf } from '#schema/wire/commands';
import type { Fleet } from '../contract.ts';
import type { Step } from '../model.ts';

/** Time over the deadline after which an answer is no longer awaited. */
const GRACE_MS = 10_000;

export interface Flight {
  uid: string;
  step: Step;
  command: Command;
  node: string;
  deploymentId: string;
  cancelled: boolean;
  /** Its answer is there and is being taken in. */
  landed?: boolean;
}

export type FlightEnd = { ok: true; value: CommandResultOf[Command['type']] } | { ok: false; error: SdpError };

export class Dispatcher {
  readonly #fleet: Fleet;
  readonly #ended: (flight: Flight, end: FlightEnd) => Promise<void>;
  readonly #freed: (uid: string) => void;
  readonly #flights = new Map<string, Map<string, Flight>>();

  /**
   * @param ended does what an end calls for in the store; it never throws
   * @param freed told when the key is free again: time to look anew
   */
  constructor(fleet: Fleet, ended: (flight: Flight, end: FlightEnd) => Promise<void>, freed: (uid: string) => void) {
    this.#fleet = fleet;
    this.#ended = ended;
    this.#freed = freed;
  }

  of(uid: string): ReadonlyMap<string, Flight> {
    return this.#flights.get(uid) ?? new Map();
  }

  /** Sends, unless something with the same key is in flight. Answers whether it did; `landed` resolves at its end. */
  send(flight: Flight): { landed: Promise<FlightEnd> } | undefined {
    const flights = this.#flights.get(flight.uid) ?? new Map<string, Flight>();
    if (flights.has(flight.step.key)) return undefined;
    flights.set(flight.step.key, flight);
    this.#flights.set(flight.uid, flights);
    return { landed: this.#follow(flight) };
  }

  cancel(flight: Flight, reason: string): void {
    if (flight.cancelled || flight.landed) return;
    flight.cancelled = true;
    this.#fleet.cancel(flight.node, flight.command.id, reason);
  }

  async #follow(flight: Flight): Promise<FlightEnd> {
    const end = await this.#answer(flight);
    flight.landed = true;
    try {
      await this.#ended(flight, end);
    } finally {
      const flights = this.#flights.get(flight.uid);
      flights?.delete(flight.step.key);
      if (flights?.size === 0) this.#flights.delete(flight.uid);
      this.#freed(flight.uid);
    }
    return end;
  }

  async #answer({ node, command }: Flight): Promise<FlightEnd> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      const rest = Date.parse(command.deadline) + GRACE_MS - Date.now();
      timer = setTimeout(() => {
        reject(new SdpError('deadline_exceeded', `${node} did not answer ${command.type} in time.`));
      }, Math.max(0, rest));
      timer.unref();
    });
    try {
      return { ok: true, value: await Promise.race([this.#fleet.send(node, command), late]) };
    } catch (error) {
      return { ok: false, error: SdpError.from(error) };
    } finally {
      clearTimeout(timer);
    }
  }
}
