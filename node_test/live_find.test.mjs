// Live queries with the npm package, on databases here and on a server.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { isDeepStrictEqual } from "node:util";

import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { importPackage } from "./installed.mjs";
import { random } from "./random.mjs";
import { seedFor } from "./seed.mjs";

const { default: GouchDB, GouchError } = await importPackage();

let count = 0;
const memory = () => new GouchDB(`live-find-${count++}`, { adapter: "memory" });
const ids = (docs) => docs.map(({ _id }) => _id);

// Resolves when it holds, which is looked at after each update.
function until(open, holds) {
  return (async () => {
    for await (const update of open) {
      if (holds(update)) {
        return;
      }
    }
    assert.fail("it ended");
  })();
}

describe("live queries", { timeout: 60_000 }, () => {
  let directory, server;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gouchdb-live-find-"));
    server = await startServer(["--dir", directory, "--no-auth"]);
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const places = { local: memory, remote: () => new GouchDB(`${server.url}/live-find-${count++}`) };
  for (const [place, open] of Object.entries(places)) {
    test(`${place}: a result, and what becomes of it`, async () => {
      const db = open();
      await db.bulkDocs([{ _id: "a", n: 3 }, { _id: "b", n: 1 }, { _id: "c", n: 7 }, { _id: "_design/d" }]);
      await db.put({ _id: "_design/index", language: "query", views: { n: { map: { fields: { n: "asc" } }, reduce: "_count", options: { def: { fields: ["n"] } } } } });
      const updates = [];
      let arrived;
      const live = db.liveFind({ selector: { n: { $lt: 6 } }, sort: ["n"] }, (update) => {
        updates.push(update);
        arrived?.();
      });
      const next = async (write) => {
        const told = new Promise((resolve) => (arrived = resolve));
        const known = updates.length;
        const { rev } = await write();
        await told;
        return { rev, changes: updates.slice(known).flatMap(({ changes }) => changes) };
      };
      assert.deepEqual(ids(await live.ready), ["b", "a"]);
      assert.equal(updates[0].initial, true);

      let step = await next(() => db.put({ _id: "e", n: 2 }));
      assert.deepEqual(step.changes, [{ type: "added", id: "e", to: 1, doc: { _id: "e", _rev: step.rev, n: 2 } }]);
      step = await next(() => db.put({ _id: "e", _rev: step.rev, n: 5 }));
      assert.deepEqual(step.changes, [{ type: "moved", id: "e", from: 1, to: 2, doc: { _id: "e", _rev: step.rev, n: 5 } }]);
      step = await next(() => db.put({ _id: "e", _rev: step.rev, n: 5, more: true }));
      assert.deepEqual(step.changes, [{ type: "changed", id: "e", from: 2, to: 2, doc: { _id: "e", _rev: step.rev, n: 5, more: true } }]);
      step = await next(async () => db.remove(await db.get("b")));
      assert.deepEqual(step.changes, [{ type: "removed", id: "b", from: 0 }]);
      assert.deepEqual(ids(live.result), ["a", "e"]);

      live.cancel();
      await live.done;
      assert.equal(live.cancelled, true);
      await db.put({ _id: "f", n: 1 });
      assert.deepEqual(ids(live.result), ["a", "e"], "it stays as it was");
    });
  }

  // Each update leads from the result before to the one after it, and once nothing happens, that is what a find answers.
  for (const [place, open] of Object.entries(places)) {
    test(`${place}: whatever is written, it becomes what find answers`, async (t) => {
      const { integer, chance, pick } = random(seedFor(t));
      const db = open();
      const requests = [
        { selector: { n: { $lt: 6 } }, sort: [{ n: "desc" }] },
        { selector: { n: { $gte: 2 } }, sort: ["n"], limit: 4, skip: 1, fields: ["_id", "n"] },
        { selector: { $or: [{ n: 3 }, { even: true }] } },
      ];
      await db.createIndex({ index: { fields: ["n"] } });
      let told = () => {};
      const lives = requests.map((request) => {
        const taken = []; // what the steps lead to
        const live = db.liveFind(request, ({ changes }) => {
          for (const { from, to, doc } of changes) {
            if (from !== undefined) {
              taken.splice(from, 1);
            }
            if (to !== undefined) {
              taken.splice(to, 0, doc);
            }
          }
          told();
        });
        return { request, live, taken };
      });
      await Promise.all(lives.map(({ live }) => live.ready));
      const revs = new Map();
      for (let round = 0; round < 40; round++) {
        const docs = new Map();
        for (let i = integer(1, 6); i > 0; i--) {
          const _id = `d${integer(0, 12)}`;
          const n = integer(0, 9);
          const doc = pick([{ n, even: n % 2 === 0 }, { n }, { other: n }]);
          docs.set(_id, { _id, ...(revs.has(_id) ? { _rev: revs.get(_id) } : {}), ...doc, ...(revs.has(_id) && chance(0.25) ? { _deleted: true } : {}) });
        }
        const written = await Promise.all([...docs.values()].map((doc) => db.put(doc)));
        written.forEach(({ id, rev }) => (docs.get(id)._deleted ? revs.delete(id) : revs.set(id, rev)));
        for (const { request, live, taken } of lives) {
          const expected = (await db.find(request)).docs;
          while (!isDeepStrictEqual(live.result, expected)) {
            await new Promise((resolve) => (told = resolve));
          }
          assert.deepEqual(taken, expected, `round ${round}`);
        }
      }
      lives.forEach(({ live }) => live.cancel());
      await Promise.all(lives.map(({ live }) => live.done));
    });
  }

  test("a limit is kept full, over a replication", async () => {
    const [db, other] = [memory(), memory()];
    await other.bulkDocs(Array.from({ length: 300 }, (_, n) => ({ _id: `d${n}`, n: (n * 7) % 300, kind: n % 3 })));
    const live = db.liveFind({ selector: { kind: 1 }, sort: [{ n: "desc" }], limit: 5, skip: 2, fields: ["n"] });
    await live.ready;
    assert.deepEqual(live.result, []);
    const full = until(live, () => live.result.length === 5 && live.result[0].n === 292);
    await other.replicate.to(db);
    await full;
    const found = Array.from({ length: 300 }, (_, n) => ({ n: (n * 7) % 300, kind: n % 3 })).filter(({ kind }) => kind === 1).map(({ n }) => n).sort((a, b) => b - a);
    assert.deepEqual(live.result.map(({ n }) => n), found.slice(2, 7));
    assert.equal(live.cancelled, true, "leaving the loop ended it");
  });

  test("a loop begins with the result and ends with the live query", async () => {
    const db = memory();
    await db.put({ _id: "a" });
    const live = db.liveFind({ selector: {} });
    await live.ready;
    const seen = [];
    for await (const { initial, changes } of live) {
      seen.push([initial, ...changes.map(({ type, id }) => `${type} ${id}`)]);
      if (seen.length === 1) {
        await db.put({ _id: "b" });
      } else {
        live.cancel();
      }
    }
    assert.deepEqual(seen, [[true, "added a"], [false, "added b"]]);

    const controller = new AbortController();
    let updates = 0;
    for await (const { initial } of db.liveFind({ selector: {}, signal: controller.signal })) {
      updates += initial ? 1 : 100;
      controller.abort(new Error("enough"));
    }
    assert.equal(updates, 1);

    const closing = db.liveFind({ selector: {} });
    await closing.ready;
    await db.close();
    await closing.done;
    assert.equal(closing.cancelled, true);
  });

  test("a server that is away for a while does not end it", async () => {
    const there = new GouchDB(`${server.url}/live-find-${count++}`);
    await there.put({ _id: "a" });
    let leave;
    let away;
    const back = () => {
      away = undefined;
      left = new Promise((_, reject) => (leave = () => reject((away = new TypeError("nobody answers")))));
      left.catch(() => {}); // whoever asks is told
    };
    let left;
    back();
    const fetchWhileThere = (url, options) => (away ? Promise.reject(away) : Promise.race([fetch(url, options), left]));
    const live = new GouchDB(there.name, { fetch: fetchWhileThere }).liveFind({ selector: {}, fields: ["_id"] });
    await live.ready;
    const updates = live[Symbol.asyncIterator]();
    assert.equal((await updates.next()).value.initial, true);
    leave();
    const { initial, changes, error } = (await updates.next()).value;
    assert.deepEqual([initial, changes], [false, []]);
    assert.ok(error instanceof GouchError);
    assert.deepEqual([error.status, error.name], [503, "unreachable"]);
    await there.put({ _id: "b" });
    back();
    assert.deepEqual((await updates.next()).value, { initial: false, changes: [{ type: "added", id: "b", to: 1, doc: { _id: "b" } }] });
    assert.deepEqual(ids(live.result), ["a", "b"]);
    await updates.return();
    await there.destroy();
  });

  test("what cannot be is told", async () => {
    const db = memory();
    for (const [request, expected] of [
      [{}, /selector/],
      [{ selector: { $nope: 1 } }, /\$nope/],
      [{ selector: {}, sort: ["a", { b: "desc" }] }, /sort/i],
      [{ selector: {}, bookmark: "x" }, /bookmark/],
    ]) {
      const live = db.liveFind(request);
      await assert.rejects(live.ready, (error) => error instanceof GouchError && error.status === 400 && expected.test(error.message), String(expected));
      await assert.rejects(live.done, { status: 400 });
      await assert.rejects(async () => {
        for await (const update of live) {
          assert.fail(`nothing comes, but ${JSON.stringify(update)}`);
        }
      }, { status: 400 });
    }
    assert.throws(() => db.liveFind(), /options/);
    assert.throws(() => db.liveFind({ selector: {} }, 5), /function/);
    assert.throws(() => db.liveFind({ selector: {}, signal: 5 }), /signal/);
    const broken = db.liveFind({ selector: {} }, () => {
      throw new TypeError("mine");
    });
    await assert.rejects(broken.done, /mine/);
    assert.deepEqual(await db.liveFind({ selector: {}, signal: AbortSignal.abort() }).ready, []);
  });
});
