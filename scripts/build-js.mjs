// Builds js/dist: the engines, the JavaScript for each place (see js-builds.mjs), and the declarations. One build id goes into the wasm and the JavaScript.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GOEXPERIMENT, libraryOverlay } from "./go-library.mjs";
import { bundleAll } from "./js-builds.mjs";
import { declare } from "./js-types.mjs";
import { mergeSegments } from "./wasm-data.mjs";
import { shortenTraces } from "./wasm-traces.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const js = join(root, "js");
const dist = join(js, "dist");
const require = createRequire(join(js, "package.json"));
const goEnv = { ...process.env, GOOS: "js", GOARCH: "wasm", GOEXPERIMENT };
const go = (...args) => execFileSync("go", args, { cwd: root, env: goEnv, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();

// The hash of all that both sides are made of: the same sources give the same id, anywhere.
export function buildID(tags = "") {
  const hash = createHash("sha256").update(go("env", "GOVERSION")).update(tags);
  const goFiles = go("list", "-deps", `-tags=${tags}`, "-f", '{{if and .Module .GoFiles}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}\n{{end}}{{end}}', "./wasm")
    .split("\n")
    .filter(Boolean);
  const tsFiles = readdirSync(join(js, "src"), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(js, "src", name));
  for (const file of [...goFiles, ...tsFiles].sort()) {
    hash.update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}

// Functions are not inlined in what a page loads: that makes the engine smaller, compressed, than it is by default. Except where the time is spent: in the
// runtime, the storage and the scanning of documents. Node's engine comes from a disk, and has them inlined wherever the compiler likes.
const inlined = [
  "runtime",
  "internal/runtime/...",
  "internal/bytealg",
  "unicode/utf8",
  "encoding/binary",
  "github.com/cespare/xxhash/v2",
  "github.com/gouchdb/gouchdb/core/internal/md5",
  "github.com/gouchdb/gouchdb/core/kv/internal/tree",
  "github.com/gouchdb/gouchdb/core/kv/logkv",
  "github.com/gouchdb/gouchdb/core/rawjson",
  "math/bits",
];
const pageFlags = ["-gcflags=all=-l", ...inlined.map((name) => `-gcflags=${name}=`)];

/** Builds the engine. With `named`, the names of functions stay in it, for profiles. */
export function buildWasm(output, id, tags = "", { named = false } = {}) {
  const overlay = libraryOverlay(go("env", "GOROOT"), join(root, "build/_go-library"));
  const linking = `-ldflags=${named ? "" : "-s "}-w -X main.buildID=${id}`;
  go("build", "-overlay", overlay, "-trimpath", `-tags=${tags}`, ...(tags === "node" ? [] : pageFlags), linking, "-o", output, "./wasm");
  const engine = mergeSegments(readFileSync(output), shortenTraces);
  const lacking = WebAssembly.Module.imports(new WebAssembly.Module(engine)).find(({ name }) => unused.includes(name));
  if (lacking) {
    throw new Error(`the engine imports ${lacking.name}, which is left out of Go's wasm_exec.js here`);
  }
  writeFileSync(output, engine);
}

// Go's script puts objects in the place of Node's modules where there are none. In Node they are there, and of the page's engine nothing calls them: it only reads the constants of fs.
function withoutStandIns(script) {
  for (const name of ["fs", "process", "path"]) {
    const standIn = new RegExp(String.raw`^\tif \(!globalThis\.${name}\) \{\n[^]*?^\t\}\n`, "m");
    const [found] = standIn.exec(script) ?? [];
    const constants = /constants: \{.*?\}/.exec(found ?? "")?.[0];
    if (!found || (name === "fs" && !constants)) {
      throw new Error(`Go's wasm_exec.js has no stand-in for ${name} where it is looked for`);
    }
    script = script.replace(standIn, constants ? `\tglobalThis.fs ??= { ${constants} };\n` : "");
  }
  return script;
}

// What the engine does not import, as buildWasm checks.
const unused = ["syscall/js.valueDelete", "syscall/js.valueInstanceOf", "debug"];

// Leaves out of Go's script what this engine does without: functions that it does not import, or that go.ts has its own of; questions for what all have that
// can run the rest of the package; and the writing of arguments and an environment, of which there are none (Go finds zeros where they would be).
function withoutUnused(script) {
  const member = (name) => [new RegExp(String.raw`^\t\t\t\t\t"${name}": \([^]*?^\t\t\t\t\t\},\n`, "m"), ""];
  const question = (name) => [new RegExp(String.raw`^\tif \(!globalThis\.${name}\) \{\n[^]*?^\t\}\n`, "m"), ""];
  for (const [part, instead] of [
    ...[...unused, "runtime.wasmWrite"].map(member),
    ...["crypto", "performance", "TextEncoder", "TextDecoder"].map(question),
    [/^\t\t\tconst testCallExport = [^]*?^\t\t\t\}\n/m, ""],
    [/^\t\t\t\t_gotest: \{[^]*?^\t\t\t\t\},\n/m, ""],
    [/^\t\t\tthis\.(argv = \["js"\]|env = \{\});\n/gm, ""],
    [/^\t\t\tlet offset = 4096;\n[^]*this\._inst\.exports\.run\(argc, argv\);\n/m, "\t\t\tthis._inst.exports.run(0, 4096);\n"],
  ]) {
    const left = script.replace(part, instead);
    if (left === script) {
      throw new Error(`Go's wasm_exec.js has nothing like ${part}`);
    }
    script = left;
  }
  return script;
}

// Go's own script, nearly as it comes with the compiler, in a function: it runs when the engine starts, not when the package is imported.
function wasmExec() {
  return {
    name: "wasm_exec",
    setup(build) {
      build.onResolve({ filter: /^gouchdb:wasm_exec$/ }, () => ({ path: "wasm_exec", namespace: "go" }));
      build.onLoad({ filter: /.*/, namespace: "go" }, () => {
        const script = withoutUnused(withoutStandIns(readFileSync(join(go("env", "GOROOT"), "lib/wasm/wasm_exec.js"), "utf8")));
        return { contents: `export function defineGo() {\n${script}\n}`, loader: "js" };
      });
    },
  };
}

/** Bundles an entry point. Options of esbuild's may be given; resolves to what it tells of its work. */
export async function bundle(entry, outfile, id, { define, plugins = [], ...options } = {}) {
  const { version } = JSON.parse(readFileSync(join(js, "package.json"), "utf8"));
  return require("esbuild").build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    format: "esm",
    target: "es2022",
    minify: true,
    keepNames: false,
    sourcemap: false,
    legalComments: "inline",
    logLevel: "warning",
    define: { GOUCHDB_BUILD_ID: JSON.stringify(id), GOUCHDB_VERSION: JSON.stringify(version), ...define },
    plugins: [wasmExec(), ...plugins],
    ...options,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Beside the old one, which goes only when the new one is whole.
  const fresh = `${dist}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  // Node's engine is the one of browsers, and files.
  const id = buildID("node");
  buildWasm(join(fresh, "gouchdb.wasm"), id);
  buildWasm(join(fresh, "gouchdb-node.wasm"), id, "node");
  await bundleAll(join(js, "src/entrypoints"), fresh, id);
  declare(js, fresh);
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
  copyFileSync(join(root, "LICENSE"), join(js, "LICENSE"));
  console.log(`built js/dist, build ${id}`);
}
