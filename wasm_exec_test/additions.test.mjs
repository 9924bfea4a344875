// What PouchDB leaves to plugins, in Chromium: the stories of node_test/additions.mjs in IndexedDB, in a worker, and on a server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { stories } from "../node_test/additions.mjs";
import { startChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);

let files, server, browser, page;
before(async () => {
  files = await serve({
    "/": "<!doctype html><title>additions</title><script type=module>import GouchDB from '/browser.js'; globalThis.GouchDB = GouchDB;</script>",
    ...Object.fromEntries(["browser.js", "additions.js", "worker.js", "gouchdb.wasm"].map((name) => [`/${name}`, new URL(name, dist)])),
  });
  server = await startServer(["--memory", "--no-auth", "--cors", files.url]);
  browser = await startChromium();
  page = await browser.context.newPage();
  await page.goto(files.url);
  await page.waitForFunction(() => globalThis.GouchDB);
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await files?.close();
});

let count = 0;
for (const [place, options] of Object.entries({ IndexedDB: {}, "a worker": { worker: true }, server: {} })) {
  describe(place, () => {
    for (const [name, { run, expected }] of Object.entries(stories)) {
      test(name, { timeout: 120_000 }, async () => {
        const prefix = `${place === "server" ? `${server.url}/` : ""}additions-${count++}-`;
        const outcome = await page.evaluate(async ({ source, prefix, options }) => {
          let opened = 0;
          const open = () => new GouchDB(prefix + opened++, options);
          return JSON.stringify(await (0, eval)(`(${source})`)({ GouchDB, open }));
        }, { source: String(run), prefix, options });
        assert.deepEqual(JSON.parse(outcome), typeof expected === "function" ? expected(place) : expected);
      });
    }
  });
}

test("allDbs lists what is in IndexedDB, and not what others have there", async () => {
  const names = await page.evaluate(async () => {
    await new Promise((resolve) => (indexedDB.open("_pouch_listed-foreign").onsuccess = resolve));
    const Listed = GouchDB.defaults({ prefix: "listed-" });
    await Promise.all([new Listed("b").info(), new Listed("a", { worker: true }).info(), new GouchDB("other").info()]);
    const listed = await Listed.allDbs();
    await new Listed("b").destroy();
    const all = await GouchDB.allDbs();
    const inMemory = await GouchDB.allDbs({ adapter: "memory" });
    return { listed, left: await Listed.allDbs(), other: all.includes("other") && all.includes("listed-a") && !all.some((name) => name.includes("foreign")), inMemory };
  });
  assert.deepEqual(names, { listed: ["a", "b"], left: ["a"], other: true, inMemory: [] });
});

test("storage is estimated, and kept if the browser likes", async () => {
  const told = await page.evaluate(async () => {
    const { usage, quota, persisted } = await GouchDB.storageEstimate();
    return { estimate: usage > 0 && quota > usage, same: typeof persisted === "boolean" && (await GouchDB.persist()) === (await navigator.storage.persisted()) };
  });
  assert.deepEqual(told, { estimate: true, same: true });
});
