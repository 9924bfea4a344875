/** Go's own wasm_exec.js, wrapped by the build into a function that runs it. */
declare module "gouchdb:wasm_exec" {
  export function defineGo(): void;
}
