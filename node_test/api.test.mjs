// PouchDB's manners: how the class and its instances are made, called, extended and listened to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();
const Memory = GouchDB.defaults({ adapter: "memory" });
let count = 0;
const memory = (options) => new Memory(`api-${count++}`, options);
const called = (call) => new Promise((resolve) => call((...answer) => resolve(answer)));

test("the class works without new, takes a name in its options, and can be extended", async () => {
  const plain = GouchDB("api-plain", { adapter: "memory" });
  assert.ok(plain instanceof GouchDB);
  assert.equal(plain.constructor, GouchDB);
  assert.equal(GouchDB({ name: "api-named", adapter: "memory" }).name, "api-named");
  class Tasks extends Memory {
    constructor() {
      super("api-tasks");
    }

    async get(...args) {
      return { ...(await super.get(...args)), seen: true };
    }
  }
  const tasks = new Tasks();
  assert.ok(tasks instanceof Tasks && tasks instanceof GouchDB);
  await tasks.put({ _id: "a" });
  assert.equal((await tasks.get("a")).seen, true);
  assert.equal(new tasks.constructor().name, "api-tasks");
});

test("defaults make a class again, and are handed on", async () => {
  const Prefixed = Memory.defaults({ prefix: "my-" });
  const db = Prefixed("api-defaults");
  assert.ok(db instanceof Prefixed && db instanceof Memory && db instanceof GouchDB);
  assert.equal(db.adapter, "memory");
  assert.equal(db.name, "api-defaults");
  await db.put({ _id: "a" });
  assert.equal((await new Memory("my-api-defaults").info()).doc_count, 1);
  assert.equal((await db.info()).db_name, "api-defaults");
  assert.equal(new Prefixed({ name: "x", prefix: "other-" }).name, "x");
  const { defaults } = GouchDB;
  assert.equal(defaults({ adapter: "memory" })("api-detached").adapter, "memory");
  // Names of peers are opened with them as well.
  await db.replicate.to("api-copy");
  assert.equal((await new Memory("my-api-copy").info()).doc_count, 1);
});

test("plugins add methods, or are called with the class", async () => {
  const Plugged = GouchDB.defaults({ adapter: "memory" });
  assert.equal(Plugged.plugin({ double(n) { return [this.name, n * 2]; } }), Plugged);
  assert.deepEqual(new Plugged("api-plugged").double(4), ["api-plugged", 8]);
  assert.equal(memory().double, undefined);
  let given;
  Plugged.plugin((aClass) => (given = aClass));
  assert.equal(given, Plugged);
  for (const plugin of [{}, null, undefined, 5]) {
    assert.throws(() => GouchDB.plugin(plugin), /Invalid plugin/);
  }
  // What PouchDB's storage plugins do.
  Plugged.plugin((aClass) => aClass.adapter("memory", { valid: () => true }, true));
  assert.throws(() => GouchDB.adapter("websql", {}), { name: "not_implemented", message: /websql/ });
});

test("methods take a callback, and return the promise all the same", async () => {
  const db = memory();
  const [error, result] = await called((callback) => db.put({ _id: "a" }, callback));
  assert.equal(error, null);
  assert.equal(result.id, "a");
  for (const call of [
    (callback) => db.put({ _id: "b" }, {}, callback),
    (callback) => db.post({ n: 1 }, callback),
    (callback) => db.get("a", callback),
    (callback) => db.get("a", {}, callback),
    (callback) => db.remove("a", result.rev, callback),
    (callback) => db.bulkDocs([{ _id: "c" }], callback),
    (callback) => db.bulkDocs({ docs: [{ _id: "d" }] }, {}, callback),
    (callback) => db.bulkGet({ docs: [{ id: "a" }] }, callback),
    (callback) => db.allDocs(callback),
    (callback) => db.allDocs({ include_docs: true }, callback),
    (callback) => db.revsDiff({ a: ["1-b"] }, callback),
    (callback) => db.info(callback),
    (callback) => db.id(callback),
    (callback) => db.compact(callback),
    (callback) => db.changes(callback),
    (callback) => db.changes({ since: 0 }, callback),
    (callback) => db.putAttachment("e", "a.txt", "eA==", "text/plain", callback),
    (callback) => db.getAttachment("e", "a.txt", callback),
    (callback) => db.replicate.to("api-called", callback),
    (callback) => db.replicate.from("api-called", {}, callback),
    (callback) => db.sync("api-called", callback),
    (callback) => GouchDB.replicate(db, memory(), callback),
    (callback) => GouchDB.sync(db, memory(), {}, callback),
    (callback) => db.close(callback),
  ]) {
    assert.equal((await called(call))[0], null, String(call));
  }
  const other = memory();
  const [failed, nothing] = await called((callback) => other.get("zz", callback).catch(() => {}));
  assert.deepEqual([failed.status, nothing], [404, undefined]);
  assert.equal((await called((callback) => db.changes(callback)))[1].status, "cancelled"); // it is closed
  assert.deepEqual((await called((callback) => other.destroy(callback)))[1], { ok: true });
});

test("methods work when taken off the database, and can be replaced on it", async () => {
  const db = memory();
  const { put, get, allDocs, changes, info, sync, replicate, type } = db;
  await put({ _id: "a" });
  assert.equal((await get("a"))._id, "a");
  assert.equal((await allDocs()).total_rows, 1);
  assert.equal((await changes()).results.length, 1);
  assert.equal((await info()).doc_count, 1);
  assert.equal((await sync(memory())).push.docs_written, 1);
  assert.equal((await replicate.to(memory())).docs_written, 1);
  assert.equal(type(), "memory");
  db.get = async () => "mine";
  assert.equal(await db.get("a"), "mine");
});

test("databases are emitters in Node's style, and tell when they are opened, closed and destroyed", async () => {
  const seen = [];
  const onCreated = (name) => seen.push(`class created ${name}`);
  const onDestroyed = (name) => seen.push(`class destroyed ${name}`);
  GouchDB.on("created", onCreated);
  Memory.on("destroyed", onDestroyed);
  const open = async (who) => {
    const db = new Memory("api-events");
    for (const event of ["created", "closed", "destroyed"]) {
      db.once(event, () => seen.push(`${who} ${event}`));
    }
    await db.info();
    return db;
  };
  const first = await open("first");
  await open("second");
  await first.destroy();
  const third = new Memory("api-events").once("closed", () => seen.push("third closed"));
  await third.close();
  GouchDB.removeListener("created", onCreated).off("destroyed", onDestroyed);
  await memory().destroy();
  assert.deepEqual(seen, [
    "first created", "class created api-events", "second created", "class created api-events",
    "first destroyed", "class destroyed api-events", "second destroyed",
    "class created api-events", "third closed",
  ]);
  const heard = [];
  const listener = function (...args) {
    heard.push([this, ...args]);
  };
  third.setMaxListeners(50).prependListener("mine", listener).addListener("mine", listener);
  assert.deepEqual([third.listenerCount("mine"), third.listeners("mine").length, third.rawListeners("mine").length, third.getMaxListeners()], [2, 2, 2, 50]);
  assert.ok(third.eventNames().includes("mine"));
  third.emit("mine", 1, 2);
  assert.deepEqual(heard, [[third, 1, 2], [third, 1, 2]]);
  assert.equal(third.removeAllListeners("mine").emit("mine"), false);
});

test("auto_compaction keeps no bodies but those of leaves", async () => {
  for (const auto_compaction of [true, false]) {
    const db = memory({ auto_compaction });
    const { rev } = await db.put({ _id: "a", n: 1 });
    await db.put({ _id: "a", _rev: rev, n: 2 });
    assert.equal((await db.info()).auto_compaction, auto_compaction);
    assert.equal(await db.get("a", { rev }).then(() => true, () => false), !auto_compaction);
  }
});

test("deterministic_revs: false names revisions at random", async () => {
  const edits = async (options) => {
    const [one, other] = [memory(options), memory(options)];
    for (const db of [one, other]) {
      const { rev } = await db.put({ _id: "a", n: 1 });
      await db.putAttachment("a", "x", rev, "YQ==", "text/plain");
    }
    await one.sync(other);
    const doc = await one.get("a", { conflicts: true, revs: true });
    assert.match(doc._rev, /^2-[0-9a-f]{32}$/);
    assert.equal(doc._rev, (await other.get("a"))._rev);
    return [doc._conflicts?.length ?? 0, doc._revisions.ids.length];
  };
  assert.deepEqual(await edits({ deterministic_revs: false }), [1, 2]);
  assert.deepEqual(await edits({}), [0, 2]);
});

test("activeTasks lists what is being indexed", async () => {
  const db = memory();
  const other = memory();
  await db.bulkDocs(Array.from({ length: 20_000 }, (_, n) => ({ n })));
  await db.put({ _id: "_design/d", views: { n: { map: "function (doc) { emit(doc.n); }" } } });
  for (const [task, work] of [
    [{ design_document: "_design/x", index: "by n", total_changes: 20_002 }, () => db.createIndex({ index: { fields: ["n"] }, ddoc: "x", name: "by n" })],
    [{ design_document: "_design/d", total_changes: 20_002 }, () => db.query("d/n", { limit: 0 })],
  ]) {
    let done = false;
    const working = work().finally(() => { done = true; });
    const seen = [];
    for (let tasks = []; !done || tasks.length > 0;) { // an index is built after it was made; and asking all the time does not keep it from that
      tasks = await db.activeTasks();
      seen.push(...tasks);
      assert.deepEqual(await other.activeTasks(), []);
    }
    await working;
    assert.ok(seen.length > 0);
    for (const { changes_done, ...rest } of seen) {
      assert.deepEqual(rest, { type: "indexer", database: db.name, ...task });
      assert.ok(changes_done <= task.total_changes);
    }
  }
});

test("activeTasks lists replications, and keeps PouchDB's list", async () => {
  const db = memory();
  assert.deepEqual(await db.activeTasks(), []);
  const id = db.activeTasks.add({ name: "indexing", total_items: 10 });
  assert.equal(GouchDB.activeTasks.get(id).name, "indexing");
  db.activeTasks.update(id, { completed_items: 4 });
  const { completed_items, total_items, updated_at } = GouchDB.activeTasks.list()[0];
  assert.deepEqual({ completed_items, total_items }, { completed_items: 4, total_items: 10 });
  assert.match(updated_at, /^\d{4}-/);
  db.activeTasks.remove(id);
  assert.deepEqual(GouchDB.activeTasks.list(), []);
});
