import { revive } from "./attachments.js";
import { buildID } from "./build_id.js";
import { asError, badRequest, engineError, GouchError } from "./error.js";
import { startGo, type GoProgram, type SystemModules } from "./go.js";

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
}

interface EngineExports {
  gouchdb_begin(call: number, size: number): number;
  gouchdb_submit(call: number, size: number): void;
  gouchdb_cancel(call: number): void;
}

// The kinds of texts that the engine delivers, as in wasm/internal/engine: the third is an event.
const RESULT = 0;
const FAILURE = 1;

// Up to this length, room for three bytes a character, the most that UTF-8 takes, is cheaper than writing a text twice.
const SHORT = 16384;

// What stands before the text of a request or an answer with contents.
const FRAME_HEAD = 5;

/**
 * The Go engine, seen from JavaScript. A call's request and answer cross as JSON text in one piece each; calls that are made in one
 * turn of the event loop cross together.
 */
export class Engine {
  /** Set once the engine has ended: every call then fails with this. */
  stopped: GouchError | undefined;

  #go!: GoProgram;
  #exports!: EngineExports;
  #memory: Uint8Array = new Uint8Array(0);
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  readonly #pending = new Map<number, Pending>();
  readonly #onStopped: () => void;
  #requests: { call: number; text: string; raw: readonly Uint8Array[] | undefined }[] = [];
  #cancelled: number[] = [];
  #scheduled = false;
  #lastCall = 0;

  private constructor(onStopped: () => void) {
    this.#onStopped = onStopped;
  }

  /** Starts the engine. `onStopped` is called when it ends, which only a defect or a lack of memory makes it do. */
  static async start(module: WebAssembly.Module, system: SystemModules, onStopped: () => void): Promise<Engine> {
    const engine = new Engine(onStopped);
    let engineBuild: string | undefined;
    try {
      engine.#go = await startGo(
        module,
        (memory) => ({
          ready: (address: number, size: number) => {
            engineBuild = engine.#decoder.decode(new Uint8Array(memory(), address >>> 0, size));
          },
          deliver: (call: number, kind: number, address: number, size: number) => {
            engine.#deliver(call >>> 0, kind, address >>> 0, size);
          },
        }),
        system,
        (reason, cause) => {
          engine.#stop(engineError("engine_stopped", reason, cause));
        },
      );
    } catch (error) {
      throw error instanceof WebAssembly.LinkError ? mismatch(error.message) : error;
    }
    if (engine.stopped) {
      throw engine.stopped;
    }
    if (engineBuild !== buildID) {
      throw mismatch(`it says ${engineBuild ?? "nothing"}`);
    }
    engine.#exports = engine.#go.exports as unknown as EngineExports;
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
    this.#requests.push({ call, text: data === undefined ? `${head}]` : `${head},${data}]`, raw });
    this.#schedule();
    const answer = new Promise<unknown>((resolve, reject) => {
      this.#pending.set(call, { resolve, reject, onEvent });
    });
    if (!signal) {
      return answer;
    }
    return this.#abortable(call, answer, signal);
  }

  async #abortable(call: number, answer: Promise<unknown>, signal: AbortSignal): Promise<unknown> {
    const abort = () => {
      this.#cancelled.push(call);
      this.#schedule();
      this.#pending.get(call)?.reject(asError(signal.reason));
    };
    signal.addEventListener("abort", abort);
    try {
      return await answer;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  #schedule(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#flush();
      });
    }
  }

  // Hands over what has gathered, and lets Go run until it waits.
  #flush(): void {
    this.#scheduled = false;
    const requests = this.#requests;
    const cancelled = this.#cancelled;
    this.#requests = [];
    this.#cancelled = [];
    if (this.stopped) {
      return;
    }
    try {
      for (const { call, text, raw } of requests) {
        if (raw) {
          this.#writeFramed(call, text, raw);
        } else {
          this.#write(call, text);
        }
      }
      for (const call of cancelled) {
        this.#exports.gouchdb_cancel(call);
      }
    } catch (error) {
      this.#stop(engineError("engine_stopped", `the engine has failed: ${asError(error).message}`, error));
      return;
    }
    this.#go.resume();
  }

  #write(call: number, text: string): void {
    // Most text is mostly ASCII: a long one gets a little room beyond that, and is written again if it was not enough.
    for (const room of text.length <= SHORT ? [text.length * 3] : [text.length + (text.length >> 4), text.length * 3]) {
      const address = this.#exports.gouchdb_begin(call, room) >>> 0;
      const { read, written } = this.#encoder.encodeInto(text, this.#view().subarray(address, address + room));
      if (read === text.length) {
        this.#exports.gouchdb_submit(call, written);
        return;
      }
    }
  }

  // A request with contents: a zero, the length of the text in four bytes, the text, the contents.
  #writeFramed(call: number, text: string, raw: readonly Uint8Array[]): void {
    const encoded = this.#encoder.encode(text);
    const size = raw.reduce((sum, bytes) => sum + bytes.length, FRAME_HEAD + encoded.length);
    const address = this.#exports.gouchdb_begin(call, size) >>> 0;
    const room = this.#view().subarray(address, address + size);
    room[0] = 0;
    new DataView(room.buffer, address).setUint32(1, encoded.length);
    let at = FRAME_HEAD;
    for (const bytes of [encoded, ...raw]) {
      room.set(bytes, at);
      at += bytes.length;
    }
    this.#exports.gouchdb_submit(call, size);
  }

  // The value of an answer, with the contents that follow its text.
  #read(address: number, size: number): unknown {
    const answer = this.#view().subarray(address, address + size);
    if (answer[0] !== 0) {
      return JSON.parse(this.#decoder.decode(answer));
    }
    const end = FRAME_HEAD + new DataView(answer.buffer, address).getUint32(1);
    return revive(JSON.parse(this.#decoder.decode(answer.subarray(FRAME_HEAD, end))), answer.subarray(end));
  }

  // The memory as it is now: when it grows, views on it become empty.
  #view(): Uint8Array {
    const buffer = this.#go.memory();
    if (this.#memory.buffer !== buffer) {
      this.#memory = new Uint8Array(buffer);
    }
    return this.#memory;
  }

  // Called by Go, which goes on when this returns: it neither throws nor calls anything but the outcome's microtask.
  #deliver(call: number, kind: number, address: number, size: number): void {
    const pending = this.#pending.get(call);
    if (!pending) {
      return;
    }
    try {
      const value = this.#read(address, size);
      if (kind === RESULT) {
        pending.resolve(value);
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

function mismatch(detail: string): GouchError {
  return engineError("build_mismatch", `gouchdb.wasm is not from the same build as this JavaScript (${buildID}): ${detail}`);
}
