import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compile, setHost } from "../host.js";

setHost({
  localAdapter: "file",
  // One database, one path: however it is called, it is the same one.
  pathOf: (name) => path.resolve(name.endsWith(".gouch") ? name : `${name}.gouch`),
  system: { fs, path, process },
  load: async () => compile(await fs.promises.readFile(fileURLToPath(new URL("./gouchdb-node.wasm", import.meta.url)))),
});

export * from "../index.js";
export { default } from "../index.js";
