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
for (const [place, options] of Object.entries({ IndexedDB: {}, "a worker": { worker: true }, "a server": {} })) {
  describe(place, () => {
    for (const [name, { run, expected }] of Object.entries(stories)) {
      test(name, { timeout: 120_000 }, async () => {
        const prefix = `${place === "a server" ? `${server.url}/` : ""}additions-${count++}-`;
        const outcome = await page.evaluate(async ({ source, prefix, options }) => {
          let opened = 0;
          const open = () => new GouchDB(prefix + opened++, options);
          return JSON.stringify(await (0, eval)(`(${source})`)({ GouchDB, open }));
        }, { source: String(run), prefix, options });
        assert.deepEqual(JSON.parse(outcome), expected);
      });
    }
  });
}
