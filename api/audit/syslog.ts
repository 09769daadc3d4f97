/** Sends audit entries to a syslog as they happen. The store has them all the same: nothing here keeps anybody waiting. */
import { hostname } from 'node:os';
import type { Logger } from '../http/logger.ts';
import { openSyslog, type SyslogConnection } from './syslog-connection.ts';
import { syslogMessage, type SentEntry } from './syslog-message.ts';
import type { SyslogTarget } from './syslog-target.ts';

/** Messages that wait for a connection; more are dropped and counted. */
const MOST_WAITING = 5_000;
/** Milliseconds until a lost connection is tried again, first and at most. */
const AGAIN_MS = 1_000;
const AGAIN_MOST_MS = 30_000;

export class Syslog {
  readonly #target: SyslogTarget;
  readonly #log: Logger;
  readonly #from = { host: hostname(), pid: process.pid };
  #waiting: string[] = [];
  #connection: SyslogConnection | undefined;
  #ready = false;
  #again: NodeJS.Timeout | undefined;
  #delay = AGAIN_MS;
  #closed = false;
  #untold = 0;
  /** Entries that never got there, as far as is known. */
  dropped = 0;

  constructor(target: SyslogTarget, log: Logger) {
    this.#target = target;
    this.#log = log;
    this.#open();
  }

  send(entry: SentEntry): void {
    if (this.#waiting.length >= MOST_WAITING) {
      this.#drop(1);
      return;
    }
    this.#waiting.push(syslogMessage(entry, this.#from));
    this.#flush();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#drop(this.#waiting.splice(0).length);
    this.#tell('the server stops');
    this.#connection?.close();
  }

  #open(): void {
    this.#again = undefined;
    this.#ready = false;
    const connection: SyslogConnection = openSyslog(this.#target, {
      ready: () => {
        this.#ready = true;
        this.#delay = AGAIN_MS;
        this.#tell('there were too many while it could not be reached');
        this.#flush();
      },
      lost: (why) => this.#lost(why),
    });
    this.#connection = connection;
  }

  #flush(): void {
    while (this.#ready && this.#connection !== undefined) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      if (!this.#connection.write(message)) this.#ready = false;
    }
  }

  #lost(why: string): void {
    if (this.#closed || this.#again !== undefined) return;
    this.#ready = false;
    this.#log.warn('syslog lost', { why, waiting: this.#waiting.length, dropped: this.dropped });
    this.#again = setTimeout(() => {
      this.#connection?.close();
      this.#open();
    }, this.#delay);
    this.#again.unref();
    this.#delay = Math.min(AGAIN_MOST_MS, this.#delay * 2);
  }

  #drop(count: number): void {
    if (this.#untold === 0 && count > 0) this.#log.warn('audit entries are not sent to the syslog', { waiting: this.#waiting.length });
    this.dropped += count;
    this.#untold += count;
  }

  #tell(why: string): void {
    if (this.#untold > 0) this.#log.warn('audit entries were not sent to the syslog', { dropped: this.#untold, why });
    this.#untold = 0;
  }
}
