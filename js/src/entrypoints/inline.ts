import engine from "gouchdb:engine";
import workerScript from "gouchdb:worker";
import { compile, setHost } from "../host.js";
import { decompress } from "../inline.js";

setHost({
  localAdapter: "indexeddb",
  system: {},
  load: () => compile(decompress(engine)),
  startWorker: () => new Worker(URL.createObjectURL(new Blob([workerScript], { type: "text/javascript" })), { type: "module" }),
});

export * from "../index.js";
export { default } from "../index.js";
