// Builds js/dist: the engines, the JavaScript for each place (see js-builds.mjs), and the declarations. One build id goes into the wasm and the JavaScript.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { GOEXPERIMENT, libraryOverlay } from "./go-library.mjs";
import { bundleAll } from "./js-builds.mjs";
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

// Functions are not inlined: that makes the engine smaller, compressed, than it is by default. Except where the time is spent: in the
// runtime, the storage and the scanning of documents.
const inlined = [
  "runtime",
  "internal/runtime/...",
  "internal/bytealg",
  "unicode/utf8",
  "encoding/binary",
  "github.com/cespare/xxhash/v2",
  "github.com/tidwall/btree",
  "github.com/gouchdb/gouchdb/core/internal/md5",
  "github.com/gouchdb/gouchdb/core/kv/...",
  "github.com/gouchdb/gouchdb/core/rawjson",
];
const inlining = ["-gcflags=all=-l", ...inlined.map((name) => `-gcflags=${name}=`)];

/** Builds the engine. With `named`, the names of functions stay in it, for profiles. */
export function buildWasm(output, id, tags = "", { named = false } = {}) {
  const overlay = libraryOverlay(go("env", "GOROOT"), join(root, "build/_go-library"));
  const linking = `-ldflags=${named ? "" : "-s "}-w -X main.buildID=${id}`;
  go("build", "-overlay", overlay, "-trimpath", `-tags=${tags}`, ...inlining, linking, "-o", output, "./wasm");
  writeFileSync(output, mergeSegments(readFileSync(output), shortenTraces));
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

// Go's own script, nearly as it comes with the compiler, in a function: it runs when the engine starts, not when the package is imported.
function wasmExec() {
  return {
    name: "wasm_exec",
    setup(build) {
      build.onResolve({ filter: /^gouchdb:wasm_exec$/ }, () => ({ path: "wasm_exec", namespace: "go" }));
      build.onLoad({ filter: /.*/, namespace: "go" }, () => {
        const script = withoutStandIns(readFileSync(join(go("env", "GOROOT"), "lib/wasm/wasm_exec.js"), "utf8"));
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
  execFileSync(process.execPath, [require.resolve("typescript/bin/tsc"), "-p", js, "--emitDeclarationOnly", "--stripInternal", "--outDir", join(fresh, "types")], {
    stdio: "inherit",
  });
  // The same once more for require(): what is true of an ES module is not believed of the other kind.
  cpSync(join(fresh, "types"), join(fresh, "types-cjs"), { recursive: true });
  writeFileSync(join(fresh, "types-cjs/package.json"), '{ "type": "commonjs" }\n');
  rmSync(dist, { recursive: true, force: true });
  renameSync(fresh, dist);
  copyFileSync(join(root, "LICENSE"), join(js, "LICENSE"));
  console.log(`built js/dist, build ${id}`);
}
