import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import engine from "gouchdb:engine";
import { compile, setHost } from "../host.js";
import { decompress } from "../inline.js";
import { pathOf, storage } from "../node_files.js";

setHost({
  localAdapter: "file",
  pathOf,
  storage,
  system: { fs, path, process },
  load: () => compile(decompress(engine)),
});

export * from "../index.js";
export { default } from "../index.js";
