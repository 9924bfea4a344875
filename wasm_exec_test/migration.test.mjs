// One app, written for PouchDB, in Chromium: as it was, with its import changed, and then on the data that it has left behind. What a person sees is the same.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { startChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";
import { serve } from "./serve.mjs";

const { build } = createRequire(new URL("../js/package.json", import.meta.url))("esbuild");
const dist = new URL("../js/dist/", import.meta.url);
const main = new URL("app/main.js", import.meta.url);
const modules = fileURLToPath(new URL("../node_test", import.meta.url));

async function bundled(source) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: modules, sourcefile: "main.js" }, bundle: true, write: false, format: "esm", platform: "browser", external: ["/browser.js"], logLevel: "error",
    inject: [fileURLToPath(new URL("app/node_globals.js", import.meta.url))],
  });
  return { type: "text/javascript", body: outputFiles[0].text };
}

let files, server, browser;
before(async () => {
  const source = readFileSync(main, "utf8");
  const migrated = source.replace('from "pouchdb";', 'from "/browser.js";');
  assert.notEqual(migrated, source);
  const page = (script, first = "") => `<!doctype html><title>notes</title><output></output><ul></ul>${first}<script type=module src="${script}"></script>`;
  files = await serve({
    "/pouchdb": page("/pouchdb.js"),
    "/pouchdb.js": await bundled(source),
    "/gouchdb": page("/migrated.js"),
    "/import": page("/migrated.js", `<script>beforeOpening = async (GouchDB, name) => { globalThis.imported = await GouchDB.importPouchDB(name); };</script>`),
    "/migrated.js": await bundled(migrated),
    ...Object.fromEntries(["browser.js", "additions.js", "import-pouchdb.js", "gouchdb.wasm"].map((name) => [`/${name}`, new URL(name, dist)])),
  });
  server = await startServer(["--memory", "--no-auth", "--cors", files.url]);
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await files?.close();
});

async function open(path, name) {
  const page = await browser.context.newPage();
  await page.goto(`${files.url}/${path}?${new URLSearchParams({ name, remote: `${server.url}/${name}` })}`);
  await page.waitForFunction(() => globalThis.app);
  return page;
}
const shown = (page, expected) => page.waitForFunction((titles) => [...document.querySelectorAll("li")].map((item) => item.textContent).join() === titles, expected.join());
const remote = (name, path) => fetch(`${server.url}/${name}/${path}`).then((response) => response.json());
const arrived = (page, name, id, holds) => page.waitForFunction(async ([url, text]) => (await (await fetch(url)).text()).includes(text), [`${server.url}/${name}/${id}`, holds]);

async function story(path) {
  const name = `notes-${path}`;
  let page = await open(path, name);
  const outcome = {};
  await page.evaluate(() => app.add("milk", "Buy milk", ["shop", "home"]));
  await page.evaluate(() => app.add("bread", "Buy bread", ["shop"]));
  await page.evaluate(() => Promise.all([app.star("bread"), app.star("bread")]));
  outcome.picture = await page.evaluate(() => app.picture("milk", [137, 80, 78, 71, 0, 255]));
  await shown(page, ["Buy bread **", "Buy milk  with a picture"]);
  outcome.refused = await page.evaluate(() => app.refused("milk"));
  outcome.conflict = await page.evaluate(() => app.conflict("bread"));
  await arrived(page, name, "bread", '"stars":2');
  await arrived(page, name, "milk", "picture.png");
  // Somebody else writes.
  await fetch(`${server.url}/${name}/tea`, { method: "PUT", body: JSON.stringify({ kind: "note", title: "Drink tea", tags: ["home"], stars: 1 }) });
  await shown(page, ["Buy bread **", "Drink tea *", "Buy milk  with a picture"]);
  await page.waitForFunction(() => document.querySelector("output").textContent === "up to date");
  // The page is left and opened again.
  await page.close();
  page = await open(path, name);
  await shown(page, ["Buy bread **", "Drink tea *", "Buy milk  with a picture"]);
  await page.evaluate(() => app.remove("milk"));
  await shown(page, ["Buy bread **", "Drink tea *"]);
  await arrived(page, name, "_changes", '"deleted":true');
  outcome.tags = await page.evaluate(() => app.tags());
  outcome.found = await page.evaluate(() => app.found(1));
  outcome.listed = await page.evaluate(() => app.listed());
  outcome.stopped = await page.evaluate(() => app.stop());
  outcome.errors = await page.evaluate(() => app.errors);
  await page.close();
  return outcome;
}

const expected = {
  picture: [true, "image/png", [137, 80, 78, 71, 0, 255], true, 6],
  refused: [409, "conflict", "Document update conflict"],
  conflict: [1, undefined],
  tags: [["home", 1], ["shop", 1]],
  found: 1,
  listed: ["bread", "tea"],
  stopped: ["cancelled", "cancelled"],
  errors: [],
};

test("the app as it was written, with PouchDB", { timeout: 90_000 }, async () => {
  assert.deepEqual(await story("pouchdb"), expected);
});

test("the same app with its import changed", { timeout: 90_000 }, async () => {
  assert.deepEqual(await story("gouchdb"), expected);
});

test("the app goes on with what PouchDB has left behind, and from its checkpoints", { timeout: 90_000 }, async () => {
  const name = "notes-pouchdb";
  const { last_seq: before } = await remote(name, "_changes");
  const page = await open("import", name);
  const { docs, problems } = await page.evaluate(() => imported);
  assert.ok(docs >= 4, String(docs));
  assert.deepEqual(problems, []);
  await shown(page, ["Buy bread **", "Drink tea *"]);
  await page.waitForFunction(() => document.querySelector("output").textContent === "up to date");
  const { results } = await remote(name, `_changes?since=${before}`);
  assert.deepEqual(results.filter(({ id }) => !id.startsWith("_design/")), [], "nothing is written again but the index, which has another name here");
  await page.evaluate(() => app.star("tea"));
  await arrived(page, name, "tea", '"stars":2');
  assert.deepEqual(await page.evaluate(() => app.tags()), expected.tags);
  assert.deepEqual(await page.evaluate(() => app.errors), []);
  await page.close();
});
