// What becomes of acknowledged writes that are not logged yet when a page is hidden, left or closed.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { inTime, startLab } from "./agents.mjs";
import { Ledger } from "./ledger.mjs";

// Runs in a page: writes and is answered, while no timer of the engine is ever due, as in a page that sleeps in the background.
async function writeWithoutTimers(database, { GouchDB }) {
  const db = new GouchDB(database, { durability: "memory-first" });
  globalThis.db = db;
  await db.put({ _id: "before" });
  await db.flush();
  const now = performance.now();
  performance.now = () => now;
  globalThis.setTimeout = () => 0;
  await Promise.all(Array.from({ length: 20 }, (_, i) => db.put({ _id: `doc-${i}`, text: "x".repeat(1000) })));
}

// Runs in another page: how much is in the log. It does not open the database as such: that would make the writer look about, and find its timers due.
const loggedBytes = (database) => new Promise((resolve, reject) => {
  const opening = indexedDB.open(`gouchdb:${database}`);
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const reading = opening.result.transaction("records").objectStore("records").getAll();
    reading.onsuccess = () => {
      opening.result.close();
      resolve(reading.result.reduce((sum, { length }) => sum + length, 0));
    };
  };
});

// Runs in a page: writes without end, and tells the test what was acknowledged.
async function writeOn(database, { GouchDB, name, report }) {
  const db = new GouchDB(database, { durability: "memory-first" });
  for (let i = 0; ; i++) {
    const { id, rev } = await db.put({ _id: `${name}-${i}`, text: "x".repeat(300) });
    report({ acknowledged: [[id, rev]] });
  }
}

// Runs in a page: has it shown, hidden …, which it is told by an event, or, before it opens a database, finds so.
function show(state) {
  Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}

async function revisionsAfresh(database, { GouchDB }) {
  const db = new GouchDB(database);
  const { rows } = await db.allDocs();
  await db.close();
  return rows.map(({ id, value }) => `${id} ${value.rev}`);
}

const countAfresh = (database, { GouchDB }) => new GouchDB(database).allDocs().then(({ rows }) => rows.length);

for (const features of [[], ["IdbSqliteBackingStore"]]) {
  describe(`memory-first ${features}`, { timeout: 240_000 }, () => {
    let lab;
    before(async () => { lab = await startLab({ features }); });
    after(() => lab?.close());

    test("what was acknowledged is logged when the page becomes hidden", async () => {
      const [page, other] = [await lab.tab("hidden"), await lab.tab("hidden-other")];
      await page.run(writeWithoutTimers, "hidden");
      assert.ok(await other.run(loggedBytes, "hidden") < 5_000, "it waits for a timer");
      await page.run(show, "hidden");
      await inTime((async () => {
        while (await other.run(loggedBytes, "hidden") < 20_000);
      })(), "what is in the log");
      assert.equal(await other.run(countAfresh, "hidden"), 21);
      await Promise.all([page.kill("close"), other.kill("close")]);
    });

    test("what was acknowledged is logged when the page is left", async () => {
      const page = await lab.tab("left");
      const other = await lab.tab("left-other");
      await page.run(writeWithoutTimers, "left");
      assert.ok(await other.run(loggedBytes, "left") < 5_000, "it waits for a timer");
      await page.page.goto(`${lab.url}/favicon.ico`);
      assert.equal(await other.run(countAfresh, "left"), 21);
      await other.kill("close");
    });

    // The page is in the middle of a transaction at most times: what it has begun must not need it any more, nor what it has acknowledged since.
    for (const [how, leave] of Object.entries({
      left: ({ page }) => page.goto(`${lab.url}/favicon.ico`),
      closed: async ({ page, gone }) => {
        await page.close({ runBeforeUnload: true });
        await inTime(gone, "the end of the page");
      },
    })) {
      test(`what was acknowledged is logged when the page is ${how} in the middle of writing`, async (t) => {
        const other = await lab.tab(`middle-${how}`);
        let acknowledged = 0;
        for (let round = 0; round < 8; round++) {
          const ledger = new Ledger();
          const page = await lab.tab(`${how}-${round}`);
          ledger.listenTo(page);
          page.run(writeOn, `middle-${how}`).catch((error) => assert.equal(error.name, "gone", error.message)); // no answer at all when it is kept for going back
          await inTime(ledger.more(20 + 13 * round), "writes");
          await leave(page);
          const found = new Set(await other.run(revisionsAfresh, `middle-${how}`));
          const lost = [...ledger.acknowledged].flatMap(([id, revs]) => [...revs].map((rev) => `${id} ${rev}`)).filter((revision) => !found.has(revision));
          assert.deepEqual(lost, [], `round ${round}: lost of ${ledger.count}`);
          acknowledged += ledger.count;
        }
        t.diagnostic(`${acknowledged} revisions acknowledged`);
        await other.kill("close");
      });
    }

    test("a page that is shown again acknowledges first again, and has kept what it was told while it was hidden", async () => {
      const [page, other] = [await lab.tab("shown"), await lab.tab("shown-other")];
      await page.run(writeWithoutTimers, "shown");
      await page.run(show, "hidden");
      // No timer is ever due: what is acknowledged now was logged before.
      await page.run(() => globalThis.db.put({ _id: "while hidden", text: "x".repeat(10_000) }));
      assert.ok(await other.run(loggedBytes, "shown") > 30_000, "what was acknowledged while hidden is logged");
      await page.run(show, "visible");
      const before = await other.run(loggedBytes, "shown");
      await page.run(() => globalThis.db.put({ _id: "while shown", text: "x".repeat(10_000) }));
      assert.equal(await other.run(loggedBytes, "shown"), before, "it waits for a timer again");
      await page.run(show, "hidden");
      await inTime((async () => {
        while (await other.run(loggedBytes, "shown") < before + 10_000);
      })(), "what is in the log");
      assert.equal(await other.run(countAfresh, "shown"), 23);
      await Promise.all([page.kill("close"), other.kill("close")]);
    });

    test("an engine that does not start does not keep another from being told that the page is hidden", async () => {
      const [page, other] = [await lab.tab("starting"), await lab.tab("starting-other")];
      await page.run(writeWithoutTimers, "starting");
      await page.run((_, { GouchDB }) => {
        GouchDB.init({ worker: true, workerURL: URL.createObjectURL(new Blob([], { type: "text/javascript" })) });
      });
      await page.run(show, "hidden");
      await inTime((async () => {
        while (await other.run(loggedBytes, "starting") < 20_000);
      })(), "what is in the log");
      await Promise.all([page.kill("close"), other.kill("close")]);
    });

    test("a database that is opened in a hidden page acknowledges what is in the log", async () => {
      const [page, other] = [await lab.tab("opened"), await lab.tab("opened-other")];
      await page.run(show, "hidden");
      await page.run(async (_, { GouchDB }) => {
        globalThis.db = new GouchDB("opened", { durability: "memory-first" });
        await globalThis.db.info();
        globalThis.setTimeout = () => 0; // no timer is ever due
        await globalThis.db.put({ _id: "while hidden", text: "x".repeat(10_000) });
      });
      assert.ok(await other.run(loggedBytes, "opened") > 10_000, "what was acknowledged is logged");
      await Promise.all([page.kill("close"), other.kill("close")]);
    });

    for (const durability of ["memory-first", "relaxed", "strict"]) {
      test(`a write that is under way when the page becomes hidden succeeds: ${durability}`, async () => {
        const page = await lab.tab(`under-way-${durability}`);
        const outcomes = await page.run(async (durability, { GouchDB }) => {
          const db = new GouchDB(`under-way-${durability}`, { durability });
          const change = (state) => {
            Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
            document.dispatchEvent(new Event("visibilitychange"));
          };
          const { add } = IDBObjectStore.prototype;
          const outcomes = [];
          for (let i = 0; i < 5; i++) {
            // In a task of its own, as the browser does it, while the transaction has no answer yet.
            const begun = new Promise((resolve) => {
              IDBObjectStore.prototype.add = function (...values) {
                IDBObjectStore.prototype.add = add;
                const { port1, port2 } = new MessageChannel();
                port1.onmessage = () => resolve(port1.close());
                port2.postMessage("");
                return add.apply(this, values);
              };
            });
            const written = db.put({ _id: `${i}`, text: "x".repeat(1_000_000) }).then(() => db.flush());
            await begun;
            change("hidden");
            outcomes.push(await written.then(() => "stored", ({ reason }) => reason));
            change("visible");
          }
          return outcomes;
        }, durability);
        assert.deepEqual(outcomes, Array(5).fill("stored"));
        await page.kill("close");
      });
    }

    test("closing says when what was acknowledged cannot be stored", async () => {
      const page = await lab.tab("closing");
      const outcome = await page.run(async (_, { GouchDB }) => {
        const db = new GouchDB("closing", { durability: "memory-first" });
        const same = new GouchDB("closing");
        await db.put({ _id: "stored" });
        await db.flush();
        const { add } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.add = function () {
          throw new DOMException("no room", "QuotaExceededError");
        };
        await db.put({ _id: "lost" });
        const failure = (promise) => promise.then(() => "none", ({ name, reason }) => ({ name, reason }));
        const read = (await same.get("lost"))._id;
        const failures = [await failure(db.flush()), await failure(db.close()), await failure(same.close())];
        IDBObjectStore.prototype.add = add;
        const again = new GouchDB("closing");
        return { read, failures, ids: (await again.allDocs()).rows.map(({ id }) => id) };
      });
      assert.deepEqual(outcome.failures.map(({ name }) => name), Array(3).fill("insufficient_storage"), JSON.stringify(outcome));
      assert.match(outcome.failures[2].reason, /acknowledged and could not be stored/);
      assert.equal(outcome.read, "lost");
      assert.deepEqual(outcome.ids, ["stored"]);
      await page.kill("close");
    });
  });
}
