import type { CallExtras, Engine } from "./engine.js";
import { GouchError } from "./error.js";
import { currentHost, getEngine, type Place } from "./host.js";
import { drainWhenLeaving, hidden } from "./leaving.js";
import type { Address } from "./name.js";
import { listen } from "./questions.js";

/** What is asked of a closed or destroyed database. */
function closed(state: string): GouchError {
  return new GouchError({ status: 412, name: "closed", reason: `database is ${state}` });
}

/** An opening of a database in the engine. Calls may come at once; they wait until it is open. */
export class Connection {
  address: Address;
  readonly #revsLimit: number | undefined;
  #opening: Promise<Engine> | undefined;
  #engine: Engine | undefined;
  #handle = 0;
  #state: "open" | "closed" | "destroyed" = "open";
  #stay: () => void;
  readonly #abandoned = new AbortController();

  constructor(address: Address, revsLimit?: number) {
    this.address = address;
    this.#revsLimit = revsLimit;
    this.#stay = address.adapter === "indexeddb" ? drainWhenLeaving() : () => undefined;
    this.#ready().catch(() => {
      // Whoever uses the database is told.
    });
  }

  // Opens the database unless it is open. The first use after a failure tries again: the network may be back.
  #ready(): Promise<Engine> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async #open(): Promise<Engine> {
    try {
      await Promise.resolve(); // whoever has made it may still move it
      const { shown, place, ...address } = this.address;
      const engine = await getEngine(place);
      if (address.adapter === "peer" || address.fetch !== undefined) {
        listen(engine);
      }
      const handle = (await engine.call("open", 0, address, { signal: this.#abandoned.signal })) as number;
      if (hidden()) {
        engine.call("leave", 0, {}).catch(() => undefined); // at once; who flushes or closes is told of failures
      }
      const limit = this.#revsLimit;
      // Setting what is set already would be a write, for which there may be no room.
      if (limit !== undefined && (await engine.call("revsLimit", handle, {})) !== limit) {
        await engine.call("revsLimit", handle, { revs_limit: limit }).catch(async (error: unknown) => {
          await engine.call("close", 0, { db: handle });
          throw error;
        });
      }
      this.#handle = handle;
      this.#engine = engine;
      this.#stay = currentHost().opened?.(this) ?? this.#stay;
      return engine;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }

  /** Has it opened in another engine. Only in the turn that it was made in. */
  moveTo(place: Place): void {
    const { place: _, ...address } = this.address;
    this.address = place === "here" ? address : { ...address, place };
  }

  /** Waits until the database is open, and gives its handle. */
  async handle(): Promise<number> {
    this.#check();
    await this.#ready();
    return this.#handle;
  }

  /** False once it was closed or destroyed. */
  get isOpen(): boolean {
    return this.#state === "open";
  }

  #check(): void {
    if (this.#state !== "open") {
      throw closed(this.#state);
    }
  }

  /** Runs an operation on the database; see {@link Engine.call}. */
  call(operation: string, options: object, extras?: CallExtras): Promise<unknown> {
    if (this.#state !== "open") {
      return Promise.reject(closed(this.#state));
    }
    if (this.#engine) {
      return this.#engine.call(operation, this.#handle, options, extras);
    }
    return this.#callLater(operation, options, extras);
  }

  // What waits for the opening is let through even when the database has been closed since: it was asked for before.
  async #callLater(operation: string, options: object, extras?: CallExtras): Promise<unknown> {
    const engine = await this.#ready();
    return engine.call(operation, this.#handle, options, extras);
  }

  /** Runs an operation that concerns several databases. */
  async callEngine(operation: string, options: object, extras?: CallExtras): Promise<unknown> {
    this.#check();
    const engine = await this.#ready();
    return engine.call(operation, 0, options, extras);
  }

  /**
   * Ends all that is going on and gives the handle back. Closing twice does no harm. What nobody else uses can be abandoned: then a server that does not answer is
   * not waited for, to open it first.
   */
  async close(abandon = false): Promise<void> {
    if (this.#state !== "open") {
      return;
    }
    this.#state = "closed";
    if (abandon) {
      this.#abandoned.abort();
    }
    try {
      const engine = await this.#opening?.catch(() => undefined); // what could not be opened is closed
      await engine?.call("close", 0, { db: this.#handle });
    } finally {
      this.#stay();
    }
  }

  /** Removes the database with its data. */
  async destroy(): Promise<void> {
    this.#check();
    const engine = await this.#ready();
    this.#state = "destroyed";
    this.#stay();
    await engine.call("destroy", 0, { db: this.#handle });
  }
}
