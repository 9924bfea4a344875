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
  #iterated = false;

  /** @internal */
  constructor({ signal }: ConflictsOptions, read: (signal: AbortSignal) => Promise<AsyncIterable<Conflict>>) {
    super(signal);
    this.#read = read;
    // Listeners come first, and a loop in place of the events.
    queueMicrotask(() => {
      if (!this.#iterated) {
        this.#run().catch(() => {
          // The event and the promise tell.
        });
      }
    });
  }

  /** Loops over the conflicts. Leaving the loop ends the list. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Conflict, void, undefined> {
    this.#iterated = true;
    yield* this.#rows();
  }

  async #run(): Promise<void> {
    for await (const conflict of this.#rows()) {
      if (conflict.conflicts.length > 0) {
        this.emit("conflict", conflict);
      } else {
        this.emit("resolved", conflict.id);
      }
    }
  }

  // Whatever ends it, and whoever reads it, what there is then is told.
  async *#rows(): AsyncGenerator<Conflict, void, undefined> {
    const found = new Map<string, Conflict>();
    let failure: GouchError | undefined;
    try {
      for await (const conflict of await this.#read(this.abort.signal)) {
        if (this.cancelled) {
          return;
        }
        found.delete(conflict.id);
        if (conflict.conflicts.length > 0) {
          found.set(conflict.id, conflict);
        }
        yield conflict;
      }
    } catch (error) {
      if (!this.cancelled) {
        throw (failure = asGouchError(error));
      }
    } finally {
      const list = [...found.values()];
      if (failure) {
        this.reject(failure);
        this.emit("error", failure);
      } else if (this.resolve(list)) {
        this.emit("complete", list);
      }
      this.removeAllListeners();
    }
  }
}
