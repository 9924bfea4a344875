import { compile, setHost } from "../host.js";

setHost({
  localAdapter: "indexeddb",
  system: {},
  // Bundlers know this form, and put the file where it will be found.
  load: () => compile(new URL("./gouchdb.wasm", import.meta.url)),
});

export * from "../index.js";
export { default } from "../index.js";
