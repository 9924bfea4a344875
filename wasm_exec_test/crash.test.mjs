// What goes wrong with IndexedDB in a browser's life, and what a database makes of it: contexts and browsers killed in the middle of writes, aborted transactions, closed
// connections, removed storage, no storage, no answer, no space.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { inTime, startLab } from "./agents.mjs";
import { randomFrom } from "./agent/writer.js";
import { seedFor } from "../node_test/seed.mjs";
import { Ledger } from "./ledger.mjs";

const soak = Number(process.env.SOAK_SECONDS ?? 0) * 1000;

// Runs in a context: writes at random without end.
async function writeOn({ database, seed }, { GouchDB, Writer, name, report }) {
  globalThis.db = new GouchDB(database);
  const writer = new Writer(globalThis.db, { name, seed, report });
  for (;;) {
    await writer.step();
  }
}

async function observeAfresh(database, { GouchDB, observe }) {
  const db = new GouchDB(database);
  const state = await observe(db);
  await db.close();
  return state;
}

/** Runs in a context: what becomes of a call, as far as an application can tell. */
const outcomes = `
  globalThis.outcome = (promise) => promise.then(
    (value) => ({ value }),
    ({ name, status, message, reason }) => ({ name, status, text: [message, reason].join(" ") }),
  );
`;

for (const features of [[], ["IdbSqliteBackingStore"]]) {
  describe(`crashes ${features}`, () => {
    let lab;
    let count = 0;
    before(async () => { lab = await startLab({ features, files: { "/worker.js": new URL("../js/dist/worker.js", import.meta.url) } }); });
    after(() => lab?.close());

    /** A tab with what the tests here need. */
    async function tab() {
      const made = await lab.tab(`tab-${count++}`);
      await made.run(`() => { ${outcomes} }`);
      return made;
    }

    async function verify(database, ledger, killed) {
      const fresh = await tab();
      const state = await inTime(fresh.run(observeAfresh, database), "opening after the crash");
      ledger.verify(state, killed);
      const [report] = await lab.check(database);
      assert.deepEqual(report.Problems, null);
      await fresh.kill("close");
    }

    // Kills writers of a database again and again, by what kill does with them.
    async function crashes(t, database, rounds, kinds, kill) {
      const seed = seedFor(t);
      const random = randomFrom(seed);
      const ledger = new Ledger();
      const until = Date.now() + soak;
      let killed = 0;
      for (let round = 0; round < rounds || Date.now() < until; round++) {
        const writers = await Promise.all(kinds.map((kind) => lab[kind](`${kind}-${count++}`)));
        let killing = false;
        for (const writer of writers) {
          ledger.listenTo(writer);
          writer.run(writeOn, { database, seed: Math.floor(random() * 2 ** 31) }).catch((error) => {
            // One that is about to be gone may hear that the browser has closed its database, and still tell it.
            assert.ok(error.name === "gone" || (killing && error.name === "storage_error"), error.message);
          });
        }
        await inTime(ledger.more(10 + Math.floor(random() * 200)), "writes");
        killing = true;
        await kill(writers, random);
        killed += writers.length;
        await verify(database, ledger, killed);
      }
      t.diagnostic(`${killed} writers killed, ${ledger.count} revisions acknowledged`);
    }

    test("pages and workers end in the middle of writes", { timeout: 60_000 + soak }, async (t) => {
      await crashes(t, "ended", 3, ["tab", "worker", "worker"], (writers, random) => Promise.all(writers.map((writer) => {
        const ways = Object.keys(writer.killers);
        return writer.kill(ways[Math.floor(random() * ways.length)]);
      })));
    });

    test("the browser is killed in the middle of writes and started again", { timeout: 60_000 + soak }, async (t) => {
      await crashes(t, "killed", 3, ["tab", "worker", "sharedWorker"], async (writers) => {
        await lab.browser.kill();
        await Promise.all(writers.map((writer) => inTime(writer.gone, "the end")));
        await lab.browser.restart();
      });
    });

    // What a browser leaves that is killed between the two writes that LevelDB makes of a record (see adapters/indexeddb/damage_js.go).
    if (features.length === 0) {
      const newestLog = async () => {
        const storage = join(lab.browser.profile, "Default", "IndexedDB");
        const [directory] = (await readdir(storage)).filter((name) => name.endsWith(".leveldb"));
        const logs = (await readdir(join(storage, directory))).filter((name) => name.endsWith(".log"));
        return join(storage, directory, logs.sort().at(-1));
      };
      const killAmidRecord = async () => {
        await lab.browser.kill();
        await appendFile(await newestLog(), Buffer.of(1, 2, 3, 4, 79, 0, 1)); // a checksum, a length of 79 and a kind, and nothing of the 79
        await lab.browser.restart();
      };
      const write = (id, { GouchDB }) => new GouchDB("half").put({ _id: id });
      const ids = async (_, { GouchDB }) => (await new GouchDB("half").allDocs()).rows.map(({ id }) => id);

      test("half a record that a killed browser left does no harm", async () => {
        await (await tab()).run(write, "before");
        await killAmidRecord();
        const log = await newestLog();
        await (await tab()).run(write, "after");
        // What is in that log is in a table from when it is gone, not from when there is another.
        await inTime((async () => {
          while (existsSync(log));
        })(), "the log's end");
        await lab.browser.kill();
        await lab.browser.restart();
        assert.deepEqual(await (await tab()).run(ids), ["after", "before"]);
        assert.deepEqual((await lab.check("half"))[0].Problems, null);
      });

      test("a browser that removes what it finds damaged is not silent", async () => {
        await killAmidRecord();
        // As if it were another browser, which is not known to do such a thing, so that nothing is done about it.
        await (await tab()).run(async (_, { GouchDB }) => {
          delete IDBVersionChangeEvent.prototype.dataLoss;
          await new GouchDB("half").put({ _id: "after that" });
        });
        await lab.browser.kill();
        await lab.browser.restart();
        const witness = await tab();
        const warning = new Promise((resolve) => witness.page.on("console", (message) => message.type() === "warning" && resolve(message.text())));
        assert.deepEqual(await witness.run(ids), []);
        assert.match(await inTime(warning, "a warning"), /^GouchDB: the browser has found .* damaged and has removed it, all databases included: .*checksum mismatch/);
      });
    }

    test("an aborted transaction writes nothing, says so, and the next one goes on", async () => {
      const agent = await tab();
      const outcome = await agent.run(async (_, { GouchDB }) => {
        const db = new GouchDB("aborted");
        await db.put({ _id: "before" });
        const { add } = IDBObjectStore.prototype;
        IDBObjectStore.prototype.add = function (...values) {
          const request = add.apply(this, values);
          this.transaction.abort();
          return request;
        };
        const failed = await globalThis.outcome(db.bulkDocs([{ _id: "a" }, { _id: "b" }]));
        IDBObjectStore.prototype.add = add;
        const written = await globalThis.outcome(db.bulkDocs([{ _id: "b" }, { _id: "c" }]));
        return { failed, written: written.value.map(({ ok }) => ok), ids: (await db.allDocs()).rows.map(({ id }) => id), seq: (await db.info()).update_seq };
      });
      assert.equal(outcome.failed.name, "storage_error", JSON.stringify(outcome));
      assert.match(outcome.failed.text, /writing/);
      assert.deepEqual({ ...outcome, failed: undefined }, { failed: undefined, written: [true, true], ids: ["b", "before", "c"], seq: outcome.seq });
      assert.equal(Number(outcome.seq), 3);
      assert.deepEqual((await lab.check("aborted"))[0].Problems, null);
    });

    test("a connection that the browser closes is opened again, in the middle of writes too", async (t) => {
      const agent = await tab();
      const outcome = await agent.run(async (_, { GouchDB }) => {
        const connections = new Set();
        const { open } = IDBFactory.prototype;
        IDBFactory.prototype.open = function (...values) {
          const request = open.apply(this, values);
          request.addEventListener("success", () => connections.add(request.result));
          return request;
        };
        const db = new GouchDB("closed-under-us");
        let written = 0;
        for (let i = 0; i < 40; i++) {
          const writes = Array.from({ length: 5 }, (__, n) => db.put({ _id: `${i}-${n}` }));
          for (const connection of connections) {
            connection.close(); // once without telling, once as the browser tells it
            if (i % 2 === 1) {
              connection.dispatchEvent(new Event("close"));
            }
            connections.delete(connection);
          }
          written += (await Promise.all(writes)).length;
        }
        IDBFactory.prototype.open = open;
        return { written, found: (await db.allDocs()).rows.length, seq: Number((await db.info()).update_seq), connections: connections.size };
      });
      t.diagnostic(JSON.stringify(outcome));
      assert.deepEqual(outcome, { written: 200, found: 200, seq: 200, connections: 1 });
      assert.deepEqual((await lab.check("closed-under-us"))[0].Problems, null);
      await agent.kill("close");
    });

    // Ways in which a database goes away under those who have it open.
    const removals = {
      "cleared with the site's data": async (agent) => {
        const session = await lab.browser.context.newCDPSession(agent.page);
        await session.send("Storage.clearDataForOrigin", { origin: lab.url, storageTypes: "indexeddb" });
      },
      "deleted by another tab": async (_, database) => {
        const other = await lab.page();
        await other.evaluate((name) => new Promise((resolve, reject) => {
          const request = indexedDB.deleteDatabase(`gouchdb:${name}`);
          request.onsuccess = resolve;
          request.onerror = () => reject(request.error);
        }), database);
        await other.close();
      },
      "destroyed by another tab": async (_, database) => {
        const other = await tab();
        await other.run(async (name, { GouchDB }) => new GouchDB(name).destroy(), database);
        await other.kill("close");
      },
    };
    for (const [how, remove] of Object.entries(removals)) {
      test(`a database ${how} is closed for all who write to it, and opens anew, empty`, { timeout: 60_000 }, async () => {
        const database = how.replace(/\W/g, "-");
        const writers = await Promise.all([tab(), tab()]);
        const ends = writers.map((writer) => writer.run(async (name, { GouchDB, installClock, name: who, report }) => {
          installClock();
          globalThis.db = new GouchDB(name);
          const feed = globalThis.outcome(globalThis.db.changes({ live: true, since: 0 }));
          for (let i = 0; ; i++) {
            const { name: failure, status, text } = await globalThis.outcome(globalThis.db.put({ _id: `${who}-${i}` }));
            if (failure && failure !== "locked") {
              const read = await globalThis.outcome(globalThis.db.get(`${who}-0`));
              return { failures: [failure, read.name, (await feed).name], status, text };
            }
            if (!failure) {
              report({ acknowledged: [[`${who}-${i}`, "1-"]] });
            }
          }
        }, database));
        await Promise.all(writers.map((writer) => {
          const ledger = new Ledger();
          ledger.listenTo(writer);
          return inTime(ledger.more(25), `${writer.name} writes`);
        }));
        await inTime(remove(writers[0], database), how);
        // Chromium's SQLite backend sometimes leaves a transaction without any answer when it clears data. Its writer waits for half a minute, which passes quickly here.
        const clocks = setInterval(() => writers.forEach((writer) => void writer.run(() => globalThis.skip(31_000)).catch(() => {})), 5_000);
        const answers = await inTime(Promise.all(ends), "the end of the writers").finally(() => clearInterval(clocks));
        for (const { failures, status, text } of answers) {
          assert.deepEqual(failures, ["closed", "closed", "closed"], text);
          assert.equal(status, 412);
        }
        // The old instances stay closed; new ones, here and elsewhere, see one new database.
        const found = await writers[0].run(async (name, { GouchDB }) => {
          const old = await globalThis.outcome(globalThis.db.info());
          await globalThis.db.close();
          const db = new GouchDB(name);
          const { doc_count } = await db.info();
          await db.put({ _id: "new" });
          return { old: old.name, doc_count };
        }, database);
        assert.deepEqual(found, { old: "closed", doc_count: 0 });
        const [report] = await lab.check(database);
        assert.deepEqual({ Documents: report.Documents, Problems: report.Problems }, { Documents: 1, Problems: null });
        await Promise.all(writers.map((writer) => writer.kill("close")));
      });
    }

    test("where there is no IndexedDB, or it is forbidden, that is a named error", async () => {
      // A sandboxed frame has an origin of its own, which may not store anything.
      const page = await lab.page("/sandboxed");
      const frame = page.frameLocator("iframe").locator("body[data-outcome]");
      await frame.waitFor({ state: "attached", timeout: 30_000 });
      const sandboxed = JSON.parse(await frame.getAttribute("data-outcome"));
      assert.equal(sandboxed.name, "storage_error", JSON.stringify(sandboxed));
      await page.close();

      const agent = await tab();
      const missing = await agent.run(async (_, { GouchDB }) => {
        Object.defineProperty(globalThis, "indexedDB", { value: undefined, configurable: true });
        const failure = await globalThis.outcome(new GouchDB("nowhere").put({ _id: "a" }));
        delete globalThis.indexedDB; // the browser's own is there again
        const memory = new GouchDB("nowhere", { adapter: "memory" });
        return { failure, memory: (await memory.put({ _id: "a" })).ok };
      });
      assert.equal(missing.failure.name, "storage_error", JSON.stringify(missing));
      assert.match(missing.failure.text, /IndexedDB is not available/);
      assert.equal(missing.memory, true);
      await agent.kill("close");
    });

    test("an open that never answers ends with a named error, and a later one succeeds", { timeout: 60_000 }, async () => {
      // Somebody holds on to the database while it is to be deleted: then every open waits behind that.
      const holder = await lab.page();
      await holder.evaluate(() => new Promise((resolve, reject) => {
        const request = indexedDB.open("gouchdb:held", 1);
        request.onsuccess = () => { globalThis.held = request.result; resolve(); };
        request.onerror = () => reject(request.error);
      }));
      await holder.evaluate(() => new Promise((resolve) => {
        globalThis.deleted = new Promise((gone) => {
          const request = indexedDB.deleteDatabase("gouchdb:held");
          request.onblocked = resolve;
          request.onsuccess = gone;
        });
      }));
      const agent = await tab();
      await agent.run((_, { GouchDB, installClock }) => {
        installClock();
        const { open } = IDBFactory.prototype;
        const asked = new Promise((resolve) => {
          IDBFactory.prototype.open = function (...values) {
            resolve();
            return open.apply(this, values);
          };
        });
        globalThis.db = new GouchDB("held");
        globalThis.answer = globalThis.outcome(globalThis.db.put({ _id: "a" }));
        return asked;
      });
      await agent.run(() => globalThis.skip(31_000));
      const { name, status, text } = await inTime(agent.run(() => globalThis.answer), "the time-out");
      assert.deepEqual({ name, status }, { name: "locked", status: 423 }, text);
      assert.match(text, /did not answer/);
      // When it comes through after all, it holds up nobody, and the same instance can be used.
      await holder.evaluate(() => { globalThis.held.close(); return globalThis.deleted; });
      assert.equal((await inTime(agent.run(() => globalThis.db.put({ _id: "a" })), "the next attempt")).ok, true);
      await inTime(agent.run(() => globalThis.db.destroy()), "destroying");
      await Promise.all([agent.kill("close"), holder.close()]);
    });

    test("a transaction that never answers ends with a named error, and the next one has a new connection", { timeout: 60_000 }, async () => {
      const agent = await tab();
      await agent.run(async (_, { GouchDB, installClock }) => {
        installClock();
        globalThis.db = new GouchDB("silent");
        await globalThis.db.put({ _id: "before" });
        const { transaction } = IDBDatabase.prototype;
        globalThis.began = new Promise((resolve) => {
          IDBDatabase.prototype.transaction = function (...values) {
            IDBDatabase.prototype.transaction = transaction;
            const silent = transaction.apply(this, values);
            silent.addEventListener("complete", (event) => { event.stopImmediatePropagation(); resolve(); });
            return silent;
          };
        });
        globalThis.opened = 0;
        const { open } = IDBFactory.prototype;
        IDBFactory.prototype.open = function (...values) {
          globalThis.opened += values[0] === "gouchdb:silent" ? 1 : 0;
          return open.apply(this, values);
        };
        globalThis.unanswered = globalThis.outcome(globalThis.db.put({ _id: "unanswered" }));
        await globalThis.began;
      });
      await agent.run(() => globalThis.skip(31_000));
      const { name, status, text } = await inTime(agent.run(() => globalThis.unanswered), "the time-out");
      assert.deepEqual({ name, status }, { name: "locked", status: 423 }, text);
      assert.match(text, /did not answer while writing/);
      const after = await inTime(agent.run(async () => {
        const { ok } = await globalThis.db.put({ _id: "after" });
        return { ok, opened: globalThis.opened, seq: Number((await globalThis.db.info()).update_seq), rows: (await globalThis.db.allDocs()).rows.length };
      }), "the next write");
      assert.deepEqual(after, { ok: true, opened: 1, seq: 3, rows: 3 }, "it had been written after all, once");
      await agent.kill("close");
    });

    // A browser just started, with nothing stored: Chromium asks for the quota now and then only, for the first time before the first write.
    async function startEmpty() {
      await lab.browser.kill();
      await lab.browser.restart();
      const page = await lab.page();
      const session = await lab.browser.context.newCDPSession(page);
      await session.send("Storage.clearDataForOrigin", { origin: lab.url, storageTypes: "all" });
      await page.close();
    }

    async function limitQuota(agent, quotaSize) {
      const session = await lab.browser.context.newCDPSession(agent.page);
      await session.send("Storage.overrideQuotaForOrigin", { origin: lab.url, quotaSize });
    }

    for (const quota of [2_000_000, 3_000_000, 9_000_000]) {
      test(`a quota of ${quota} bytes exceeded in the middle of bulk writes leaves whole batches; reading and deleting go on, and everything when there is room again`, { timeout: 180_000 }, async (t) => {
        await startEmpty();
        const agent = await tab();
        await limitQuota(agent, quota);
        const full = await agent.run(async (_, { GouchDB }) => {
          globalThis.db = new GouchDB("full");
          // Random text, so that no storage can make it smaller.
          const random = () => Array.from(crypto.getRandomValues(new Uint32Array(1000)), (n) => n.toString(36)).join("");
          let batches = 0;
          for (;;) {
            const docs = Array.from({ length: 20 }, (__, i) => ({ _id: `${String(batches).padStart(4, "0")}-${i}`, text: random() }));
            const { name, status } = await globalThis.outcome(globalThis.db.bulkDocs(docs));
            if (name) {
              const { rows } = await globalThis.db.allDocs({ include_docs: true });
              return { name, status, batches, rows: rows.length, readable: rows.every(({ doc }) => doc.text.length > 1000) };
            }
            batches++;
          }
        });
        t.diagnostic(`full after ${full.batches} batches`);
        assert.deepEqual({ ...full, batches: 0 }, { name: "insufficient_storage", status: 507, batches: 0, rows: 20 * full.batches, readable: true });
        const deleting = await agent.run(async () => {
          const { rows } = await globalThis.db.allDocs();
          const failures = [];
          for (const { id, value } of rows.slice(0, 30)) {
            const { name } = await globalThis.outcome(globalThis.db.remove(id, value.rev));
            if (name) {
              failures.push(name);
              break;
            }
          }
          const { name: compacting = "ok" } = await globalThis.outcome(globalThis.db.compact());
          return { failures, compacting, rows: (await globalThis.db.allDocs()).rows.length };
        });
        assert.deepEqual(deleting, { failures: [], compacting: "ok", rows: full.rows - 30 });
        const fresh = await tab();
        assert.equal(await fresh.run(async (_, { GouchDB }) => (await new GouchDB("full").allDocs()).rows.length), deleting.rows, "it opens, too");
        // With more room everything goes on, in the same instance.
        await limitQuota(agent);
        await agent.run(async () => {
          await globalThis.db.put({ _id: "after" });
          const { rows } = await globalThis.db.allDocs({ limit: 30 });
          for (const { id, value } of rows) {
            await globalThis.db.remove(id, value.rev);
          }
          await globalThis.db.compact();
        });
        const [report] = await lab.check("full");
        assert.deepEqual({ Problems: report.Problems, Documents: report.Documents }, { Problems: null, Documents: full.rows + 1 });
      });
    }

    // Who fills the quota up, apart from us.
    const others = {
      "another IndexedDB database": async () => {
        const other = await new Promise((resolve, reject) => {
          const request = indexedDB.open("other", 1);
          request.onupgradeneeded = () => request.result.createObjectStore("records", { autoIncrement: true });
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
        globalThis.store = (bytes) => new Promise((resolve, reject) => {
          const transaction = other.transaction("records", "readwrite");
          transaction.objectStore("records").add(bytes);
          transaction.oncomplete = resolve;
          transaction.onabort = () => reject(transaction.error);
        });
      },
      "a cache": async () => {
        const cache = await caches.open("other");
        let count = 0;
        globalThis.store = (bytes) => cache.put(`/${count++}`, new Response(bytes));
      },
    };
    for (const [who, prepare] of Object.entries(others)) {
      test(`in a quota that ${who} has filled up, a small database is deleted from, by a tab and a worker at once that have just been opened`, { timeout: 180_000 }, async (t) => {
        await startEmpty();
        const first = await tab();
        await limitQuota(first, 12_000_000);
        await first.run(async (_, { GouchDB }) => {
          const db = new GouchDB("small");
          await db.bulkDocs(Array.from({ length: 60 }, (__, i) => ({ _id: `${i}`, text: "x".repeat(1000) })));
          // The reserve is made in the background, in pieces: two of them for a small database.
          for (let there = 0; there < 2;) {
            there = await new Promise((resolve) => {
              const request = indexedDB.open("gouchdb.reserve");
              request.onupgradeneeded = () => request.transaction.abort();
              request.onerror = () => resolve(0);
              request.onsuccess = () => {
                const count = request.result.transaction("records").objectStore("records").count();
                count.onsuccess = () => { request.result.close(); resolve(count.result); };
              };
            });
          }
          await db.close();
        });
        await first.run(prepare);
        const stored = await first.run(async () => {
          let total = 0;
          for (let size = 200_000; size > 100;) {
            const bytes = new Uint8Array(size);
            for (let at = 0; at < size; at += 50_000) {
              crypto.getRandomValues(bytes.subarray(at, at + 50_000));
            }
            const { name } = await globalThis.outcome(globalThis.store(bytes));
            if (name) {
              size /= 4;
            } else {
              total += size;
            }
          }
          return total;
        });
        t.diagnostic(`${stored} bytes beside the database`);
        assert.ok(stored > 9_000_000);
        if (who === "a cache") {
          // For half a minute Chromium's IndexedDB would believe that there is the room there was when it last asked.
          await lab.browser.kill();
          await lab.browser.restart();
        }
        const agents = await Promise.all([tab(), tab()]);
        await Promise.all(agents.map((agent) => limitQuota(agent, 12_000_000)));
        const outcomes = await Promise.all(agents.map((agent, half) => agent.run(async (mine, { GouchDB }) => {
          const db = new GouchDB("small", { worker: mine === 1 });
          let refused;
          for (let i = 0; !refused && i < 100; i++) {
            refused = (await globalThis.outcome(db.put({ _id: `more-${mine}-${i}`, text: "x".repeat(100_000) }))).name;
          }
          const failures = [];
          const { rows } = await db.allDocs({ endkey: "9~" });
          for (const { id, value } of rows.filter((row) => Number(row.id) % 2 === mine)) {
            const { name } = await globalThis.outcome(db.remove(id, value.rev));
            if (name) {
              failures.push(name);
              break;
            }
          }
          return { refused, failures };
        }, half)));
        // One of them may be believed to have the room that there was before.
        assert.ok(outcomes.some(({ refused }) => refused === "insufficient_storage"), JSON.stringify(outcomes));
        assert.deepEqual(outcomes.map(({ failures }) => failures), [[], []]);
        const fresh = await tab(); // the others hear of each other's deletions a little later
        const left = await fresh.run(async (_, { GouchDB }) => (await new GouchDB("small").allDocs({ endkey: "9~" })).rows.length);
        assert.equal(left, 0);
        await limitQuota(agents[0]);
        await Promise.all([fresh, ...agents].map((agent) => agent.kill("close")));
      });
    }

    test("in an exceeded quota documents are deleted, the database compacted, and that makes room to write again", { timeout: 240_000 }, async (t) => {
      await lab.browser.kill();
      await lab.browser.restart();
      const agent = await tab();
      const session = await lab.browser.context.newCDPSession(agent.page);
      const { usage } = await agent.run(() => navigator.storage.estimate());
      await session.send("Storage.overrideQuotaForOrigin", { origin: lab.url, quotaSize: usage + 24_000_000 });
      const outcome = await agent.run(async (_, { GouchDB }) => {
        const db = new GouchDB("crowded");
        const random = () => Array.from(crypto.getRandomValues(new Uint32Array(1500)), (n) => n.toString(36)).join("");
        const fill = async (name) => {
          for (let batch = 0; ; batch++) {
            const docs = Array.from({ length: 20 }, (__, i) => ({ _id: `${name}-${String(batch).padStart(4, "0")}-${i}`, text: random() }));
            const { name: failure } = await globalThis.outcome(db.bulkDocs(docs));
            if (failure) {
              return { batches: batch, failure };
            }
          }
        };
        const first = await fill("first");
        const { rows } = await db.allDocs();
        const deleting = [];
        for (const { id, value } of rows.slice(0, 100)) {
          const { name } = await globalThis.outcome(db.remove(id, value.rev));
          deleting.push(name);
          if (name) {
            break;
          }
        }
        const bulk = await globalThis.outcome(db.bulkDocs(rows.slice(100, 1100).map(({ id, value }) => ({ _id: id, _rev: value.rev, _deleted: true }))));
        const left = (await db.allDocs()).rows.length;
        const compacting = [];
        for (let i = 0; i < 3; i++) {
          compacting.push((await globalThis.outcome(db.compact())).name);
        }
        // LevelDB gives the room back some moments after it was asked for, as a rule.
        let second;
        for (let attempts = 20; attempts > 0 && !second?.batches; attempts--) {
          second = await fill("second");
          await new Promise((resolve) => { setTimeout(resolve, 500); });
        }
        return { first, rows: rows.length, deleting: deleting.filter(Boolean).length, bulk: bulk.name ?? bulk.value.filter(({ ok }) => !ok).length, left, compacting, second };
      });
      t.diagnostic(JSON.stringify(outcome));
      const { first, rows, deleting, bulk, left, compacting, second } = outcome;
      assert.equal(rows, 20 * first.batches);
      assert.deepEqual([first.failure, second.failure], Array(2).fill("insufficient_storage"));
      assert.equal(left, Math.max(0, rows - 1100), "what is said to be deleted is, and nothing else");
      assert.deepEqual({ deleting, bulk, compacting }, { deleting: 0, bulk: 0, compacting: [null, null, null] });
      if (features.length > 0) {
        assert.ok(second.batches > 30, "there is room again");
      }
      const [report] = await lab.check("crowded");
      assert.deepEqual(report.Problems, null);
    });
  });
}
