// The Go test suites of what runs in browsers, compiled to WebAssembly and run in Chromium.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { GOEXPERIMENT, libraryOverlay } from "../scripts/go-library.mjs";
import { startChromium } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const run = promisify(execFile);
const root = new URL("../", import.meta.url);
const build = new URL("build/wasm-tests/", root);
const packages = (process.env.WASM_PACKAGES ?? "adapters/memory adapters/indexeddb core/kv/logkv").split(" ");
const wasmFile = (path) => new URL(`${path.replaceAll("/", "-")}.wasm`, build);

// Runs a compiled Go test binary in the page and returns its exit code and output.
async function runInPage({ wasm, args }) {
  const lines = [];
  const log = console.log;
  console.log = (...values) => lines.push(values.join(" "));
  const go = new globalThis.Go();
  go.argv = ["test", ...args];
  go.env = { TMPDIR: "/tmp" };
  let code = 0;
  go.exit = (exitCode) => { code = exitCode; };
  const { instance } = await WebAssembly.instantiateStreaming(fetch(wasm), go.importObject);
  await go.run(instance);
  console.log = log;
  return { code, output: lines.join("\n") };
}

describe("Go suites in Chromium", () => {
  let files;
  before(async () => {
    await mkdir(build, { recursive: true });
    const { stdout } = await run("go", ["env", "GOROOT"]);
    files = {
      "/": "<!doctype html><title>Go tests</title><script src=/wasm_exec.js></script>",
      "/wasm_exec.js": new URL(`file://${stdout.trim()}/lib/wasm/wasm_exec.js`),
    };
    // With the library that the package's engine has, but for errors.As, which the interpreter of the tests' JavaScript calls.
    const overlay = libraryOverlay(stdout.trim(), fileURLToPath(new URL("_go-library/", build)), ["errors"]);
    for (const path of packages) {
      await run("go", ["test", "-overlay", overlay, "-c", "-o", wasmFile(path).pathname, `./${path}`], {
        cwd: root,
        env: { ...process.env, GOOS: "js", GOARCH: "wasm", GOEXPERIMENT },
      });
      files[`/${path}.wasm`] = wasmFile(path);
    }
  });

  for (const features of [[], ["IdbSqliteBackingStore"]]) {
    describe(features.length > 0 ? `with ${features}` : "as it comes", () => {
      let server, browser;
      before(async () => {
        server = await serve(files);
        browser = await startChromium({ features });
      });
      after(async () => {
        await browser?.close();
        await server?.close();
      });
      for (const path of packages) {
        test(path, async () => {
          const page = await browser.context.newPage();
          await page.goto(server.url);
          // Recorded answers are files, which a page cannot read: those tests run in Node.
          const args = ["-test.v", "-test.short", "-test.run=^Test", "-test.skip=^TestRecorded"];
          const { code, output } = await page.evaluate(runInPage, { wasm: `/${path}.wasm`, args });
          await page.close();
          assert.equal(code, 0, output);
          assert.match(output, /^PASS$/m, output);
          assert.match(output, /^--- PASS/m, "no test ran");
        });
      }
    });
  }
});
