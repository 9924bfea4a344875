import { Engine } from "./engine.js";
import { asError, badRequest, engineError } from "./error.js";
import type { SystemModules } from "./go.js";
import type { Naming } from "./name.js";

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
}

let host: Host | undefined;
let source: WasmSource | undefined;
let engine: Promise<Engine> | undefined;

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
export function getEngine(): Promise<Engine> {
  engine ??= start();
  return engine;
}

/** The engine, if it has been started. */
export function runningEngine(): Promise<Engine | undefined> {
  return engine ?? Promise.resolve(undefined);
}

/** Takes the engine from elsewhere, and starts it. */
export async function init(wasm?: WasmSource): Promise<void> {
  if (wasm !== undefined) {
    if (engine) {
      throw badRequest("GouchDB.init({ wasm }) must come before the first use of a database: the engine has already been loaded");
    }
    source = wasm;
  }
  await getEngine();
}

async function start(): Promise<Engine> {
  const { load, system } = currentHost();
  const forget = () => {
    engine = undefined;
  };
  try {
    return await Engine.start(await (source === undefined ? load() : compile(source)), system, forget);
  } catch (error) {
    forget(); // the next use tries again: the network may be back
    throw error instanceof Error && "status" in error ? error : engineError("engine_unavailable", `the engine cannot be loaded: ${asError(error).message}`, error);
  }
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
