// Prints the size of what a page loads, raw and compressed, and fails above the budget.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

// Bytes, with brotli: of the engine and the shell of browsers, and of the shell alone.
const BUDGET = 1000 * 1000;
const SHELL_BUDGET = 20 * 1000;

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), "js", "dist");
const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`.padStart(12);

let total = 0;
console.log("".padEnd(16), "raw".padStart(12), "gzip".padStart(12), "brotli".padStart(12));
let shell = 0;
for (const name of ["gouchdb.wasm", "browser.js", "node.js", "worker.js", "gouchdb.js", "inline.js"]) {
  const bytes = readFileSync(join(dist, name));
  const brotli = brotliCompressSync(bytes, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
  }).length;
  console.log(name.padEnd(16), kilobytes(bytes.length), kilobytes(gzipSync(bytes, { level: 9 }).length), kilobytes(brotli));
  if (name === "gouchdb.wasm" || name === "browser.js") {
    total += brotli; // what a page loads
  }
  if (name === "browser.js") {
    shell = brotli;
  }
}
console.log(`a page loads ${kilobytes(total).trim()} of ${kilobytes(BUDGET).trim()} (brotli), of which the shell may have ${kilobytes(SHELL_BUDGET).trim()}`);
if (total > BUDGET || shell > SHELL_BUDGET) {
  console.error("above the budget");
  process.exit(1);
}
