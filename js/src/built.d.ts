/** Go's own wasm_exec.js, wrapped by the build into a function that runs it. */
declare module "gouchdb:wasm_exec" {
  export function defineGo(): void;
}

/** The engine, as gzip in base64. */
declare module "gouchdb:engine" {
  const base64: string;
  export default base64;
}

/** The text of worker.js. */
declare module "gouchdb:worker" {
  const script: string;
  export default script;
}

/** Workers import a wasm file as a compiled module. */
declare module "*.wasm" {
  const module: WebAssembly.Module;
  export default module;
}
