import { buildID } from "./build_id.js";
import { asError, engineError, type GouchError } from "./error.js";
import { startGo, type GoProgram, type SystemModules } from "./go.js";
import { scriptImports } from "./scripts.js";

/** A request on its way to the engine: its text, and contents of attachments that follow it. */
export interface Request {
  call: number;
  text: string | Uint8Array;
  raw?: readonly Uint8Array[] | undefined;
  /** It does not wait for the next turn of the event loop: the page may be leaving, or the engine waits for it. */
  urgent?: boolean;
}

/** Takes what the engine says. Go goes on when it returns: it neither throws nor calls the engine. */
export interface Receiver {
  /** A result or a part of one, a failure or an event of a call. The bytes are only there until it returns. */
  deliver: (call: number, kind: number, answer: Uint8Array) => void;
  /** The engine has ended, which only a defect or a lack of memory makes it do. */
  stopped: (error: GouchError) => void;
}

/** A way to the engine: it runs in this context, or in a worker. */
export interface Transport {
  /** Hands over a request. It may be answered before this returns; if not, it begins at the end of this turn of the event loop, with all that come in it. */
  submit: (request: Request) => void;
  /** Ends a call, at the end of this turn. */
  cancel: (call: number) => void;
  /** Says whether anybody waits for an answer. */
  hold?: (awaited: boolean) => void;
}

/** The kinds of texts that the engine delivers, as in wasm/internal/engine: the third is an event. */
export const RESULT = 0;
export const FAILURE = 1;
/** Rows that come before those of the result. */
export const PART = 3;
/** The parts so far do not count. */
export const AGAIN = 4;

/** What stands before the text of a request or an answer with contents: a zero, and the length of the text in four bytes. */
export const FRAME_HEAD = 5;

// What the engine says to a request, as in wasm/boundary.go: it is answered when Go has run, or it has been and Go is to run soon. 0: nothing is left to do.
const LATER = 1;
const SOON = 2;

// For how many milliseconds one answer after the other is given before the event loop gets its turn: while a program only waits for such answers, the browser has
// none, not to paint and not to store what was written.
const TURN = 8;

// Up to this length, room for three bytes a character, the most that UTF-8 takes, is cheaper than writing a text twice.
const SHORT = 16384;

// The room for short texts, as in wasm/boundary.go.
const ROOM = 65536;

interface EngineExports {
  gouchdb_begin(size: number): number;
  gouchdb_submit(call: number, size: number): number;
  gouchdb_cancel(call: number): void;
}

/** The engine in this context: requests are written straight into its memory, and answers are read from there. */
export class Boundary implements Transport {
  #go!: GoProgram;
  #exports!: EngineExports;
  #memory: Uint8Array = new Uint8Array(0);
  #room: Uint8Array = new Uint8Array(0);
  #waiting: Request[] = [];
  #cancelled: number[] = [];
  #scheduled = false;
  #soon = 0; // since when Go is to be run soon
  readonly #encoder = new TextEncoder();
  readonly #receiver: Receiver;
  #stopped: GouchError | undefined;

  private constructor(receiver: Receiver) {
    this.#receiver = receiver;
  }

  /** Starts the engine. */
  static async start(module: WebAssembly.Module, system: SystemModules, receiver: Receiver): Promise<Boundary> {
    const boundary = new Boundary(receiver);
    let engineBuild: string | undefined;
    try {
      boundary.#go = await startGo(
        module,
        (memory) => ({
          ...scriptImports(memory),
          ready: (address: number, size: number) => {
            engineBuild = new TextDecoder().decode(new Uint8Array(memory(), address >>> 0, size));
          },
          deliver: (call: number, kind: number, address: number, size: number) => {
            const start = address >>> 0;
            receiver.deliver(call >>> 0, kind, boundary.#view().subarray(start, start + size));
          },
        }),
        system,
        (reason, cause) => {
          boundary.#stop(engineError("engine_stopped", reason, cause));
        },
      );
    } catch (error) {
      throw error instanceof WebAssembly.LinkError ? mismatch("gouchdb.wasm", error.message) : error;
    }
    if (boundary.#stopped) {
      throw boundary.#stopped;
    }
    if (engineBuild !== buildID) {
      throw mismatch("gouchdb.wasm", `it says ${engineBuild ?? "nothing"}`);
    }
    boundary.#exports = boundary.#go.exports as unknown as EngineExports;
    return boundary;
  }

  submit(request: Request): void {
    this.#runSoon();
    // Go may be running, and be telling somebody who asks for more: that has to wait until it has ended.
    if (!request.urgent && performance.now() - this.#soon > TURN) {
      this.#waiting.push(request); // and goes with the next turn
    } else if (this.#go.running() || this.#waiting.length > 0) {
      this.#waiting.push(request);
      this.#schedule();
    } else {
      this.#hand(request);
    }
  }

  cancel(call: number): void {
    this.#cancelled.push(call);
    this.#schedule();
  }

  hold(awaited: boolean): void {
    this.#go.hold(awaited);
  }

  #schedule(): void {
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#flush();
      });
    }
  }

  #runSoon(): void {
    if (this.#soon === 0) {
      this.#soon = performance.now();
      inNextTurn(() => {
        this.#soon = 0;
        this.#flush();
      });
    }
  }

  // Lets Go run, with all that has come in this turn, until it waits.
  #flush(): void {
    const waiting = this.#waiting;
    const cancelled = this.#cancelled;
    this.#waiting = [];
    this.#cancelled = [];
    for (const request of waiting) {
      this.#hand(request);
    }
    for (const call of cancelled) {
      this.#enter(() => {
        this.#exports.gouchdb_cancel(call);
      });
    }
    if (!this.#stopped) {
      this.#go.resume();
    }
  }

  #hand(request: Request): void {
    this.#enter(() => {
      const outcome = typeof request.text === "string" && !request.raw ? this.#write(request.call, request.text) : this.#writeBytes(request);
      if (outcome === LATER) {
        this.#schedule();
      } else if (outcome === SOON) {
        this.#runSoon();
      }
    });
  }

  // Calls into Go. It does not come back from a defect.
  #enter(enter: () => void): void {
    if (this.#stopped) {
      return;
    }
    try {
      this.#go.enter(enter);
    } catch (error) {
      this.#stop(engineError("engine_stopped", `the engine has failed: ${asError(error).message}`, error));
    }
  }

  #write(call: number, text: string): number {
    // Most text is mostly ASCII: a long one gets a little room beyond that, and is written again if it was not enough.
    for (const room of text.length <= SHORT ? [text.length * 3] : [text.length + (text.length >> 4), text.length * 3]) {
      const { read, written } = this.#encoder.encodeInto(text, this.#roomFor(room));
      if (read === text.length) {
        return this.#exports.gouchdb_submit(call, written);
      }
    }
    return 0;
  }

  #writeBytes({ call, text, raw }: Request): number {
    const encoded = typeof text === "string" ? this.#encoder.encode(text) : text;
    const head = raw ? FRAME_HEAD : 0;
    const size = (raw ?? []).reduce((sum, bytes) => sum + bytes.length, head + encoded.length);
    const room = this.#roomFor(size);
    if (raw) {
      room[0] = 0;
      new DataView(room.buffer, room.byteOffset).setUint32(1, encoded.length);
    }
    let at = head;
    for (const bytes of [encoded, ...(raw ?? [])]) {
      room.set(bytes, at);
      at += bytes.length;
    }
    return this.#exports.gouchdb_submit(call, size);
  }

  // Go's memory for a text of that many bytes. For short ones it is the same each time, and so is the view on it.
  #roomFor(size: number): Uint8Array {
    const address = this.#exports.gouchdb_begin(size) >>> 0;
    const memory = this.#view();
    if (this.#room.buffer !== memory.buffer || this.#room.byteOffset !== address || this.#room.length < size) {
      this.#room = memory.subarray(address, address + Math.max(size, ROOM));
    }
    return this.#room;
  }

  // The memory as it is now: when it grows, views on it become empty.
  #view(): Uint8Array {
    const buffer = this.#go.memory();
    if (this.#memory.buffer !== buffer) {
      this.#memory = new Uint8Array(buffer);
    }
    return this.#memory;
  }

  #stop(error: GouchError): void {
    if (!this.#stopped) {
      this.#stopped = error;
      this.#receiver.stopped(error);
    }
  }
}

const immediately = (globalThis as { setImmediate?: (run: () => void) => void }).setImmediate;
let turns: MessageChannel | undefined;

// Has the event loop run something as soon as it gets to it. In a page, that takes a message: its timers are slow.
function inNextTurn(run: () => void): void {
  if (immediately) {
    immediately(run);
    return;
  }
  turns ??= new MessageChannel();
  turns.port1.addEventListener("message", run, { once: true });
  turns.port1.start();
  turns.port2.postMessage(0);
}

/** The error of a file that is not from the build of this JavaScript. */
export function mismatch(file: string, detail: string): GouchError {
  return engineError("build_mismatch", `${file} is not from the same build as this JavaScript (${buildID}): ${detail}`);
}
