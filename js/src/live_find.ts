import type { Connection } from "./connection.js";
import { failure, toJSON, type EngineFailure } from "./engine.js";
import { asGouchError, badRequest, type GouchError } from "./error.js";
import { checkOptions, checkSignal } from "./options.js";
import { patternsAsText } from "./queries.js";
import type { FindRequest } from "./query_types.js";
import type { Abortable } from "./types.js";

/** What is looked for, in the words of a find. Without a limit everything is found; without a sort it comes in the order of ids. */
export type LiveFindRequest<Content extends object> = Pick<FindRequest<Content>, "selector" | "fields" | "sort" | "limit" | "skip" | "use_index" | "conflicts"> & Abortable;

/**
 * One step from one result to the next: `from` and `to` are indexes before and after it. Who takes the steps in their order, removing the document at `from` and inserting it
 * at `to`, has the new result.
 */
export type LiveChange<Doc extends object> =
  | { type: "added"; id: string; to: number; doc: Doc }
  | { type: "changed" | "moved"; id: string; from: number; to: number; doc: Doc }
  | { type: "removed"; id: string; from: number };

/** What has become of a result. */
export interface LiveUpdate<Doc extends object> {
  /** The first one, which adds everything that was there, and comes even when that is nothing. */
  initial: boolean;
  changes: LiveChange<Doc>[];
  /**
   * Why the database, a remote one mostly, cannot be asked for now: until it can, the result stays as it is after these changes. It is told once; the next update, which may have no
   * changes, comes when the database has answered again.
   */
  error?: GouchError;
}

/**
 * The result of a find that is kept as a find would answer now: call a function with every update, loop over the updates, or look at `result`.
 *
 * It goes on until it is cancelled, its signal is aborted, its loop is left or the database is closed. When a remote database cannot be reached for a while, it tells so once, in
 * `error` of an update, and tries again.
 *
 * @example
 * ```ts
 * const open = db.liveFind({ selector: { done: false }, sort: ["due"], limit: 10 }, () => render(open.result));
 * await open.ready;
 * open.cancel();
 *
 * for await (const { changes } of db.liveFind({ selector: { done: false } })) console.log(changes);
 * ```
 */
export class LiveFind<Doc extends object> implements AsyncIterable<LiveUpdate<Doc>> {
  /** Resolves to the result as soon as there is one, and rejects when there never will be. */
  readonly ready: Promise<readonly Doc[]>;
  /** Resolves when it has been cancelled, and rejects when something has gone wrong. */
  readonly done: Promise<void>;

  readonly #result: Doc[] = [];
  readonly #abort = new AbortController();
  readonly #queues = new Set<Queue<LiveUpdate<Doc>>>();
  readonly #onChange: ((update: LiveUpdate<Doc>) => void) | undefined;
  #ids: string[] = [];
  #begun = false;
  #defect: GouchError | undefined; // the function that was given has thrown

  /** @internal */
  constructor(connection: Connection, request: object, onChange?: (update: LiveUpdate<Doc>) => void) {
    checkOptions("liveFind", request);
    const { signal, ...asked } = request as Abortable;
    checkSignal(signal);
    if (onChange !== undefined && typeof onChange !== "function") {
      throw badRequest("liveFind: onChange must be a function");
    }
    this.#onChange = onChange;
    const data = toJSON("liveFind", patternsAsText(asked));
    const forward = () => {
      this.cancel();
    };
    signal?.addEventListener("abort", forward);
    if (signal?.aborted) {
      forward();
    }
    let begun!: (result: readonly Doc[]) => void;
    const first = new Promise<readonly Doc[]>((resolve) => (begun = resolve));
    this.done = this.#run(connection, data, begun).finally(() => signal?.removeEventListener("abort", forward));
    const ended = this.done.then<readonly Doc[]>(() => this.#result); // cancelled before it began: nobody is left waiting
    this.ready = Promise.race([first, ended]);
    for (const promise of [this.done, this.ready, ended]) {
      promise.catch(() => {
        // Whoever waits for it is told.
      });
    }
  }

  /** The result as it is now. It changes with each update: copy it to keep it. */
  get result(): readonly Doc[] {
    return this.#result;
  }

  /** Ends it. The result stays as it was last. */
  cancel(): void {
    this.#abort.abort();
  }

  /** Whether it was cancelled. */
  get cancelled(): boolean {
    return this.#abort.signal.aborted;
  }

  /** Loops over the updates, from the result as it is now on. Leaving the loop ends the live query. */
  async *[Symbol.asyncIterator](): AsyncGenerator<LiveUpdate<Doc>, void, undefined> {
    const queue = new Queue<LiveUpdate<Doc>>();
    if (this.#begun) {
      const changes = this.#result.map((doc, to) => ({ type: "added" as const, id: this.#ids[to] ?? "", to, doc }));
      queue.add({ initial: true, changes });
    }
    this.#queues.add(queue);
    const end = () => {
      queue.end();
    };
    this.done.then(end, end);
    try {
      for (let update = await queue.next(); update; update = await queue.next()) {
        yield update;
      }
      await this.done;
    } finally {
      this.#queues.delete(queue);
      this.cancel();
    }
  }

  async #run(connection: Connection, data: string, begun: (result: readonly Doc[]) => void): Promise<void> {
    try {
      const db = await connection.handle();
      // The engine must not be called by a listener: it is told in a turn of its own.
      const read = ({ error, ...update }: Omit<LiveUpdate<Doc>, "error"> & { error?: EngineFailure }): LiveUpdate<Doc> => (error ? { ...update, error: failure(error) } : update);
      const onEvent = (event: unknown) => {
        queueMicrotask(() => {
          if (!this.cancelled) {
            this.#take(read(event as Parameters<typeof read>[0]));
            begun(this.#result);
          }
        });
      };
      await connection.callEngine("liveFind", { db }, { data, signal: this.#abort.signal, onEvent });
    } catch (error) {
      if (this.#defect) {
        throw this.#defect;
      }
      if (!this.cancelled && connection.isOpen) {
        throw asGouchError(error);
      }
      this.cancel(); // closing the database ends it
    }
  }

  #take(update: LiveUpdate<Doc>): void {
    for (const change of update.changes) {
      if (change.type !== "added") {
        this.#result.splice(change.from, 1);
        this.#ids.splice(change.from, 1);
      }
      if (change.type !== "removed") {
        this.#result.splice(change.to, 0, change.doc);
        this.#ids.splice(change.to, 0, change.id);
      }
    }
    this.#begun = true;
    for (const queue of this.#queues) {
      queue.add(update);
    }
    try {
      this.#onChange?.(update);
    } catch (error) {
      this.#defect = asGouchError(error);
      this.cancel();
    }
  }
}

// What has come and was not taken yet.
class Queue<Item> {
  #items: Item[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  add(item: Item): void {
    this.#items.push(item);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** Resolves to the next item, or at the end to undefined. */
  async next(): Promise<Item | undefined> {
    while (this.#items.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.#items.shift();
  }
}
