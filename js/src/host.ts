import type { Connection } from "./connection.js";
import { Engine } from "./engine.js";
import { asError, badRequest, engineError } from "./error.js";
import type { SystemModules } from "./go.js";
import type { Naming } from "./name.js";
import { startInWorker } from "./worker_engine.js";

/**
 * Where the engine comes from: the address of `gouchdb.wasm`, an answer that carries it, its bytes, or the compiled module.
 */
export type WasmSource = string | URL | Response | BufferSource | WebAssembly.Module;

/** What differs between the places that the package runs in. */
export interface Host extends Naming {
  /** Modules that Go's os package works with. */
  readonly system: SystemModules;
  /** Gets the engine from beside this module. */
  readonly load: () => Promise<WebAssembly.Module>;
  /** The databases that are files: their names, the prefix left out, and how much room they take and have. */
  readonly storage?: {
    list(prefix: string): Promise<string[]>;
    estimate(prefix: string): Promise<{ usage: number; quota: number }>;
  };
  /** Called when a database has been opened. What it returns is called when that is closed or destroyed. */
  readonly opened?: (connection: Connection) => () => void;
  /** Starts worker.js, which is beside this module, in a worker. */
  readonly startWorker?: () => Worker | Promise<Worker>;
}

/** Where an engine runs: in the context that uses it, or in a worker of its own. */
export type Place = "here" | "worker";

/** What {@link init} is told. */
export interface Loading {
  /** Where the engine comes from, when not from beside the package's own JavaScript. */
  wasm?: WasmSource;
  /** Starts the engine of `worker: true` in place of the one in this context. */
  worker?: boolean;
  /** Where `worker.js` is, when not beside the package's own JavaScript. */
  workerURL?: string | URL;
}

let host: Host | undefined;
let source: WasmSource | undefined;
let workerURL: string | URL | undefined;
let compiled: Promise<WebAssembly.Module> | undefined;
const engines = new Map<Place, Promise<Engine>>();

/** Called once, by the entry point. */
export function setHost(value: Host): void {
  host = value;
}

/** The host that the entry point has set. */
export function currentHost(): Host {
  if (!host) {
    throw new Error("gouchdb was imported in pieces: import the package itself");
  }
  return host;
}

/** The running engine. It is started on first use, and anew after it has stopped. */
export function getEngine(place: Place = "here"): Promise<Engine> {
  let engine = engines.get(place);
  if (!engine) {
    engine = start(place);
    engines.set(place, engine);
  }
  return engine;
}

/** Runs an operation on each engine that has been started; there are as many answers. None waits for another, which may still be starting. */
export async function askEngines(operation: string): Promise<unknown[]> {
  const ask = (engine: Engine) => engine.call(operation, 0, {}).then((answer) => [answer]);
  const answers = await Promise.all(Array.from(engines.values(), (engine) => engine.then(ask, () => [])));
  return answers.flat();
}

/** Takes the engine from elsewhere, and starts it. */
export async function init({ wasm, worker = false, workerURL: script }: Loading): Promise<void> {
  if ((wasm !== undefined && engines.size > 0) || (script !== undefined && engines.has("worker"))) {
    throw badRequest("GouchDB.init({ wasm, workerURL }) must come before the first use of a database: the engine has already been loaded");
  }
  source = wasm ?? source;
  workerURL = script ?? workerURL;
  await getEngine(worker ? "worker" : "here");
}

async function start(place: Place): Promise<Engine> {
  const forget = () => {
    engines.delete(place);
  };
  try {
    if (place === "here") {
      return await Engine.start(await getModule(), currentHost().system, forget);
    }
    const worker = await newWorker();
    return await Engine.connect((receiver) => startInWorker(worker, getModule(), receiver), forget);
  } catch (error) {
    forget(); // the next use tries again: the network may be back, or the right file in its place
    compiled = undefined;
    throw error instanceof Error && "status" in error ? error : engineError("engine_unavailable", `the engine cannot be loaded: ${asError(error).message}`, error);
  }
}

async function newWorker(): Promise<Worker> {
  const { startWorker } = currentHost();
  if (!startWorker || typeof Worker !== "function") {
    throw badRequest("option `worker`: no workers can be started here");
  }
  return workerURL === undefined ? startWorker() : new Worker(workerURL, { type: "module" });
}

// One compilation serves the engines of both places.
function getModule(): Promise<WebAssembly.Module> {
  if (!compiled) {
    compiled = source === undefined ? currentHost().load() : compile(source);
    compiled.catch(() => {
      compiled = undefined;
    });
  }
  return compiled;
}

/** Compiles the engine from whatever it is given as. */
export async function compile(wasm: WasmSource): Promise<WebAssembly.Module> {
  if (wasm instanceof WebAssembly.Module) {
    return wasm;
  }
  if (typeof wasm === "string" || wasm instanceof URL) {
    return compile(await fetch(wasm));
  }
  if (!(wasm instanceof Response)) {
    return WebAssembly.compile(wasm);
  }
  if (!wasm.ok) {
    throw new Error(`${wasm.url} answers ${wasm.status} ${wasm.statusText}`.trim());
  }
  const type = wasm.headers.get("content-type") ?? "";
  if (type.split(";", 1)[0]?.trim().toLowerCase() === "application/wasm") {
    return WebAssembly.compileStreaming(wasm);
  }
  // Browsers compile a stream only when it says what it is; many servers do not know.
  try {
    return await WebAssembly.compile(await wasm.arrayBuffer());
  } catch (error) {
    throw new Error(`${wasm.url} is not a WebAssembly module (it was served as ${type || "nothing"}): ${asError(error).message}`, { cause: error });
  }
}
