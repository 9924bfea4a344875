import { compile, setHost } from "../host.js";

setHost({
  localAdapter: "indexeddb",
  system: {},
  // Bundlers know these forms, and put the files where they will be found.
  load: () => compile(new URL("./gouchdb.wasm", import.meta.url)),
  startWorker: () => new Worker(new URL("./worker.js", import.meta.url), { type: "module" }),
});

export * from "../index.js";
export { default } from "../index.js";
