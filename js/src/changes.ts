import type { Connection } from "./connection.js";
import { asGouchError, badRequest, type GouchError } from "./error.js";
import { checkFilter, filterRequest, predicateOf } from "./filters.js";
import { checkBoolean, checkCount, checkOptions, checkSignal, pick } from "./options.js";
import { ThenableEmitter } from "./thenable.js";
import type { AnyContent, Change, ChangesOptions, ChangesResult, Seq, StoredDocument } from "./types.js";

/** The events of a changes feed. */
export type ChangesEvents<Content extends object> = {
  /** A document has changed. The second argument is how many changes are still to come, the third where the feed is. */
  change: [change: Change<Content>, pending: number, lastSeq: Seq];
  /** The feed has ended: it came to its limit, or was cancelled. */
  complete: [result: ChangesResult<Content>];
  error: [error: GouchError];
};

interface Page<Content extends object> {
  results: Change<Content>[];
  last_seq: Seq;
  pending: number;
}

// One wait of a live feed. Local databases tell of changes by themselves; of a remote one a lost connection has to be noticed.
const LOCAL_WAIT = 3_600_000;
const REMOTE_WAIT = 60_000;
const REMOTE_HEARTBEAT = 10_000;
const BATCH = 500;

/**
 * A reading of the changes feed: a promise of all changes, an emitter of each, or something to loop over.
 *
 * The events and the promise read the feed once, together. A loop reads it for itself, in batches, as fast as its body is; leaving it
 * ends the reading.
 *
 * @example
 * ```ts
 * const { results } = await db.changes({ since: 0 });
 *
 * const feed = db.changes({ live: true, since: "now" }).on("change", ({ id }) => console.log(id));
 * feed.cancel();
 *
 * for await (const change of db.changes({ live: true, include_docs: true })) console.log(change.doc);
 * ```
 */
export class Changes<Content extends object> extends ThenableEmitter<ChangesEvents<Content>, ChangesResult<Content>> implements AsyncIterable<Change<Content>> {
  readonly #connection: Connection;
  readonly #options: ChangesOptions;
  #iterated = false;

  /** @internal */
  constructor(connection: Connection, options: ChangesOptions) {
    checkChangesOptions(options);
    super(options.signal);
    this.#connection = connection;
    this.#options = options;
    // Listeners come first, and a loop in place of the events.
    queueMicrotask(() => {
      if (!this.#iterated) {
        void this.#run();
      }
    });
  }

  /** Loops over the changes. Cancelling the feed, or aborting its signal, ends the loop. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Change<Content>, void, undefined> {
    this.#iterated = true;
    let last: Seq = this.#options.since ?? 0;
    try {
      for await (const page of this.#pages(this.#options.batch_size ?? BATCH)) {
        last = page.last_seq;
        yield* page.results;
      }
      this.#complete([], last);
    } catch (error) {
      this.#fail(asGouchError(error));
      throw error;
    } finally {
      this.cancel();
      this.#complete([], last); // when the loop was left; otherwise it has been told already
    }
  }

  async #run(): Promise<void> {
    const { live = false, return_docs: collect = !live, since = 0 } = this.#options;
    const results: Change<Content>[] = [];
    let last: Seq = since;
    try {
      for await (const page of this.#pages(live ? (this.#options.batch_size ?? BATCH) : undefined)) {
        last = page.last_seq;
        let pending = page.pending + page.results.length;
        for (const change of page.results) {
          if (this.cancelled) {
            break;
          }
          pending--;
          if (collect) {
            results.push(change);
          }
          this.emit("change", change, pending, change.seq);
        }
      }
      this.#complete(results, last);
    } catch (error) {
      this.#fail(asGouchError(error));
    }
  }

  #complete(results: Change<Content>[], last: Seq): void {
    const result: ChangesResult<Content> = { results, last_seq: last, ...(this.cancelled ? { status: "cancelled" } : {}) };
    if (this.resolve(result)) {
      this.emit("complete", result);
      this.removeAllListeners();
    }
  }

  #fail(error: GouchError): void {
    if (this.reject(error)) {
      this.emit("error", error);
      this.removeAllListeners();
    }
  }

  // Reads the feed page by page until it ends or is cancelled; without a batch size, all of it in one page.
  async *#pages(batch: number | undefined): AsyncGenerator<Page<Content>, void, undefined> {
    const { live = false, descending = false, limit } = this.#options;
    const request: Record<string, unknown> = {
      ...pick(this.#options, ["since", "descending", "include_docs", "conflicts", "attachments", "binary", "style", "seq_interval"]),
      ...filterRequest(this.#options),
      ...(live ? this.#waiting() : {}),
    };
    const passes = predicateOf(this.#options);
    if (passes && this.#options.include_docs !== true) {
      Object.assign(request, { include_docs: true, attachments: false, conflicts: false });
    }
    // CouchDB and PouchDB both take a limit of 0 for 1.
    let left = typeof limit === "number" ? Math.max(limit, 1) : Infinity;
    const size = descending ? Infinity : (batch ?? (passes && limit !== undefined ? BATCH : Infinity)); // a descending feed cannot go on from a position
    while (left > 0 && !this.cancelled) {
      const count = passes ? size : Math.min(left, size);
      const page = await this.#page({ ...request, ...(count === Infinity ? {} : { limit: count }) });
      if (!page) {
        return;
      }
      const found = page.results.length;
      const chosen = passes ? this.#chosen(page, passes, left) : page;
      if (chosen.results.length > 0 || !passes) {
        yield chosen;
      }
      left -= chosen.results.length;
      if (!live && (size === Infinity || found < count)) {
        if (chosen.results.length === 0 && passes) {
          yield chosen; // tells where the feed ends
        }
        return;
      }
      request.since = page.last_seq;
    }
  }

  // The part of a page that a function lets pass, up to a number of rows.
  #chosen(page: Page<Content>, passes: (doc: StoredDocument<AnyContent>) => boolean, most: number): Page<Content> {
    const results: Change<Content>[] = [];
    for (const [index, change] of page.results.entries()) {
      if (!passes(change.doc as StoredDocument<AnyContent>)) {
        continue;
      }
      if (this.#options.include_docs !== true) {
        delete change.doc;
      }
      if (results.push(change) === most) {
        return { results, last_seq: change.seq, pending: page.pending + page.results.length - 1 - index };
      }
    }
    return { ...page, results };
  }

  async #page(request: object): Promise<Page<Content> | undefined> {
    try {
      return (await this.#connection.call("changes", request, { signal: this.abort.signal })) as Page<Content>;
    } catch (error) {
      if (!this.cancelled && this.#connection.isOpen) {
        throw error;
      }
      this.cancel(); // closing the database ends its feeds
      return undefined;
    }
  }

  #waiting(): { wait: number; heartbeat?: number } {
    const { timeout, heartbeat } = this.#options;
    if (this.#connection.address.adapter !== "http") {
      return { wait: LOCAL_WAIT };
    }
    return {
      wait: typeof timeout === "number" ? timeout : REMOTE_WAIT,
      ...(heartbeat === false ? {} : { heartbeat: typeof heartbeat === "number" ? heartbeat : REMOTE_HEARTBEAT }),
    };
  }
}

function checkChangesOptions(options: ChangesOptions): void {
  checkOptions("changes", options);
  checkFilter(options);
  const { live, descending, heartbeat } = options;
  checkBoolean("live", live);
  if (live && descending) {
    throw badRequest("option `descending` cannot go together with `live`");
  }
  if (heartbeat !== undefined && typeof heartbeat !== "boolean") {
    checkCount("heartbeat", heartbeat, 1);
  }
  if (options.limit !== false) {
    checkCount("limit", options.limit, 0);
  }
  checkCount("seq_interval", options.seq_interval, 1);
  if (options.timeout !== false) {
    checkCount("timeout", options.timeout, 1);
  }
  checkCount("batch_size", options.batch_size, 1);
  checkSignal(options.signal);
}
