import { Connecting, delayOf } from "./connecting.js";
import type { Connection } from "./connection.js";
import { failure, type EngineFailure } from "./engine.js";
import { asError, asGouchError, badRequest, type GouchError } from "./error.js";
import { checkFilter, checkFilterName, filterRequest, predicateName, predicateOf } from "./filters.js";
import { inOneEngine, refresh, release } from "./one_engine.js";
import { checkBoolean, checkCount, checkOptions, checkSignal, pick } from "./options.js";
import type { Peer } from "./peer.js";
import { sharedName, shareLive } from "./shared_live.js";
import { ThenableEmitter } from "./thenable.js";
import type { AnyContent, ReplicateOptions, ReplicationChange, ReplicationResult, ReplicationState, ReplicationStatus, Seq, StoredDocument } from "./types.js";
import { onWake } from "./wake.js";

/** The events of a replication. */
export type ReplicationEvents<Content extends object> = {
  /** Documents were written. */
  change: [info: ReplicationChange<Content>];
  /** The target refused a document, which `error.docId` names. It will not be tried again. */
  denied: [error: GouchError];
  /** The replication has begun; a live one has connected, or goes on after a pause. */
  active: [];
  /** A live replication waits: for changes or, with an error, to try again. Another one tells it once, when everything has arrived. */
  paused: [error?: GouchError];
  /** Everything up to that position of the source has arrived, and both sides have noted it. */
  checkpoint: [info: { checkpoint: Seq }];
  /** The replication has ended, or was cancelled. */
  complete: [result: ReplicationResult];
  error: [error: GouchError];
};

interface EngineResult extends Omit<ReplicationResult, "errors"> {
  errors: EngineFailure[];
}

type EngineEvent<Content extends object> =
  | { type: "change"; result: EngineResult; pending: number; docs: StoredDocument<Content>[] }
  | { type: "denied"; failure: EngineFailure }
  | { type: "active" }
  | { type: "paused"; failure?: EngineFailure; result: EngineResult }
  | { type: "checkpoint"; seq: Seq }
  | Question;

type Question = { type: "question"; number: number } & ({ about: "filter"; docs: StoredDocument<AnyContent>[] } | { about: "back_off"; delay: number });

/**
 * A replication on its way: a promise of its result, and an emitter of what happens.
 *
 * @example
 * ```ts
 * const result = await db.replicate.to("https://example.com/todo").on("change", ({ docs_written }) => console.log(docs_written));
 *
 * const live = db.replicate.from("https://example.com/todo", { live: true, retry: true })
 *   .on("paused", (error) => console.log(error ? `offline: ${error.message}` : "up to date"));
 * live.cancel();
 * ```
 */
export class Replication<Content extends object> extends ThenableEmitter<ReplicationEvents<Content>, ReplicationResult> {
  #last: ReplicationResult = {
    ok: true,
    start_time: new Date().toISOString(),
    docs_read: 0,
    docs_written: 0,
    doc_write_failures: 0,
    bytes_read: 0,
    bytes_written: 0,
    errors: [],
    last_seq: 0,
  };
  #state: ReplicationState = "starting";
  #pending = 0;
  #error: GouchError | undefined;
  #defect: GouchError | undefined; // a function of the caller's has thrown
  #told: Promise<void> = Promise.resolve(); // what happened where the caller's own engine does not see it at once

  /** @internal */
  constructor(source: Peer, target: Peer, options: ReplicateOptions) {
    checkReplicateOptions(options);
    super(options.signal);
    const peers = inOneEngine(source, target);
    queueMicrotask(() => {
      void this.#run(...peers, options);
    });
  }

  /** How it stands now. */
  get status(): ReplicationStatus {
    return { ...this.#last, state: this.#state, pending: this.#pending, ...(this.#error ? { error: this.#error } : {}) };
  }

  async #run(source: Peer, target: Peer, options: ReplicateOptions): Promise<void> {
    const ignore = options.live ? onWake(() => undefined) : undefined;
    try {
      if (!options.live) {
        this.#state = "active";
        this.emit("active");
      }
      const result = await this.#replicate(source, target, options);
      if (!options.live) {
        this.#pause(undefined);
      }
      this.#complete({ ...result, status: "complete" });
    } catch (error) {
      if (this.cancelled && !this.#defect) {
        this.#complete({ ...this.#last, end_time: new Date().toISOString(), status: "cancelled" });
      } else {
        this.#fail(this.#defect ?? asGouchError(error));
      }
    } finally {
      ignore?.();
      release(source, target);
    }
  }

  async #replicate({ connection: source, own: ownSource }: Peer, { connection: target, own: ownTarget }: Peer, options: ReplicateOptions): Promise<ReplicationResult> {
    const both = [source, target];
    const own = [ownSource, ownTarget].filter((connection) => connection !== undefined);
    await refresh(own); // what it has acknowledged is to be found by the other engine
    const { checkpoint = true, back_off_function: backOff, ...rest } = options;
    const names = ["since", "style", "winning_revs_only", "batch_size", "batches_limit", "live", "retry"] as const;
    const connecting = new Connecting(options, this.abort.signal, (error) => {
      this.#pause(error);
    });
    const request = {
      ...pick(rest as ReplicateOptions, names),
      ...filterRequest(options),
      source: await connecting.handle(source),
      target: await connecting.handle(target),
      source_name: source.address.shown,
      target_name: target.address.shown,
      checkpoint: checkpoint === true ? "both" : checkpoint === false ? "none" : checkpoint,
      docs: this.listenerCount("change") > 0,
      filter: await predicateName(options),
      back_off_function: backOff !== undefined,
    };
    if (own.length > 0) {
      await refresh(both); // they may have been open there
    }
    const tell = (event: object): void => {
      this.#tell(event as EngineEvent<Content>, source, options, own);
    };
    const follow = (event: object): void => {
      this.#tell(event as EngineEvent<Content>, source, options, [...own, ...both]);
    };
    const run = (onEvent: (event: object) => void): Promise<unknown> =>
      source.callEngine("replicate", request, { signal: this.abort.signal, onEvent: onEvent as (event: unknown) => void });
    const { source: _source, target: _target, docs: _docs, ...flowing } = request;
    const shared = options.live ? sharedName(source.address, target.address, flowing) : undefined;
    if (shared !== undefined) {
      request.docs = true; // somebody else may listen
    }
    const answer = (await (shared === undefined ? run(tell) : shareLive(shared, this.abort.signal, { lead: tell, follow }, run))) as { result: EngineResult; failure?: EngineFailure };
    await this.#told;
    await refresh(shared === undefined ? own : [...own, ...both]);
    this.#last = resultOf(answer.result);
    if (answer.failure) {
      throw failure(answer.failure);
    }
    return this.#last;
  }

  // The engine must not be kept waiting, nor be called, by a listener: it is told in a turn of its own. What happened elsewhere is told, in its order, once it is seen by
  // those who are behind.
  #tell(event: EngineEvent<Content>, connection: Connection, options: ReplicateOptions, behind: Connection[]): void {
    const tell = () => {
      this.#happened(event, connection, options);
    };
    if (behind.length === 0) {
      queueMicrotask(tell);
    } else {
      this.#told = Promise.all([this.#told, refresh(behind)]).then(tell);
    }
  }

  #happened(event: EngineEvent<Content>, connection: Connection, options: ReplicateOptions): void {
    if (this.cancelled) {
      return;
    }
    switch (event.type) {
      case "question":
        this.#answer(event, connection, options);
        break;
      case "denied":
        this.emit("denied", failure(event.failure));
        break;
      case "checkpoint":
        this.emit("checkpoint", { checkpoint: event.seq });
        break;
      case "active":
        this.#state = "active";
        this.#error = undefined;
        this.emit("active");
        break;
      case "paused":
        this.#note(event.result);
        this.#pause(event.failure && failure(event.failure));
        break;
      case "change":
        this.#note(event.result);
        this.#pending = event.pending;
        this.emit("change", { ...this.#last, pending: event.pending, docs: event.docs });
    }
  }

  // Nothing has failed so far: the engine says that it is ok at the end.
  #note(result: EngineResult): void {
    this.#last = { ...resultOf(result), ok: true };
  }

  #pause(error: GouchError | undefined): void {
    this.#state = error ? "waiting" : "paused";
    this.#error = error;
    this.#pending = error ? this.#pending : 0;
    this.emit("paused", ...(error ? [error] : []));
  }

  // Asks the caller's function. When that throws, the replication fails with what it threw.
  #answer(question: Question, connection: Connection, options: ReplicateOptions): void {
    let answer: unknown;
    try {
      if (question.about === "filter") {
        const passes = predicateOf(options);
        answer = question.docs.map((doc) => Boolean(passes?.(doc)));
      } else {
        answer = options.back_off_function && delayOf(options.back_off_function, question.delay);
      }
    } catch (error) {
      this.#defect = asGouchError(asError(error));
      this.cancel();
      return;
    }
    connection.callEngine("reply", { question: question.number }, { data: JSON.stringify(answer) }).catch(() => {
      // Whatever keeps the engine from hearing the answer ends the replication as well.
    });
  }

  #complete(result: ReplicationResult): void {
    this.#state = "stopped";
    if (this.resolve(result)) {
      this.emit("complete", result);
      this.removeAllListeners();
    }
  }

  #fail(error: GouchError): void {
    this.#state = "stopped";
    this.#error = error;
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
  for (const name of ["live", "retry", "winning_revs_only"] as const) {
    checkBoolean(name, options[name]);
  }
  if (options.back_off_function !== undefined && !(typeof options.back_off_function === "function" && options.live && options.retry)) {
    throw badRequest("option `back_off_function` must be a function, and goes together with `live` and `retry`");
  }
  checkFilter(options);
  checkFilterName(options);
  checkCount("batch_size", options.batch_size, 1);
  checkCount("batches_limit", options.batches_limit, 1);
  checkSignal(options.signal);
}
