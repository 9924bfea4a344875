// Several tabs that keep the same databases in step: one does it, all are told, and when it goes another takes over.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { startChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);

describe("live replication in several tabs", { timeout: 120_000 }, () => {
  let files, server, browser;
  before(async () => {
    files = await serve({
      "/": "<!doctype html><title>tabs</title><script type=module>import GouchDB from '/browser.js'; globalThis.GouchDB = GouchDB;</script>",
      "/browser.js": new URL("browser.js", dist),
      "/gouchdb.wasm": new URL("gouchdb.wasm", dist),
    });
    server = await startServer(["--memory", "--no-auth", "--cors", files.url]);
    browser = await startChromium();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
    await files?.close();
  });

  // A tab that replicates, and gathers what it is told.
  async function open(name) {
    const page = await browser.context.newPage();
    await page.goto(files.url);
    await page.waitForFunction(() => globalThis.GouchDB);
    await page.evaluate(([name, url]) => {
      globalThis.db = new GouchDB(name);
      globalThis.seen = { ids: [], missed: [], paused: 0, ended: undefined };
      globalThis.sync = db.sync(`${url}/${name}`, { live: true, retry: true })
        .on("change", ({ change }) => {
          for (const { _id } of change.docs) {
            db.get(_id).catch(() => seen.missed.push(_id)).finally(() => seen.ids.push(_id));
          }
        })
        .on("paused", () => { seen.paused++; });
      sync.then(({ pull }) => { seen.ended = pull.status; }, (error) => { seen.ended = error.name; });
    }, [name, server.url]);
    return page;
  }
  const calm = (page) => page.waitForFunction(() => seen.paused > 0 && sync.push.status.state === "paused" && sync.pull.status.state === "paused");
  const sees = (page, id) => page.waitForFunction((id) => seen.ids.includes(id), id);
  const write = (path, id) => fetch(`${server.url}/${path}/${id}`, { method: "PUT", body: "{}" });
  const locks = (page, name) => page.evaluate(async (name) => {
    const { held, pending } = await navigator.locks.query();
    const ours = (list) => list.filter((lock) => lock.name.includes(name)).length;
    return { held: ours(held), pending: ours(pending) };
  }, name);

  test("one replicates, all see it; another takes over within a second", async () => {
    const tabs = [await open("tabs"), await open("tabs"), await open("tabs")];
    await Promise.all(tabs.map(calm));
    assert.deepEqual(await locks(tabs[0], "tabs"), { held: 2, pending: 4 }, "a push and a pull");
    await write("tabs", "first");
    await Promise.all(tabs.map((tab) => sees(tab, "first")));
    // Whichever tab writes, it is pushed.
    await tabs[2].evaluate(() => db.put({ _id: "local" }));
    await Promise.all(tabs.map((tab) => sees(tab, "local")));
    assert.equal((await fetch(`${server.url}/tabs/local`)).status, 200);

    const began = performance.now();
    await tabs[0].close();
    await tabs[1].waitForFunction(async () => (await navigator.locks.query()).held.filter((lock) => lock.name.includes("tabs")).length === 2);
    const took = performance.now() - began;
    assert.ok(took < 1000, `it took ${took} ms`);
    await write("tabs", "second");
    await Promise.all(tabs.slice(1).map((tab) => sees(tab, "second")));

    // Cancelling ends it for the one that cancels alone.
    await tabs[1].evaluate(() => sync.cancel());
    await tabs[1].waitForFunction(() => seen.ended === "cancelled");
    await write("tabs", "third");
    await sees(tabs[2], "third");
    assert.deepEqual(await locks(tabs[2], "tabs"), { held: 2, pending: 0 });
    await Promise.all(tabs.slice(1).map((tab) => tab.close()));
  });

  test("what a tab is told of, it can read", async () => {
    const tabs = [await open("told"), await open("told"), await open("told")];
    await Promise.all(tabs.map(calm));
    for (let i = 0; i < 20; i++) {
      await write("told", `d-${i}`);
      await Promise.all(tabs.map((tab) => sees(tab, `d-${i}`)));
    }
    assert.deepEqual(await Promise.all(tabs.map((tab) => tab.evaluate(() => seen.missed))), [[], [], []]);
    await Promise.all(tabs.map((tab) => tab.close()));
  });

  test("a tab that comes later learns how things stand; the end for good is everybody's", async () => {
    const first = await open("later");
    await calm(first);
    const second = await open("later");
    await calm(second);
    // Without its database nothing can go on.
    await fetch(`${server.url}/later`, { method: "DELETE" });
    await first.waitForFunction(() => seen.ended === "not_found");
    await second.waitForFunction(() => seen.ended === "not_found");
    assert.deepEqual(await locks(second, "later"), { held: 0, pending: 0 });
    await Promise.all([first, second].map((tab) => tab.close()));
  });
});
