// The TypeScript of js/src for unit tests: bundled on the fly, with an engine of the same build.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { buildID, buildWasm, bundle } from "../scripts/build-js.mjs";

const source = fileURLToPath(new URL("../js/src/", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "gouchdb-unit-"));
process.on("exit", () => rmSync(directory, { recursive: true, force: true }));

const tags = "enginetest";
const id = buildID(tags);

// Imports a file of js/src. Each import is a bundle of its own, and shares nothing with others.
export async function importSource(name, build = id) {
  const output = join(directory, name.replace(/\W/g, "_") + build + ".mjs");
  await bundle(join(source, name), output, build, { platform: "node" });
  return import(pathToFileURL(output));
}

// The engine, with adapters that make it fail (see wasm/failing.go).
let engine;
export function engineBytes() {
  if (!engine) {
    const output = join(directory, "engine.wasm");
    buildWasm(output, id, tags);
    engine = readFileSync(output);
  }
  return engine;
}
