import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { compile, setHost } from "../host.js";
import { pathOf, storage } from "../node_files.js";
import { systemFiles, unlockWhenLeaving } from "../node_locks.js";

setHost({
  localAdapter: "file",
  pathOf,
  storage,
  opened: unlockWhenLeaving,
  system: { fs: systemFiles, path, process },
  load: async () => compile(await fs.promises.readFile(fileURLToPath(new URL("./gouchdb-node.wasm", import.meta.url)))),
});

export * from "../index.js";
export { default } from "../index.js";
