import type { Conflict, ConflictsOptions } from "./additions/conflicts.js";
import { asGouchError, type GouchError } from "./error.js";
import { ThenableEmitter } from "./thenable.js";

/** The events of a list of conflicts. */
export type ConflictsEvents = {
  /** A document is in conflict, or is so with other revisions than before. */
  conflict: [conflict: Conflict];
  /** A document that was in conflict no longer is. */
  resolved: [id: string];
  complete: [conflicts: Conflict[]];
  error: [error: GouchError];
};

/**
 * The documents that are in conflict: a promise of a list, an emitter, or something to loop over. With `live` it goes on until it is cancelled or the database is
 * closed, and tells of a document without `conflicts` when it no longer is in conflict.
 *
 * @example
 * ```ts
 * for (const { id } of await db.conflicts()) console.log(id);
 *
 * const conflicts = db.conflicts({ live: true }).on("conflict", ({ id }) => ask(id)).on("resolved", (id) => forget(id));
 * conflicts.cancel();
 *
 * for await (const { id } of db.conflicts({ live: true })) await db.resolve(id, newest);
 * ```
 */
export class Conflicts extends ThenableEmitter<ConflictsEvents, Conflict[]> implements AsyncIterable<Conflict> {
  readonly #read: (signal: AbortSignal) => Promise<AsyncIterable<Conflict>>;
  readonly #found = new Map<string, Conflict>();
  #iterated = false;

  /** @internal */
  constructor({ signal }: ConflictsOptions, read: (signal: AbortSignal) => Promise<AsyncIterable<Conflict>>) {
    super(signal);
    this.#read = read;
    // Listeners come first, and a loop in place of the events.
    queueMicrotask(() => {
      if (!this.#iterated) {
        void this.#run();
      }
    });
  }

  /** Loops over the conflicts. Leaving the loop ends the list. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Conflict, void, undefined> {
    this.#iterated = true;
    try {
      for await (const conflict of await this.#read(this.abort.signal)) {
        this.#note(conflict);
        yield conflict;
      }
    } catch (error) {
      if (!this.cancelled) {
        this.#fail(error);
        throw error;
      }
    } finally {
      this.cancel();
      this.#complete();
    }
  }

  async #run(): Promise<void> {
    try {
      for await (const conflict of await this.#read(this.abort.signal)) {
        if (this.cancelled) {
          break;
        }
        if (this.#note(conflict)) {
          this.emit("conflict", conflict);
        } else {
          this.emit("resolved", conflict.id);
        }
      }
      this.#complete();
    } catch (error) {
      if (this.cancelled) {
        this.#complete();
      } else {
        this.#fail(error);
      }
    }
  }

  #note(conflict: Conflict): boolean {
    const is = conflict.conflicts.length > 0;
    if (is) {
      this.#found.set(conflict.id, conflict);
    } else {
      this.#found.delete(conflict.id);
    }
    return is;
  }

  #complete(): void {
    const found = [...this.#found.values()];
    if (this.resolve(found)) {
      this.emit("complete", found);
      this.removeAllListeners();
    }
  }

  #fail(error: unknown): void {
    const failure = asGouchError(error);
    if (this.reject(failure)) {
      this.emit("error", failure);
      this.removeAllListeners();
    }
  }
}
