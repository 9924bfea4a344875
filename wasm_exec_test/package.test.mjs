// The npm package's browser build in Chromium, over IndexedDB, with gouchdb serve as its peer.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);

for (const features of [[], ["IdbSqliteBackingStore"]]) {
  describe(`the package in Chromium ${features}`, () => {
    let files, server, browser, page;
    before(async () => {
      files = await serve({
        "/": "<!doctype html><title>package</title><script type=module>import GouchDB from '/browser.js'; globalThis.GouchDB = GouchDB;</script>",
        "/browser.js": new URL("browser.js", dist),
        "/gouchdb.wasm": new URL("gouchdb.wasm", dist),
      });
      server = await startServer(["--memory", "--no-auth", "--cors", files.url]);
      browser = await startChromium({ features });
      page = await open();
    });
    after(async () => {
      await browser?.close();
      await server?.stop();
      await files?.close();
    });
    async function open() {
      const opened = await browser.context.newPage();
      await opened.goto(files.url);
      await opened.waitForFunction(() => globalThis.GouchDB);
      return opened;
    }

    test("nothing is left on globalThis once the engine runs", async () => {
      const left = await page.evaluate(async () => {
        const before = new Set(Object.getOwnPropertyNames(globalThis));
        await new GouchDB("globals", { adapter: "memory" }).info();
        return [...Object.getOwnPropertyNames(globalThis).filter((name) => !before.has(name)), typeof process, typeof fs, typeof path, typeof Go];
      });
      assert.deepEqual(left, ["undefined", "undefined", "undefined", "undefined"]);
    });

    test("10,000 documents to the server and from it", { timeout: 120_000 }, async () => {
      const outcome = await page.evaluate(async (url) => {
        const count = 10_000;
        const db = new GouchDB("many");
        const docs = Array.from({ length: count }, (_, i) => ({ _id: `doc-${String(i).padStart(5, "0")}`, i, text: "x".repeat(500) }));
        for (let from = 0; from < count; from += 1000) {
          await db.bulkDocs(docs.slice(from, from + 1000));
        }
        const push = await db.replicate.to(`${url}/many`);
        const copy = new GouchDB("copy");
        const pull = await copy.replicate.from(`${url}/many`);
        const again = await copy.replicate.from(`${url}/many`);
        const rows = (await copy.allDocs({ include_docs: true })).rows;
        const revisions = async (database) => (await database.allDocs()).rows.map((row) => row.id + row.value.rev).join();
        return {
          pushed: push.docs_written, pulled: pull.docs_written, again: again.docs_read,
          rows: rows.length, right: rows.every((row, i) => row.doc.i === i && row.doc.text.length === 500),
          equal: (await revisions(db)) === (await revisions(copy)),
        };
      }, server.url);
      assert.deepEqual(outcome, { pushed: 10_000, pulled: 10_000, again: 0, rows: 10_000, right: true, equal: true });
    });

    test("a reload and another tab find what was written", async () => {
      await page.evaluate(async () => {
        const db = new GouchDB("kept");
        await db.put({ _id: "a", n: 1 });
      });
      await page.reload();
      await page.waitForFunction(() => globalThis.GouchDB);
      assert.equal(await page.evaluate(async () => (await new GouchDB("kept").get("a")).n), 1);

      const other = await open();
      const seen = other.evaluate(
        () => new Promise((resolve, reject) => {
          const db = new GouchDB("kept");
          db.changes({ live: true, since: 0, include_docs: true })
            .on("change", ({ doc }) => doc.n === 2 && resolve(doc._rev))
            .on("error", reject);
        }),
      );
      const written = await page.evaluate(async () => {
        const db = new GouchDB("kept");
        const { _rev } = await db.get("a");
        return (await db.put({ _id: "a", _rev, n: 2 })).rev;
      });
      assert.equal(await seen, written);
      await other.close();
    });

    test("tabs that write at once lose nothing", { timeout: 60_000 }, async () => {
      const tabs = await Promise.all([open(), open(), open(), open()]);
      const each = 100;
      await Promise.all(tabs.map((tab, n) => tab.evaluate(async ({ n, each }) => {
        const db = new GouchDB("shared");
        for (let i = 0; i < each; i++) {
          await db.put({ _id: `${n}-${i}` });
          // All count up the same document, as often as it takes.
          for (;;) {
            try {
              const counter = await db.get("counter").catch((error) => { if (error.status === 404) return { _id: "counter", n: 0 }; throw error; });
              await db.put({ ...counter, n: counter.n + 1 });
              break;
            } catch (error) {
              if (error.status !== 409) throw error;
            }
          }
        }
      }, { n, each })));
      for (const tab of tabs) {
        const found = await tab.evaluate(async (expected) => {
          const db = new GouchDB("shared");
          // A tab learns of the others' last writes by notice.
          while ((await db.info()).doc_count < expected || (await db.get("counter")).n < expected - 1) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          const { results } = await db.changes();
          return { counter: (await db.get("counter")).n, docs: results.length, sequences: new Set(results.map((change) => change.seq)).size };
        }, tabs.length * each + 1);
        assert.deepEqual(found, { counter: tabs.length * each, docs: tabs.length * each + 1, sequences: tabs.length * each + 1 });
      }
      await Promise.all(tabs.map((tab) => tab.close()));
    });

    test("a server of another origin that does not allow this one, and none at all, are named errors", async () => {
      const stranger = await startServer(["--memory", "--no-auth"]);
      try {
        for (const url of [`${stranger.url}/notes`, "http://127.0.0.1:1/notes"]) {
          const error = await page.evaluate(async (remote) => {
            const { status, name, message, reason } = await new GouchDB("kept").replicate.to(remote).then(() => ({}), (failure) => failure);
            return { status, name, text: `${message} ${reason}` };
          }, url);
          assert.equal(error.name, "unreachable", JSON.stringify(error));
        }
      } finally {
        await stranger.stop();
      }
    });
  });
}
