import { defineGo } from "gouchdb:wasm_exec";

/** What Go's os package works with; a page has none of it. */
export interface SystemModules {
  fs?: unknown;
  path?: unknown;
  process?: unknown;
}

/** An instance of Go's own `Go` class, as far as it is used here. */
interface GoRuntime {
  importObject: Record<string, Record<string, unknown>>;
  exit: (code: number) => void;
  mem: DataView;
  _inst: WebAssembly.Instance;
  _resume: () => void;
  _scheduledTimeouts: Map<number, ReturnType<typeof setTimeout>>;
  run(instance: WebAssembly.Instance): Promise<void>;
}

/** A running Go program. */
export interface GoProgram {
  readonly exports: WebAssembly.Exports;
  /** Its memory, which is another buffer after it has grown. */
  memory(): ArrayBufferLike;
  /** Runs Go until everything in it waits. */
  resume(): void;
  /** Whether Go is running now, and has called whoever asks. Its exported functions must not be called then. */
  running(): boolean;
  /** Calls exported functions. */
  enter(call: () => void): void;
  /** Says whether anybody waits for what Go does: only then does a timer of more than a second keep a process of Node's alive. */
  hold(awaited: boolean): void;
}

// What Go's script puts on globalThis, or takes from there.
const names = ["Go", "fs", "path", "process"] as const;

/**
 * Runs `body` while globalThis has these values, and then gives it back as it was. Go reads them once, when it starts; nothing
 * that runs in a page should find a `process` there and take it for Node.
 */
function withGlobals<T>(values: Partial<Record<(typeof names)[number], unknown>>, body: (scope: Record<string, unknown>) => T): T {
  const scope = globalThis as unknown as Record<string, unknown>;
  const before = names.map((name) => [name, Object.getOwnPropertyDescriptor(scope, name)] as const);
  const define = (name: string, descriptor: PropertyDescriptor, was: PropertyDescriptor | undefined) => {
    if (was?.configurable === false) {
      scope[name] = descriptor.value as unknown; // a `var` of the page's own
    } else {
      Object.defineProperty(scope, name, descriptor);
    }
  };
  try {
    for (const [name, was] of before) {
      define(name, { value: values[name], configurable: true, writable: true }, was);
    }
    return body(scope);
  } finally {
    for (const [name, was] of before) {
      if (was) {
        define(name, was, was);
      } else {
        Reflect.deleteProperty(scope, name);
      }
    }
  }
}

/**
 * Starts a Go program. `stopped` is called once if it ever ends, be it by a panic, by a trap or by running out of memory, with what it
 * had to say.
 */
export async function startGo(
  module: WebAssembly.Module,
  imports: (memory: () => ArrayBufferLike) => Record<string, WebAssembly.ImportValue>,
  system: SystemModules,
  stopped: (reason: string, cause?: unknown) => void,
): Promise<GoProgram> {
  const { go, modules } = withGlobals({ ...system }, (scope) => {
    defineGo();
    const { fs, path, process } = scope;
    return { go: new (scope.Go as new () => GoRuntime)(), modules: { fs, path, process } };
  });

  let ended = false;
  let lastWords = "";
  const end = (reason: string, cause?: unknown) => {
    if (ended) {
      return;
    }
    ended = true;
    go._scheduledTimeouts.forEach((timeout) => {
      clearTimeout(timeout);
    });
    go._scheduledTimeouts.clear();
    stopped(lastWords ? `${reason}: ${lastWords.trim().split("\n", 1)[0] ?? ""}` : reason, cause ?? (lastWords || undefined));
  };
  go.exit = (code) => {
    end(`the engine has stopped with exit code ${code}`);
  };
  // What Go's runtime prints when it fails. Its own script would look for the global `fs`, which is gone.
  const decoder = new TextDecoder();
  const runtime = go.importObject.gojs ?? {};
  runtime["runtime.wasmWrite"] = (sp: number) => {
    const address = Number(go.mem.getBigInt64((sp >>> 0) + 16, true));
    const size = go.mem.getInt32((sp >>> 0) + 24, true);
    lastWords = (lastWords + decoder.decode(new Uint8Array(go.mem.buffer, address, size))).slice(0, 16384);
  };
  // Go has one timer at a time, and leaves it running when it is not needed any more.
  let awaited = false;
  let long = false;
  const hold = () => {
    for (const timer of go._scheduledTimeouts.values() as Iterable<Partial<Record<"ref" | "unref", () => void>>>) {
      timer[awaited || !long ? "ref" : "unref"]?.(); // Node's; in a page it is a number
    }
  };
  const schedule = runtime["runtime.scheduleTimeoutEvent"] as (sp: number) => void;
  runtime["runtime.scheduleTimeoutEvent"] = (sp: number) => {
    schedule(sp);
    long = go.mem.getBigInt64((sp >>> 0) + 8, true) > 1000n;
    hold();
  };
  // Timers and callbacks resume Go through this too: what goes wrong there must not get lost, nor go on.
  const resume = go._resume.bind(go);
  let depth = 0; // Go may call JavaScript, which calls Go
  const enter = (call: () => void) => {
    depth++;
    try {
      call();
    } finally {
      depth--;
    }
  };
  go._resume = () => {
    if (ended) {
      return;
    }
    try {
      enter(resume);
    } catch (error) {
      end("the engine has failed", error);
    }
  };

  const memory = () => go.mem.buffer;
  go.importObject.gouchdb = imports(memory);
  const instance = await WebAssembly.instantiate(module, go.importObject as WebAssembly.Imports);
  withGlobals(modules, () => {
    go.run(instance).catch((error: unknown) => {
      end("the engine did not start", error);
    });
  });
  return {
    exports: instance.exports,
    memory,
    resume: () => {
      go._resume();
    },
    running: () => depth > 0,
    enter,
    hold: (now) => {
      awaited = now;
      hold();
    },
  };
}
