import { revive } from "./attachments.js";
import { AGAIN, Boundary, FAILURE, FRAME_HEAD, PART, RESULT, type Receiver, type Transport } from "./boundary.js";
import { asError, badRequest, engineError, GouchError } from "./error.js";
import type { SystemModules } from "./go.js";

/** What else a call may need. */
export interface CallExtras {
  /** JSON text that goes beside the options: documents, mostly. */
  data?: string | undefined;
  /** Contents of attachments, which follow the text. */
  raw?: readonly Uint8Array[] | undefined;
  /** Ends the call: it then rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Is told of what happens during the call. It must not throw. */
  onEvent?: ((event: unknown) => void) | undefined;
}

interface Pending {
  resolve: (result: unknown) => void;
  reject: (error: Error) => void;
  onEvent: ((event: unknown) => void) | undefined;
  rows?: unknown[] | undefined; // that came ahead of the rest
}

/**
 * The Go engine, seen from JavaScript. A call's request and answer cross as JSON text in one piece each.
 */
export class Engine {
  /** Set once the engine has ended: every call then fails with this. */
  stopped: GouchError | undefined;

  #transport!: Transport;
  readonly #decoder = new TextDecoder();
  readonly #pending = new Map<number, Pending>();
  readonly #onStopped: () => void;
  #lastCall = 0;
  #awaited = 0;

  private constructor(onStopped: () => void) {
    this.#onStopped = onStopped;
  }

  /** Starts the engine in this context. `onStopped` is called when it ends. */
  static start(module: WebAssembly.Module, system: SystemModules, onStopped: () => void): Promise<Engine> {
    return Engine.connect((receiver) => Boundary.start(module, system, receiver), onStopped);
  }

  /** Connects with an engine, wherever it is. `onStopped` is called when it ends. */
  static async connect(connect: (receiver: Receiver) => Promise<Transport>, onStopped: () => void): Promise<Engine> {
    const engine = new Engine(onStopped);
    engine.#transport = await connect({
      deliver: (call, kind, answer) => {
        engine.#deliver(call, kind, answer);
      },
      stopped: (error) => {
        engine.#stop(error);
      },
    });
    return engine;
  }

  /** How many calls have not been answered. */
  get pending(): number {
    return this.#pending.size;
  }

  /**
   * Runs an operation on a database (0: on the engine) and resolves to its parsed answer, of which the caller knows the type.
   */
  call(operation: string, database: number, options: object, extras: CallExtras = {}): Promise<unknown> {
    const { data, raw, signal, onEvent } = extras;
    if (this.stopped) {
      return Promise.reject(this.stopped);
    }
    if (signal?.aborted) {
      return Promise.reject(asError(signal.reason));
    }
    const call = (this.#lastCall = (this.#lastCall + 1) >>> 0);
    const head = `["${operation}",${database},${JSON.stringify(options)}`;
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(call, { resolve, reject, onEvent });
    });
    // One that listens is never answered: nobody waits for it.
    this.#await(operation === "listen" ? 0 : 1);
    this.#transport.submit({ call, text: data === undefined ? `${head}]` : `${head},${data}]`, raw, urgent: operation === "leave" || operation === "reply" });
    if (!signal) {
      return answer;
    }
    return this.#abortable(call, answer, signal);
  }

  async #abortable(call: number, answer: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
    const abort = () => {
      this.#transport.cancel(call);
      this.#pending.get(call)?.reject(asError(signal.reason));
    };
    signal.addEventListener("abort", abort);
    try {
      return await answer;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  // The value of an answer, with the contents that follow its text.
  #read(answer: Uint8Array): unknown {
    if (answer[0] !== 0) {
      return JSON.parse(this.#decoder.decode(answer));
    }
    const end = FRAME_HEAD + new DataView(answer.buffer, answer.byteOffset).getUint32(1);
    return revive(JSON.parse(this.#decoder.decode(answer.subarray(FRAME_HEAD, end))), answer.subarray(end));
  }

  // Called by Go, which goes on when this returns: it neither throws nor calls anything but the outcome's microtask.
  #deliver(call: number, kind: number, answer: Uint8Array): void {
    const pending = this.#pending.get(call);
    if (!pending) {
      return;
    }
    try {
      if (kind === AGAIN) {
        pending.rows = undefined;
        return;
      }
      const value = this.#read(answer);
      if (kind === PART) {
        pending.rows = joined(pending.rows, value as unknown[]);
        return;
      }
      if (kind === RESULT) {
        pending.resolve(pending.rows ? whole(pending.rows, value as Listing) : value);
      } else if (kind === FAILURE) {
        pending.reject(failure(value as EngineFailure));
      } else {
        pending.onEvent?.(value);
        return;
      }
    } catch (error) {
      pending.reject(engineError("engine_answer", `the engine's answer cannot be read: ${asError(error).message}`, error));
    }
    this.#pending.delete(call);
    this.#await(-1);
  }

  #await(more: number): void {
    const before = this.#awaited;
    this.#awaited += more;
    if (before === 0 || this.#awaited === 0) {
      this.#transport.hold?.(this.#awaited > 0);
    }
  }

  #stop(error: GouchError): void {
    if (this.stopped) {
      return;
    }
    this.stopped = error;
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const { reject } of pending) {
      reject(error);
    }
    this.#onStopped();
  }
}

/** An answer that is a list with something beside it. */
type Listing = Record<string, unknown[]>;

// The rows are those that came ahead and those of the result.
function whole(rows: unknown[], result: Listing): Listing {
  for (const list of ["rows", "results", "docs"]) {
    if (result[list]) {
      result[list] = joined(rows, result[list]);
    }
  }
  return result;
}

function joined(rows: unknown[] | undefined, more: unknown[]): unknown[] {
  if (!rows) {
    return more;
  }
  for (const row of more) {
    rows.push(row);
  }
  return rows;
}

/** A failure as the engine prints it. */
export interface EngineFailure {
  status: number;
  name: string;
  reason: string;
  id?: string;
}

/** The error for a failure that the engine tells of. */
export function failure({ status, name, reason, id }: EngineFailure): GouchError {
  return new GouchError({ status, name, reason, docId: id });
}

// Its declared type does not say that there is no text for a function, for instance.
function stringify(value: unknown): string | undefined {
  return JSON.stringify(value);
}

/** JSON text for the engine. What JSON cannot say is an error that names `what`. */
export function toJSON(what: string, value: unknown): string {
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (error) {
    throw badRequest(`${what} cannot be written as JSON: ${asError(error).message}`);
  }
  if (text === undefined) {
    throw badRequest(`${what} cannot be written as JSON`);
  }
  return text;
}
