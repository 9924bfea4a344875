// gouchdb/react in a real React app, built by esbuild, in Chromium.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { startChromium } from "../wasm_exec_test/chromium.mjs";
import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { serve } from "../wasm_exec_test/serve.mjs";
import { packageRoot, project } from "./installed.mjs";

const tools = createRequire(new URL("bundlers/package.json", import.meta.url));
const directory = join(project, "react-app");

// What is set from outside is in window.app; what is shown is in the page.
const app = `
import { StrictMode, useSyncExternalStore } from "react";
import { createRoot } from "react-dom/client";
import GouchDB from "gouchdb";
import { useDoc, useFind, useSync } from "gouchdb/react";

let state = { shown: true, done: false, id: "milk", remote: undefined };
const listeners = new Set();
window.set = (change) => { state = { ...state, ...change }; listeners.forEach((listener) => listener()); };
const subscribe = (listener) => { listeners.add(listener); return () => listeners.delete(listener); };
window.db = new GouchDB("tasks");
window.GouchDB = GouchDB;

function Tasks({ done, id, remote }) {
  const { docs, loading, error } = useFind(window.db, done === null ? null : { selector: { done }, sort: ["_id"] });
  const one = useDoc(window.db, id);
  const sync = useSync(window.db, remote, { batch_size: 50 });
  window.renders = (window.renders ?? 0) + 1;
  return <>
    <ul>{docs.map((task) => <li key={task._id}>{task.title}</li>)}</ul>
    <p id="list">{loading ? "loading" : error ? error.message : docs.length + " tasks"}</p>
    <p id="doc">{one.loading ? "loading" : one.error ? one.error.message : one.doc ? one.doc.title : "no such document"}</p>
    <p id="sync">{sync.state} {sync.push?.docs_written ?? "-"} {sync.pull?.docs_written ?? "-"}</p>
  </>;
}
function App() {
  const current = useSyncExternalStore(subscribe, () => state);
  return current.shown ? <Tasks {...current} /> : <p id="list">nothing</p>;
}
createRoot(document.getElementById("root")).render(<StrictMode><App /></StrictMode>);
`;

let pages, server, browser, page;
before(async () => {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "app.jsx"), app);
  const { build } = await import(pathToFileURL(tools.resolve("esbuild")));
  await build({
    entryPoints: [join(directory, "app.jsx")],
    outfile: join(directory, "app.js"),
    bundle: true,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' }, // strict mode then mounts everything twice
    nodePaths: [join(tools.resolve("react/package.json"), "../..")],
    logLevel: "error",
  });
  pages = await serve({
    "/": '<!doctype html><title>tasks</title><div id="root"></div><script type="module" src="/app.js"></script>',
    "/app.js": pathToFileURL(join(directory, "app.js")),
    "/gouchdb.wasm": pathToFileURL(join(packageRoot, "dist/gouchdb.wasm")),
  });
  server = await startServer(["--memory", "--no-auth", "--cors", pages.url]);
  browser = await startChromium();
  page = await browser.context.newPage();
  await page.goto(pages.url);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await pages?.close();
});

const shows = async (id, expected) => {
  try {
    await page.waitForFunction(([id, expected]) => document.getElementById(id)?.textContent === expected, [id, expected], { timeout: 20_000 });
  } catch {
    assert.equal(await page.textContent(`#${id}`), expected);
  }
};
const titles = () => page.$$eval("li", (items) => items.map((item) => item.textContent));
const put = (...docs) => page.evaluate((all) => window.db.bulkDocs(all), docs);
const set = (change) => page.evaluate((all) => window.set(all), change);

test("useFind follows the database, and its request", { timeout: 60_000 }, async () => {
  await shows("list", "0 tasks");
  await put({ _id: "tea", title: "Tea", done: false }, { _id: "milk", title: "Milk", done: false }, { _id: "old", title: "Old", done: true });
  await shows("list", "2 tasks");
  assert.deepEqual(await titles(), ["Milk", "Tea"]);
  await page.evaluate(async () => window.db.put({ ...(await window.db.get("tea")), done: true }));
  await shows("list", "1 tasks");
  await set({ done: true });
  await page.waitForFunction(() => document.querySelectorAll("li").length === 2);
  assert.deepEqual(await titles(), ["Old", "Tea"]);
  await set({ done: null });
  await shows("list", "0 tasks");
  await set({ done: false });
  await shows("list", "1 tasks");
});

test("useDoc follows a document, and its id", { timeout: 60_000 }, async () => {
  await shows("doc", "Milk");
  await page.evaluate(async () => window.db.put({ ...(await window.db.get("milk")), title: "Oat milk" }));
  await shows("doc", "Oat milk");
  await set({ id: "coffee" });
  await shows("doc", "no such document");
  await put({ _id: "coffee", title: "Coffee", done: true });
  await shows("doc", "Coffee");
  await page.evaluate(async () => window.db.remove(await window.db.get("coffee")));
  await shows("doc", "no such document");
});

test("useSync syncs while it is there", { timeout: 60_000 }, async () => {
  await shows("sync", "stopped - -");
  const remote = `${server.url}/tasks`;
  await set({ remote });
  await shows("sync", "paused 4 0");
  await page.evaluate(async (url) => new window.GouchDB(url).put({ _id: "juice", title: "Juice", done: false }), remote);
  await shows("list", "2 tasks");
  await shows("sync", "paused 4 1");
});

test("rendering again with what says the same begins nothing anew, and taking all away ends everything", { timeout: 60_000 }, async () => {
  const renders = await page.evaluate(() => window.renders);
  await set({});
  await page.waitForFunction((before) => window.renders > before, renders);
  await shows("sync", "paused 4 1");
  await set({ shown: false });
  await shows("list", "nothing");
  await page.waitForFunction(async () => (await window.GouchDB.activeTasks()).length === 0);
});
