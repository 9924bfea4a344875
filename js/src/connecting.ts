import type { Connection } from "./connection.js";
import { asGouchError, badRequest, type GouchError } from "./error.js";
import type { ReplicateOptions } from "./types.js";
import { onWake } from "./wake.js";

const FIRST = 500; // milliseconds
const LAST = 30_000;

/** Opens the databases of a replication. One that is live and retries waits for a server that is not there yet. */
export class Connecting {
  readonly #options: ReplicateOptions;
  readonly #signal: AbortSignal;
  readonly #onPause: (error: GouchError) => void;
  #delay = 0;

  constructor(options: ReplicateOptions, signal: AbortSignal, onPause: (error: GouchError) => void) {
    this.#options = options;
    this.#signal = signal;
    this.#onPause = onPause;
  }

  /** The handle of a database, once it is open. */
  async handle(connection: Connection): Promise<number> {
    for (;;) {
      this.#signal.throwIfAborted();
      try {
        return await this.#orAborted(connection.handle());
      } catch (caught) {
        const error = asGouchError(caught);
        const remote = connection.isOpen && connection.address.adapter === "http";
        if (!(this.#options.live && this.#options.retry && remote && mayPass(error)) || this.#signal.aborted) {
          throw error;
        }
        const waited = this.#wait(this.#next());
        this.#onPause(error);
        await waited;
      }
    }
  }

  // Opening goes on when it is no longer waited for: others may use the database too.
  async #orAborted<Result>(promise: Promise<Result>): Promise<Result> {
    let abort!: () => void;
    const aborted = new Promise<never>((_, reject) => {
      abort = () => {
        reject(asGouchError(this.#signal.reason));
      };
      this.#signal.addEventListener("abort", abort);
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      this.#signal.removeEventListener("abort", abort);
    }
  }

  #next(): number {
    const { back_off_function: backOff } = this.#options;
    this.#delay = backOff ? delayOf(backOff, this.#delay) : Math.min(Math.max(this.#delay * 2, FIRST), LAST);
    return backOff ? this.#delay : this.#delay * (0.5 + Math.random() / 2);
  }

  // Waits, until the network may be back at the longest.
  #wait(delay: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        ignore();
        this.#signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, delay);
      const ignore = onWake(done);
      this.#signal.addEventListener("abort", done);
    });
  }
}

/** Asks the caller how long to wait, in milliseconds, after the last wait. Timers know no longer ones than these. */
export function delayOf(backOff: (delay: number) => number, before: number): number {
  const delay = backOff(before);
  if (!(delay >= 0)) {
    throw badRequest("`back_off_function` must return a number of milliseconds");
  }
  return Math.min(Math.round(delay), 2 ** 31 - 1);
}

function mayPass({ status, name }: GouchError): boolean {
  return (name === "unreachable" || status === 408 || status === 429 || status >= 500) && name !== "not_couchdb" && !name.startsWith("engine");
}
