import * as path from "node:path";
import process from "node:process";
import engine from "gouchdb:engine";
import { compile, setHost } from "../host.js";
import { decompress } from "../inline.js";
import { pathOf, storage } from "../node_files.js";
import { systemFiles, unlockWhenLeaving } from "../node_locks.js";

setHost({
  localAdapter: "file",
  pathOf,
  storage,
  opened: unlockWhenLeaving,
  system: { fs: systemFiles, path, process },
  load: () => compile(decompress(engine)),
});

export * from "../index.js";
export { default } from "../index.js";
