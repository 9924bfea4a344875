// The random scripts of node_test/differential.mjs in Chromium, where contents are Blobs, GouchDB is in IndexedDB, and PouchDB, of whose adapters for
// IndexedDB each has ways of its own, in memory. Only one of them can purge: that one does.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { differences } from "../node_test/differences.mjs";
import { startChromium } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);
const beside = new URL("../node_test/", import.meta.url);
const seeds = process.env.DIFFERENTIAL_SEED ? [Number(process.env.DIFFERENTIAL_SEED)] : Array.from({ length: Number(process.env.SEEDS ?? 16) }, (_, seed) => seed);
const STEPS = 60;

let files, browser, page;
before(async () => {
  files = await serve({
    "/": `<!doctype html><title>differential</title>${["", ".find", ".memory", ".indexeddb"].map((part) => `<script src="/pouchdb${part}.js"></script>`).join("")}
      <script type=module>
        import GouchDB from "/browser.js";
        import { run } from "/differential.mjs";
        let count = 0;
        const classes = [[PouchDB.defaults({ adapter: "memory" }), PouchDB.defaults({ adapter: "indexeddb" })], [GouchDB, GouchDB]];
        globalThis.transcripts = async (seed, steps) => {
          const both = [];
          for (const pair of classes) {
            const [makeAnother, makePurging] = pair.map((Class) => () => new Class("differential-" + count++));
            both.push(await run(seed, steps, makeAnother(), makeAnother, makePurging));
          }
          return JSON.stringify(both);
        };
      </script>`,
    ...Object.fromEntries(["browser.js", "additions.js", "gouchdb.wasm"].map((name) => [`/${name}`, new URL(name, dist)])),
    ...Object.fromEntries(["differential", "differential_more", "differential_combined", "differential_purge", "contents"].map((name) => [`/${name}.mjs`, { type: "text/javascript", body: new URL(`${name}.mjs`, beside) }])),
    ...Object.fromEntries(["pouchdb.js", "pouchdb.find.js", "pouchdb.memory.js", "pouchdb.indexeddb.js"].map((name) => [`/${name}`, new URL(`node_modules/pouchdb/dist/${name}`, beside)])),
  });
  browser = await startChromium();
  page = await browser.context.newPage();
  await page.goto(files.url);
  await page.waitForFunction(() => globalThis.transcripts);
});
after(async () => {
  await browser?.close();
  await files?.close();
});

for (const seed of seeds) {
  test(`seed ${seed}`, { timeout: 30_000 }, async () => {
    const [pouch, gouch] = JSON.parse(await page.evaluate(([which, steps]) => transcripts(which, steps), [seed, STEPS]));
    for (const [step, p] of pouch.entries()) {
      const g = gouch[step];
      for (const { settle } of differences) {
        settle(p.call, p, g);
      }
      assert.deepEqual(g, p, `seed ${seed} (DIFFERENTIAL_SEED=${seed}), step ${step}: ${p.call}`);
    }
  });
}
