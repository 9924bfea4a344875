import type { Connection } from "./connection.js";
import { failure, type EngineFailure } from "./engine.js";
import { asGouchError, notImplemented, type GouchError } from "./error.js";
import { checkCount, checkOptions, checkSignal, pick, refuseLater } from "./options.js";
import { ThenableEmitter } from "./thenable.js";
import type { Denied, ReplicateOptions, ReplicationChange, ReplicationResult, StoredDocument } from "./types.js";

/** The events of a replication. */
export type ReplicationEvents<Content extends object> = {
  /** Documents were written. */
  change: [info: ReplicationChange<Content>];
  /** The target refused a document. It will not be tried again. */
  denied: [denied: Denied];
  /** The replication has begun. */
  active: [];
  /** The replication has ended, or was cancelled. */
  complete: [result: ReplicationResult];
  error: [error: GouchError];
};

/** A database that takes part, and whether it was opened for this replication alone. */
export interface Peer {
  connection: Connection;
  temporary: boolean;
}

interface EngineResult extends Omit<ReplicationResult, "errors"> {
  errors: EngineFailure[];
}

type EngineEvent<Content extends object> =
  | { type: "change"; result: EngineResult; docs: StoredDocument<Content>[] }
  | { type: "denied"; failure: EngineFailure };

/**
 * A replication on its way: a promise of its result, and an emitter of what happens.
 *
 * @example
 * ```ts
 * const result = await db.replicate.to("https://example.com/todo").on("change", ({ docs_written }) => console.log(docs_written));
 * ```
 */
export class Replication<Content extends object> extends ThenableEmitter<ReplicationEvents<Content>, ReplicationResult> {
  #last: ReplicationResult = {
    ok: true,
    start_time: new Date().toISOString(),
    docs_read: 0,
    docs_written: 0,
    doc_write_failures: 0,
    errors: [],
    last_seq: 0,
  };

  /** @internal */
  constructor(source: Peer, target: Peer, options: ReplicateOptions) {
    checkReplicateOptions(options);
    super(options.signal);
    queueMicrotask(() => {
      void this.#run(source, target, options);
    });
  }

  async #run(source: Peer, target: Peer, options: ReplicateOptions): Promise<void> {
    try {
      this.emit("active");
      const result = await this.#replicate(source.connection, target.connection, options);
      this.#complete({ ...result, status: "complete" });
    } catch (error) {
      if (this.cancelled) {
        this.#complete({ ...this.#last, end_time: new Date().toISOString(), status: "cancelled" });
      } else {
        this.#fail(asGouchError(error));
      }
    } finally {
      for (const { connection, temporary } of [source, target]) {
        if (temporary) {
          connection.close().catch(() => {
            // It has served; there is nobody to whom this matters.
          });
        }
      }
    }
  }

  async #replicate(source: Connection, target: Connection, options: ReplicateOptions): Promise<ReplicationResult> {
    const { checkpoint = true } = options;
    const request = {
      ...pick(options, ["doc_ids", "since", "style", "batch_size", "batches_limit", "retry"]),
      source: await source.handle(),
      target: await target.handle(),
      checkpoint: checkpoint === true ? "both" : checkpoint === false ? "none" : checkpoint,
      docs: this.listenerCount("change") > 0,
    };
    const answer = (await source.callEngine("replicate", request, {
      signal: this.abort.signal,
      onEvent: (event) => {
        this.#tell(event as EngineEvent<Content>);
      },
    })) as { result: EngineResult; failure?: EngineFailure };
    this.#last = resultOf(answer.result);
    if (answer.failure) {
      throw failure(answer.failure);
    }
    return this.#last;
  }

  // The engine must not be kept waiting, nor be called, by a listener: it is told in a turn of its own.
  #tell(event: EngineEvent<Content>): void {
    queueMicrotask(() => {
      if (this.cancelled) {
        return;
      }
      if (event.type === "denied") {
        this.emit("denied", { doc: failure(event.failure) });
        return;
      }
      this.#last = resultOf(event.result);
      this.emit("change", { ...this.#last, docs: event.docs });
    });
  }

  #complete(result: ReplicationResult): void {
    if (this.resolve(result)) {
      this.emit("complete", result);
      this.removeAllListeners();
    }
  }

  #fail(error: GouchError): void {
    const told = Object.assign(error, { result: { ...this.#last, ok: false, status: "aborting" as const } });
    if (this.reject(told)) {
      this.emit("error", told);
      this.removeAllListeners();
    }
  }
}

function resultOf(result: EngineResult): ReplicationResult {
  return { ...result, errors: result.errors.map(failure) };
}

/** Refuses options that cannot be. */
export function checkReplicateOptions(options: ReplicateOptions): void {
  checkOptions("replicate", options);
  if ((options as { live?: unknown }).live) {
    throw notImplemented("option `live`: this version replicates once and ends; start it again on changes");
  }
  refuseLater(options, ["filter", "view", "selector", "query_params"]);
  checkCount("batch_size", options.batch_size, 1);
  checkCount("batches_limit", options.batches_limit, 1);
  checkSignal(options.signal);
}
