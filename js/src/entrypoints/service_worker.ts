import { compile, setHost } from "../host.js";

// Service workers may not import() anything, so that nothing is split off here; and they start no workers of their own.
setHost({
  localAdapter: "indexeddb",
  system: {},
  load: () => compile(new URL("./gouchdb.wasm", import.meta.url)),
});

export * from "../index.js";
export { default } from "../index.js";
