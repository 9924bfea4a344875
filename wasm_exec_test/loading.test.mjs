// How the engine comes into pages, workers of all kinds and servers, and what is said when it does not.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { startChromium } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);
const file = (name) => new URL(name, dist);
const wasm = file("gouchdb.wasm");
const html = (from) => `<!doctype html><title>loading</title><script type=module>import GouchDB from '${from}'; globalThis.GouchDB = GouchDB;</script>`;
// Writes, reads, and purges, which PouchDB can do, too.
const works = `(async () => {
  const db = new GouchDB("loading-" + Math.random());
  const { rev } = await db.put({ _id: "a", n: 1 });
  const { n } = await db.get("a");
  const { documentWasRemovedCompletely } = await db.purge("a", rev);
  return documentWasRemovedCompletely && n;
})()`;
// A service worker that calls for what is beyond PouchDB.
const additions = (from) => `import GouchDB from "${from}";
  const run = async () => {
    const db = new GouchDB("additions-" + Math.random());
    const { updated } = await db.upsert("a", () => ({ n: 1 }));
    const { docs } = await GouchDB.load(db.dump(), "copy-" + Math.random());
    return { updated, docs, names: (await GouchDB.allDbs()).includes(db.name) };
  };
  onmessage = ({ source }) => run().then((answer) => source.postMessage(answer), ({ status, name, message }) => source.postMessage(status + " " + name + ": " + message));`;

function anotherBuild() {
  const [, id] = /"([0-9a-f]{16})"/.exec(readFileSync(file("browser.js"), "utf8"));
  const bytes = readFileSync(wasm);
  const at = bytes.indexOf(id);
  assert.notEqual(at, -1, "the build's id is in the engine");
  bytes.write("0123456789abcdef", at);
  return bytes;
}

let files, pages, browser;
before(async () => {
  files = {
    "/": html("/browser.js"),
    "/browser.js": file("browser.js"),
    "/gouchdb.wasm": wasm,
    "/gouchdb.js": file("gouchdb.js"),
    "/module.js": `import GouchDB from "/browser.js";
      const answer = (port) => ${works}.then((n) => port.postMessage(n), (error) => port.postMessage(String(error)));
      if (typeof SharedWorkerGlobalScope === "function") onconnect = ({ ports: [port] }) => answer(port);
      else if (typeof ServiceWorkerGlobalScope === "function") onmessage = ({ source }) => answer(source);
      else answer(globalThis);`,
    // Writes while it is installed, and answers requests from the database, whenever the browser has started it again.
    "/service.js": `import GouchDB from "/browser.js";
      const db = new GouchDB("service");
      oninstall = (event) => event.waitUntil(db.put({ _id: "page", text: "from the database" }).then(() => skipWaiting()));
      onactivate = (event) => event.waitUntil(clients.claim());
      const started = Math.random();
      onfetch = (event) => {
        if (event.request.url.endsWith("/kept")) event.respondWith(db.get("page").then(({ text }) => Response.json({ text, started })));
      };`,
    "/inline.js": file("inline.js"),
    "/service-worker.js": file("service-worker.js"),
    "/plain/worker.js": additions("/browser.js"),
    "/inlined/worker.js": additions("/inline.js"),
    "/whole/worker.js": additions("/service-worker.js"),
    "/classic.js": `importScripts("/gouchdb.js"); ${works}.then((n) => postMessage(n), (error) => postMessage(String(error)));`,
  };
  for (const [path, body] of [
    ["octets", { type: "application/octet-stream", body: wasm }],
    ["fallback", { type: "text/html", body: "<!doctype html><title>the app</title>" }],
    ["other", { type: "application/wasm", body: anotherBuild() }],
    ["missing", undefined],
  ]) {
    Object.assign(files, { [`/${path}/`]: html(`/${path}/browser.js`), [`/${path}/browser.js`]: file("browser.js"), [`/${path}/gouchdb.wasm`]: body });
  }
  pages = await serve(files);
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await pages?.close();
});

async function open(path = "/", prepare = () => {}) {
  const page = await browser.context.newPage();
  await prepare(page);
  await page.goto(pages.url + path);
  await page.waitForFunction(() => globalThis.GouchDB);
  return page;
}
const use = (page) => page.evaluate(`${works}.catch(({ status, name, message }) => status + " " + name + ": " + message)`);

describe("the file beside the script", () => {
  test("of a type that cannot be streamed is compiled all the same", { timeout: 30_000 }, async () => {
    const page = await open("/octets/");
    assert.equal(await use(page), 1);
    await page.close();
  });

  for (const [path, expected] of [
    ["fallback", /^500 engine_unavailable: .*fallback\/gouchdb\.wasm is not a WebAssembly module \(it was served as text\/html\)/],
    ["missing", /^500 engine_unavailable: .*missing\/gouchdb\.wasm answers 404/],
    ["other", /^500 build_mismatch: gouchdb\.wasm is not from the same build as this JavaScript \([0-9a-f]{16}\): it says 0123456789abcdef$/],
  ]) {
    test(`that is not what it should be (${path}) is a named error; a right one is used at the next call`, { timeout: 30_000 }, async () => {
      const page = await open(`/${path}/`);
      assert.match(await use(page), expected);
      const was = files[`/${path}/gouchdb.wasm`];
      files[`/${path}/gouchdb.wasm`] = wasm;
      assert.equal(await use(page), 1);
      files[`/${path}/gouchdb.wasm`] = was;
      await page.close();
    });
  }

  test("may come late: importing loads nothing, and calls wait for it", { timeout: 30_000 }, async () => {
    let release;
    const released = new Promise((resolve) => (release = resolve));
    let asked = 0;
    const page = await open("/", (fresh) => fresh.route("**/gouchdb.wasm", async (route) => {
      asked++;
      await released;
      await route.continue();
    }));
    assert.equal(asked, 0);
    const done = page.evaluate(async () => {
      const db = new GouchDB("late");
      const calls = [db.put({ _id: "a" }), db.put({ _id: "b" }), db.info(), db.changes()];
      globalThis.called = true;
      const [a, b, { db_name: name }] = await Promise.all(calls);
      return [a.id, b.id, name, (await db.allDocs()).rows.length];
    });
    await page.waitForFunction(() => globalThis.called);
    release();
    assert.deepEqual(await done, ["a", "b", "late", 2]);
    assert.equal(asked, 1);
    await page.close();
  });
});

describe("GouchDB.init", () => {
  for (const [what, source] of [
    ["an address", '"/octets/gouchdb.wasm"'],
    ["a URL", 'new URL("/octets/gouchdb.wasm", location.href)'],
    ["a Response", 'await fetch("/octets/gouchdb.wasm")'],
    ["bytes", 'await (await fetch("/octets/gouchdb.wasm")).arrayBuffer()'],
    ["a view of bytes", 'new Uint8Array(await (await fetch("/octets/gouchdb.wasm")).arrayBuffer())'],
    ["a compiled module", 'await WebAssembly.compileStreaming(fetch("/gouchdb.wasm"))'],
  ]) {
    test(`takes ${what}`, { timeout: 30_000 }, async () => {
      const page = await open("/missing/");
      await page.evaluate(`(async () => { await GouchDB.init({ wasm: ${source} }); })()`);
      assert.equal(await use(page), 1);
      assert.match(await page.evaluate(() => GouchDB.init({ wasm: "/elsewhere" }).catch(({ message }) => message)), /must come before the first use/);
      await page.close();
    });
  }
});

describe("workers of the app's own", () => {
  const answered = (page, start) => page.evaluate(`new Promise((resolve) => { const heard = ({ data }) => resolve(data); ${start} })`);

  for (const [kind, start] of [
    ["a Web Worker", 'new Worker("/module.js", { type: "module" }).onmessage = heard;'],
    ["a classic Web Worker", 'new Worker("/classic.js").onmessage = heard;'],
    ["a SharedWorker", 'new SharedWorker("/module.js", { type: "module" }).port.onmessage = heard;'],
    [
      "a service worker",
      `navigator.serviceWorker.onmessage = heard;
       navigator.serviceWorker.register("/module.js", { type: "module" }).then(() => navigator.serviceWorker.ready).then(({ active }) => active.postMessage("go"));`,
    ],
  ]) {
    test(kind, { timeout: 30_000 }, async () => {
      const page = await open();
      assert.equal(await answered(page, start), 1);
      await page.close();
    });
  }
});

describe("what is loaded later, in a service worker that is a module", () => {
  const answerOf = async (scope) => {
    const page = await open();
    const answer = await page.evaluate(
      (path) =>
        new Promise((resolve) => {
          navigator.serviceWorker.onmessage = ({ data }) => resolve(data);
          navigator.serviceWorker.register(path + "worker.js", { type: "module" }).then(({ installing, waiting, active }) => (installing ?? waiting ?? active).postMessage("go"));
        }),
      scope,
    );
    await page.close();
    return answer;
  };

  for (const [entry, scope] of [["gouchdb/service-worker", "/whole/"], ["gouchdb/inline", "/inlined/"]]) {
    test(`is there with ${entry}`, { timeout: 30_000 }, async () => {
      assert.deepEqual(await answerOf(scope), { updated: true, docs: 1, names: true });
    });
  }

  test("is a named error with the plain package, which says what to import", { timeout: 30_000 }, async () => {
    assert.match(await answerOf("/plain/"), /^500 engine_unavailable: additions\.js cannot be loaded \(in a service worker, import gouchdb\/service-worker\): .*import\(\)/);
  });
});

test("a service worker answers requests from its database, also when the browser has stopped it meanwhile", { timeout: 30_000 }, async () => {
  const page = await open();
  await page.evaluate(async () => {
    const controlled = new Promise((resolve) => (navigator.serviceWorker.oncontrollerchange = resolve));
    await navigator.serviceWorker.register("/service.js", { type: "module" });
    await controlled;
  });
  const kept = () => page.evaluate(() => fetch("/kept").then((response) => response.json()));
  const { text, started } = await kept();
  assert.equal(text, "from the database");
  const session = await browser.context.newCDPSession(page);
  await session.send("ServiceWorker.enable");
  await session.send("ServiceWorker.stopAllWorkers");
  const again = await kept();
  assert.equal(again.text, text);
  assert.notEqual(again.started, started, "it was started again");
  await page.evaluate(() => navigator.serviceWorker.getRegistrations().then((all) => Promise.all(all.map((one) => one.unregister()))));
  await page.close();
});

describe("servers that render pages", () => {
  for (const name of ["browser.js", "inline.js", "service-worker.js", "gouchdb.js", "node.js"]) {
    test(`${name} is imported without a page, and does nothing`, { timeout: 30_000 }, async () => {
      const script = `
        const before = Object.getOwnPropertyNames(globalThis).join();
        globalThis.fetch = () => { throw new Error("it fetches"); };
        await import(${JSON.stringify(fileURLToPath(file(name)))});
        const after = Object.getOwnPropertyNames(globalThis).filter((name) => name !== "GouchDB").join();
        console.log(before === after, process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length);`;
      const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], { timeout: 20_000 });
      assert.equal(stdout.trim(), "true 0");
    });
  }
});
