// The packed package in small projects: each bundler builds one, and Chromium runs it against a server. The bundlers have a lock file of
// their own, in bundlers/.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

import { startChromium } from "../wasm_exec_test/chromium.mjs";
import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { serve } from "../wasm_exec_test/serve.mjs";
import { packageRoot, project, run, tarball } from "./installed.mjs";

const tools = createRequire(new URL("bundlers/package.json", import.meta.url));
const tool = (name) => import(pathToFileURL(tools.resolve(name)));
const binary = (name) => fileURLToPath(new URL(`bundlers/node_modules/.bin/${name}`, import.meta.url));
const dist = join(packageRoot, "dist");

// What all of them do: write, read, call for what is loaded later, sync, and use a worker.
const story = (from) => `
import GouchDB from ${JSON.stringify(from)};
const { name, remote } = Object.fromEntries(new URLSearchParams(location.search));
async function story() {
  const db = new GouchDB(name);
  await db.put({ _id: "milk", title: "Buy milk" });
  const { title } = await db.get("milk");
  await db.upsert("visits", () => ({ count: 1 }));
  const { push } = await db.sync(remote + "/" + name);
  const other = new GouchDB(name + "-in-worker", { worker: true });
  const { docs_written: pulled } = await other.replicate.from(remote + "/" + name);
  return { title, pushed: push.docs_written, pulled };
}
story().then((outcome) => { globalThis.outcome = outcome; }, (error) => { globalThis.outcome = String(error.stack ?? error); });
`;
const page = (script) => `<!doctype html><title>app</title><script type="module" src="${script}"></script>`;
const told = { title: "Buy milk", pushed: 2, pulled: 2 };

let files, pages, server, browser;
before(async () => {
  files = {};
  pages = await serve(files);
  server = await startServer(["--memory", "--no-auth", "--cors", pages.url]);
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await pages?.close();
});

// Makes a project with the story in it, and says where its built files belong.
function newApp(name, from = "gouchdb") {
  const directory = join(project, name);
  mkdirSync(join(directory, "built"), { recursive: true });
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name, private: true, type: "module" }));
  writeFileSync(join(directory, "main.js"), story(from));
  writeFileSync(join(directory, "index.html"), page("./main.js"));
  return { directory, main: join(directory, "main.js"), built: join(directory, "built") };
}

// Serves what was built, and lets Chromium run it.
async function outcomeOf(name, built, path = "index.html") {
  for (const file of readdirSync(built, { recursive: true })) {
    files[`/${name}/${file}`] = pathToFileURL(join(built, file));
  }
  return visit(`${pages.url}/${name}/${path}`, name);
}

async function visit(url, name) {
  const tab = await browser.context.newPage();
  await tab.goto(`${url}?${new URLSearchParams({ name, remote: server.url })}`);
  await tab.waitForFunction(() => globalThis.outcome);
  const outcome = await tab.evaluate(() => globalThis.outcome);
  await tab.close();
  return outcome;
}

describe("bundlers", { concurrency: 1 }, () => {
  test("Vite, as it comes", { timeout: 60_000 }, async () => {
    const { build } = await tool("vite");
    const app = newApp("vite");
    await build({ root: app.directory, base: "./", logLevel: "error", build: { outDir: app.built } });
    assert.deepEqual(await outcomeOf("vite", app.built), told);
  });

  test("Vite's development server, as it comes", { timeout: 60_000 }, async () => {
    const { createServer } = await tool("vite");
    const app = newApp("vite-dev");
    cpSync(packageRoot, join(app.directory, "node_modules/gouchdb"), { recursive: true }); // it serves nothing from outside
    const development = await createServer({ root: app.directory, logLevel: "error", server: { host: "127.0.0.1", port: 0 } });
    await development.listen();
    const url = `http://127.0.0.1:${development.httpServer.address().port}`;
    const other = await startServer(["--memory", "--no-auth", "--cors", url]);
    try {
      const tab = await browser.context.newPage();
      await tab.goto(`${url}/?${new URLSearchParams({ name: "vite-dev", remote: other.url })}`);
      await tab.waitForFunction(() => globalThis.outcome);
      assert.deepEqual(await tab.evaluate(() => globalThis.outcome), told);
      await tab.close();
    } finally {
      await other.stop();
      await development.close();
    }
  });

  test("webpack, as it comes", { timeout: 60_000 }, async () => {
    const { default: webpack } = await tool("webpack");
    const app = newApp("webpack");
    const stats = await promisify(webpack)({ mode: "production", context: app.directory, entry: "./main.js", output: { path: app.built, filename: "main.js" }, performance: false });
    assert.equal(stats.hasErrors() || stats.hasWarnings(), false, stats.toString());
    writeFileSync(join(app.built, "index.html"), page("main.js"));
    assert.deepEqual(await outcomeOf("webpack", app.built), told);
  });

  test("Parcel, as it comes", { timeout: 60_000 }, async () => {
    const { Parcel } = (await tool("@parcel/core")).default;
    const app = newApp("parcel");
    await new Parcel({
      entries: join(app.directory, "index.html"),
      defaultConfig: tools.resolve("@parcel/config-default"),
      mode: "production",
      shouldDisableCache: true,
      defaultTargetOptions: { distDir: app.built, publicUrl: "./", shouldOptimize: false },
    }).run();
    assert.deepEqual(await outcomeOf("parcel", app.built), told);
  });

  test("esbuild, with the engine and the worker copied beside the bundle", { timeout: 60_000 }, async () => {
    const { build } = await tool("esbuild");
    const app = newApp("esbuild");
    await build({ entryPoints: [app.main], bundle: true, minify: true, format: "esm", outdir: app.built, logLevel: "error" });
    for (const file of ["gouchdb.wasm", "worker.js"]) {
      copyFileSync(join(dist, file), join(app.built, file));
    }
    writeFileSync(join(app.built, "index.html"), page("main.js"));
    assert.deepEqual(await outcomeOf("esbuild", app.built), told);
  });

  test("esbuild, a service worker", { timeout: 60_000 }, async () => {
    const { build } = await tool("esbuild");
    const app = newApp("service-worker", "gouchdb/service-worker");
    writeFileSync(app.main, `
      import GouchDB from "gouchdb/service-worker";
      onmessage = async ({ source }) => {
        const { rev } = await new GouchDB("in-service-worker").upsert("visits", () => ({ count: 1 }));
        source.postMessage((await new GouchDB("in-service-worker").purge("visits", rev)).documentWasRemovedCompletely);
      };`);
    await build({ entryPoints: [app.main], bundle: true, minify: true, format: "esm", outdir: app.built, logLevel: "error" });
    copyFileSync(join(dist, "gouchdb.wasm"), join(app.built, "gouchdb.wasm"));
    writeFileSync(join(app.built, "index.html"), `<!doctype html><script type="module">
      navigator.serviceWorker.onmessage = ({ data }) => { globalThis.outcome = { data }; };
      const { installing, waiting, active } = await navigator.serviceWorker.register("main.js", { type: "module" });
      (installing ?? waiting ?? active).postMessage("go");
    </script>`);
    assert.deepEqual(await outcomeOf("service-worker", app.built), { data: true });
  });

  test("Rollup, with the engine inside the bundle", { timeout: 60_000 }, async () => {
    const [{ rollup }, { nodeResolve }] = await Promise.all([tool("rollup"), tool("@rollup/plugin-node-resolve")]);
    const app = newApp("rollup", "gouchdb/inline");
    const bundle = await rollup({ input: app.main, plugins: [nodeResolve({ browser: true })] });
    await bundle.write({ dir: app.built, format: "es" });
    await bundle.close();
    assert.deepEqual(readdirSync(app.built), ["main.js"]);
    writeFileSync(join(app.built, "index.html"), page("main.js"));
    assert.deepEqual(await outcomeOf("rollup", app.built), told);
  });
});

describe("without a bundler", () => {
  test("<script type=module>", { timeout: 30_000 }, async () => {
    files["/module/index.html"] = `<!doctype html><script type="module">${story("./dist/browser.js")}</script>`;
    for (const file of ["browser.js", "additions.js", "gouchdb.wasm", "worker.js"]) {
      files[`/module/dist/${file}`] = pathToFileURL(join(dist, file));
    }
    assert.deepEqual(await visit(`${pages.url}/module/index.html`, "module"), told);
  });

  test("<script>, from this origin and from another", { timeout: 30_000 }, async () => {
    const elsewhere = await serve(Object.fromEntries(["gouchdb.js", "gouchdb.wasm", "worker.js"].map((file) => [`/${file}`, pathToFileURL(join(dist, file))])));
    try {
      for (const [name, base] of [["script-here", "/module/dist"], ["script-there", elsewhere.url]]) {
        files["/module/dist/gouchdb.js"] = pathToFileURL(join(dist, "gouchdb.js"));
        files[`/${name}.html`] = `<!doctype html><script src="${base}/gouchdb.js"></script><script>${story("gouchdb").replace(/^import.*$/m, "")}</script>`;
        assert.deepEqual(await visit(`${pages.url}/${name}.html`, name), told);
      }
    } finally {
      await elsewhere.close();
    }
  });

  // A process that must end by itself, whose output is the outcome.
  const inNode = (require) => `
    ${require}
    (async () => {
      const db = new GouchDB("node", { adapter: "memory" });
      await db.put({ _id: "milk", title: "Buy milk" });
      const { title } = await db.get("milk");
      await db.upsert("visits", () => ({ count: 1 }));
      const { push } = await db.sync(${JSON.stringify(`${server.url}/node`)} + Math.random().toString(36).slice(2));
      const file = new GouchDB("file-" + Math.random());
      await file.put({ _id: "a" });
      const { adapter } = file;
      await file.destroy();
      const named = await db.get("coffee").catch((error) => error instanceof GouchError);
      console.log(JSON.stringify({ title, pushed: push.docs_written, adapter, named }));
    })();`;

  for (const [kind, require] of [
    ["Node, import", 'import GouchDB, { GouchError } from "gouchdb";'],
    ["Node, import of gouchdb/inline", 'import GouchDB, { GouchError } from "gouchdb/inline";'],
    ["Node, require", 'import { createRequire } from "node:module"; const GouchDB = createRequire(import.meta.url)("gouchdb"); const { GouchError } = GouchDB;'],
    ["Node, require of gouchdb/inline", 'import { createRequire } from "node:module"; const { GouchDB, GouchError } = createRequire(import.meta.url)("gouchdb/inline");'],
  ]) {
    test(kind, { timeout: 30_000 }, async () => {
      const { code, output } = await run(inNode(require));
      assert.equal(code, 0, output);
      assert.deepEqual(JSON.parse(output), { title: "Buy milk", pushed: 2, adapter: "file", named: true });
    });
  }
});

// Cloudflare's runtime: it compiles no WebAssembly by itself, so that the engine comes with the code.
test("workerd", { timeout: 60_000 }, async () => {
  const { build } = await tool("esbuild");
  const app = newApp("workerd");
  writeFileSync(app.main, `
    import GouchDB from "gouchdb";
    async function story(remote) {
      const db = new GouchDB("notes");
      await db.put({ _id: "milk", title: "Buy milk" });
      const { title } = await db.get("milk");
      await db.upsert("visits", () => ({ count: 1 }));
      const { push } = await db.sync(remote + "/workerd");
      return { title, pushed: push.docs_written, adapter: db.adapter };
    }
    export default { fetch: async (request) => Response.json(await story(new URL(request.url).searchParams.get("remote")).catch((error) => String(error.stack))) };`);
  await build({ entryPoints: [app.main], bundle: true, format: "esm", conditions: ["workerd"], external: ["*.wasm"], outdir: app.built, logLevel: "error" });
  copyFileSync(join(dist, "gouchdb.wasm"), join(app.built, "gouchdb.wasm"));
  const config = join(app.built, "config.capnp");
  writeFileSync(config, `
    using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .app), (name = "internet", network = (allow = ["local"]))],
      sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")]
    );
    const app :Workerd.Worker = (
      modules = [(name = "main.js", esModule = embed "main.js"), (name = "gouchdb.wasm", wasm = embed "gouchdb.wasm")],
      compatibilityDate = "2025-09-01",
    );`);
  const child = spawn(tools("workerd").default, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  try {
    const port = await new Promise((resolve, reject) => {
      createInterface({ input: child.stdio[3] }).on("line", (line) => resolve(JSON.parse(line).port));
      child.once("exit", (code) => reject(new Error(`workerd has ended with ${code}`)));
    });
    const answer = await fetch(`http://127.0.0.1:${port}/?${new URLSearchParams({ remote: server.url })}`);
    assert.deepEqual(await answer.json(), { title: "Buy milk", pushed: 2, adapter: "memory" });
  } finally {
    child.kill();
  }
});

describe("what the package says of itself", { concurrency: true }, () => {
  const check = (file, ...args) => promisify(execFile)(process.execPath, [binary(file), ...args], { cwd: project }).catch(({ stdout, stderr }) => assert.fail(stdout + stderr));

  test("publint", { timeout: 60_000 }, () => check("publint", packageRoot, "--strict"));

  // Old resolution without exports knows nothing but the main entry.
  test("are the types wrong?", { timeout: 60_000 }, () => check("attw", tarball, "--profile", "node16", "--exclude-entrypoints", "worker.js", "gouchdb.wasm"));
});
