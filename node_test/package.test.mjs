import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { importPackage, packageRoot, project, run } from "./installed.mjs";

const { default: GouchDB, GouchError } = await importPackage();

let count = 0;
const memory = (options = {}) => new GouchDB(`test-${count++}`, { adapter: "memory", ...options });
const failsWith = (promise, expected) => assert.rejects(promise, (error) => {
  assert.ok(error instanceof GouchError, String(error));
  for (const [field, value] of Object.entries(expected)) {
    if (value instanceof RegExp) {
      assert.match(String(error[field]), value);
    } else {
      assert.equal(error[field], value, field);
    }
  }
  return true;
});
const tick = () => setImmediate();
const events = (emitter, ...names) => {
  const seen = [];
  for (const name of names) {
    emitter.on(name, (...args) => seen.push([name, ...args]));
  }
  return seen;
};

after(async () => {
  await tick();
});

test("the package holds what it needs and nothing else", () => {
  assert.deepEqual(readdirSync(packageRoot).sort(), ["LICENSE", "README.md", "dist", "package.json"]);
  assert.deepEqual(readdirSync(join(packageRoot, "dist")).sort(), [
    "additions.js", "browser.js", "gouchdb-node.wasm", "gouchdb.js", "gouchdb.wasm", "import-pouchdb.js", "inline-node.js", "inline.cjs", "inline.js", "node.cjs", "node.js",
    "react.cjs", "react.js", "service-worker.js", "types", "types-cjs", "worker.js", "workerd.js",
  ]);
  const { version, dependencies } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8"));
  assert.equal(dependencies, undefined);
  assert.equal(GouchDB.version, version);
});

test("require gives the class, with everything else on it", async () => {
  const required = createRequire(join(project, "app.cjs"));
  for (const name of ["gouchdb", "gouchdb/inline", "gouchdb/service-worker"]) {
    const Class = required(name);
    assert.deepEqual([typeof Class, Class.default === Class, Class.GouchDB === Class, typeof Class.GouchError], ["function", true, true, "function"], name);
  }
  const Class = required("gouchdb");
  const db = new Class("required", { adapter: "memory" });
  assert.equal((await db.put({ _id: "a" })).ok, true);
  assert.ok(await db.get("b").catch((error) => error instanceof Class.GouchError && db instanceof Class));
  // What the types say is there, is there.
  const declared = readFileSync(join(packageRoot, "dist/types-cjs/require.d.ts"), "utf8");
  for (const name of Object.keys(Class).filter((key) => /^[A-Z]/.test(key))) {
    assert.match(declared, new RegExp(`\\b${name}\\b`), name);
  }
});

test("documents are written, read, changed and removed", async () => {
  const db = memory();
  const first = await db.put({ _id: "milk", title: "Milk", nested: { list: [1, 2.5, null, "ä€😀"] } });
  assert.deepEqual(Object.keys(first), ["ok", "id", "rev"]);
  assert.match(first.rev, /^1-[0-9a-f]{32}$/);
  assert.deepEqual(await db.get("milk"), { _id: "milk", _rev: first.rev, title: "Milk", nested: { list: [1, 2.5, null, "ä€😀"] } });
  const second = await db.put({ _id: "milk", _rev: first.rev, title: "Oat milk" });
  assert.match(second.rev, /^2-/);
  assert.equal((await db.get("milk", { rev: first.rev })).title, "Milk");
  const removed = await db.remove(await db.get("milk"));
  assert.match(removed.rev, /^3-/);
  await failsWith(db.get("milk"), { status: 404, name: "not_found", message: "missing", reason: "deleted", error: true, docId: "milk" });
  await failsWith(db.get("tea"), { status: 404, name: "not_found", message: "missing", reason: "missing", docId: "tea" });
  assert.equal((await db.get("milk", { rev: removed.rev }))._deleted, true);
  const again = await db.put({ _id: "milk", title: "Again" });
  assert.match(again.rev, /^4-/);
  await db.remove("milk", again.rev);
});

test("post makes ids", async () => {
  const db = memory();
  const { id } = await db.post({ title: "x" });
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal((await db.get(id)).title, "x");
  assert.equal((await db.post({ _id: "mine" })).id, "mine");
});

test("a conflict is told, made with force, read and resolved", async () => {
  const db = memory();
  const { rev } = await db.put({ _id: "x", n: 1 });
  await db.put({ _id: "x", _rev: rev, n: 2 });
  await failsWith(db.put({ _id: "x", _rev: rev, n: 3 }), { status: 409, name: "conflict", message: "Document update conflict", docId: "x" });
  const forced = await db.put({ _id: "x", _rev: rev, n: 3 }, { force: true });
  assert.match(forced.rev, /^2-/);
  const winner = await db.get("x", { conflicts: true, revs: true, revs_info: true, local_seq: true });
  assert.equal(winner._conflicts.length, 1);
  assert.equal(winner._revisions.start, 2);
  assert.equal(winner._revs_info[1].rev, rev);
  assert.equal(winner._local_seq, 3);
  const leaves = await db.get("x", { open_revs: "all" });
  assert.equal(leaves.length, 2);
  assert.deepEqual(leaves.map(({ ok }) => ok.n).sort(), [2, 3]);
  const mixed = await db.get("x", { open_revs: [winner._rev, "9-abc"], revs: true });
  assert.deepEqual(mixed.map((row) => Object.keys(row)[0]), ["ok", "missing"]);
  await db.remove("x", winner._conflicts[0]);
  assert.equal((await db.get("x", { conflicts: true }))._conflicts, undefined);
});

test("revisions are stored as they come with new_edits: false", async () => {
  const db = memory();
  assert.deepEqual(await db.bulkDocs([{ _id: "x", _rev: "2-b", _revisions: { start: 2, ids: ["b", "a"] }, n: 1 }], { new_edits: false }), []);
  assert.deepEqual(await db.bulkDocs({ docs: [{ _id: "x", _rev: "2-c", _revisions: { start: 2, ids: ["c", "a"] } }], new_edits: false }), []);
  assert.deepEqual((await db.get("x", { conflicts: true }))._conflicts, ["2-b"]);
  assert.deepEqual(await db.revsDiff({ x: ["2-b", "3-d"], y: ["1-a"] }), {
    x: { missing: ["3-d"], possible_ancestors: ["2-c", "2-b"] },
    y: { missing: ["1-a"] },
  });
  const { results } = await db.bulkGet({ docs: [{ id: "x", rev: "2-b" }, { id: "y" }], revs: true });
  assert.deepEqual(results[0].docs[0].ok, { _id: "x", _rev: "2-b", n: 1, _revisions: { start: 2, ids: ["b", "a"] } });
  assert.equal(results[1].docs[0].error.error, "not_found");
});

test("purge removes a leaf and what only it came from", async () => {
  const db = memory();
  const branch = (start, ...ids) => ({ _id: "x", _rev: `${start}-${ids[0]}`, _revisions: { start, ids } });
  await db.bulkDocs([branch(3, "c", "b", "a"), branch(2, "d", "a")], { new_edits: false });
  await assert.rejects(db.purge("x", "1-a"), { status: 400, reason: "The requested revision is not a leaf", docId: "x" });
  await assert.rejects(db.purge("x", "1-b"), { status: 404, name: "not_found", reason: "The requested revision does not exist" });
  await assert.rejects(db.purge("y", "1-a"), { status: 404, name: "not_found", reason: "missing" });
  assert.deepEqual(await db.purge("x", "3-c"), { ok: true, deletedRevs: ["3-c", "2-b"], documentWasRemovedCompletely: false, purge_seq: 1, purged: { x: ["3-c"] } });
  assert.equal((await db.get("x"))._rev, "2-d");
  const { deletedRevs, documentWasRemovedCompletely } = await new Promise((resolve, reject) => db.purge("x", "2-d", (error, result) => (error ? reject(error) : resolve(result))));
  assert.deepEqual([deletedRevs, documentWasRemovedCompletely], [["2-d", "1-a"], true]);
  await assert.rejects(db.get("x"), { status: 404, reason: "missing" });
  assert.deepEqual((await db.changes()).results, []);
});

test("purge does not take what an edit has built on meanwhile", async () => {
  const db = memory();
  const { rev } = await db.put({ _id: "x" });
  const { get } = db;
  db.get = async (...args) => {
    const rows = await get.apply(db, args);
    await db.put({ _id: "x", _rev: rev });
    return rows;
  };
  await assert.rejects(db.purge("x", rev), { status: 409, name: "conflict", docId: "x" });
  const { _rev } = await get.call(db, "x");
  assert.match(_rev, /^2-/);
});

test("bulkDocs answers in order; one failure does not keep others back", async () => {
  const db = memory();
  await db.put({ _id: "taken" });
  const answers = await db.bulkDocs([{ _id: "a" }, { _id: "taken" }, { title: "no id" }]);
  assert.equal(answers[0].ok, true);
  assert.ok(answers[1] instanceof GouchError);
  assert.deepEqual({ ...answers[1].toJSON() }, {
    status: 409, name: "conflict", message: "Document update conflict", reason: "Document update conflict.", error: true, id: "taken", docId: "taken",
  });
  assert.equal(answers[2].ok, true);
});

test("allDocs lists by id, with every option", async () => {
  const db = memory();
  await db.bulkDocs(["a", "b", "c", "d", "e"].map((_id) => ({ _id, n: 1 })));
  await db.remove(await db.get("d"));
  const ids = async (options) => (await db.allDocs(options)).rows.map(({ id, key, error }) => id ?? `${key}:${error}`);
  assert.deepEqual(await ids(), ["a", "b", "c", "e"]);
  assert.deepEqual(await ids({ startkey: "b", endkey: "c" }), ["b", "c"]);
  assert.deepEqual(await ids({ startkey: "b", endkey: "c", inclusive_end: false }), ["b"]);
  assert.deepEqual(await ids({ startkey: "c", endkey: "b", descending: true }), ["c", "b"]);
  assert.deepEqual(await ids({ key: "c" }), ["c"]);
  assert.deepEqual(await ids({ key: "zz" }), []);
  assert.deepEqual(await ids({ skip: 1, limit: 2 }), ["b", "c"]);
  assert.deepEqual(await ids({ limit: 0 }), []);
  assert.deepEqual(await ids({ keys: ["e", "zz", "d", "e"] }), ["e", "zz:not_found", "d", "e"]);
  const result = await db.allDocs({ keys: ["d", "e"], include_docs: true, update_seq: true });
  assert.equal(result.total_rows, 4);
  assert.equal(result.offset, 0);
  assert.equal(result.update_seq, 6);
  assert.equal(result.rows[0].value.deleted, true);
  assert.equal(result.rows[0].doc, null);
  assert.equal(result.rows[1].doc.n, 1);
});

test("local documents have revisions and stay where they are", async () => {
  const db = memory();
  const { rev } = await db.put({ _id: "_local/settings", dark: true });
  assert.equal(rev, "0-1");
  assert.deepEqual(await db.get("_local/settings"), { _id: "_local/settings", _rev: "0-1", dark: true });
  assert.equal((await db.info()).doc_count, 0);
  await db.remove("_local/settings", rev);
  await failsWith(db.get("_local/settings"), { status: 404 });
});

test("info tells about the database", async () => {
  const db = memory();
  await db.put({ _id: "x" });
  const info = await db.info();
  assert.equal(info.db_name, db.name);
  assert.equal(info.adapter, "memory");
  assert.equal(info.doc_count, 1);
  assert.equal(info.update_seq, 1);
  assert.deepEqual(await db.compact(), { ok: true });
  assert.deepEqual(await db.flush(), { ok: true });
});

test("old revisions go with revs_limit and compact", async () => {
  const db = memory({ revs_limit: 2 });
  let rev;
  for (let n = 1; n <= 4; n++) {
    ({ rev } = await db.put({ _id: "x", n, ...(rev && { _rev: rev }) }));
  }
  assert.equal((await db.get("x", { revs: true }))._revisions.ids.length, 2);
});

test("10,000 documents go in and come out", async () => {
  const db = memory();
  const docs = Array.from({ length: 10_000 }, (_, i) => ({ _id: String(i).padStart(5, "0"), title: `Document ${i}`, text: "x".repeat(300) }));
  const answers = await db.bulkDocs(docs);
  assert.ok(answers.every(({ ok }) => ok));
  const { rows } = await db.allDocs({ include_docs: true });
  assert.equal(rows.length, 10_000);
  assert.equal(rows[9_999].doc.title, "Document 9999");
  const { results } = await db.changes();
  assert.equal(results.length, 10_000);
  let seen = 0;
  for await (const change of db.changes({ include_docs: true, batch_size: 700 })) {
    assert.equal(change.doc.title, `Document ${seen++}`);
  }
  assert.equal(seen, 10_000);
});

test("changes, once: a promise, and events", async () => {
  const db = memory();
  await db.bulkDocs([{ _id: "a" }, { _id: "b" }, { _id: "c" }]);
  await db.remove(await db.get("b"));
  const { results, last_seq } = await db.changes();
  assert.deepEqual(results.map(({ id, seq, deleted }) => [id, seq, deleted]), [["a", 1, undefined], ["c", 3, undefined], ["b", 4, true]]);
  assert.equal(last_seq, 4);
  assert.deepEqual((await db.changes({ since: 3 })).results.map(({ id }) => id), ["b"]);
  assert.deepEqual((await db.changes({ since: "now" })).results, []);
  assert.deepEqual((await db.changes({ limit: 1, include_docs: true })).results.map(({ doc }) => doc._id), ["a"]);
  assert.deepEqual((await db.changes({ limit: false, timeout: false })).results.length, 3);
  assert.deepEqual((await db.changes({ descending: true })).results.map(({ id }) => id), ["b", "c", "a"]);
  assert.deepEqual((await db.changes({ doc_ids: ["c", "zz"] })).results.map(({ id }) => id), ["c"]);
  const feed = db.changes({ return_docs: false });
  const seen = events(feed, "change", "complete", "error");
  const result = await feed;
  assert.deepEqual(seen.map(([name, value]) => value.id ?? name), ["a", "c", "b", "complete"]);
  assert.deepEqual(result, { results: [], last_seq: 4 });
  assert.deepEqual(seen.at(-1)[1], result);
});

test("changes, live: events until it is cancelled", async () => {
  const db = memory();
  await db.put({ _id: "old" });
  const feed = db.changes({ live: true, since: "now", include_docs: true });
  const seen = events(feed, "change", "complete", "error");
  const next = () => new Promise((resolve) => feed.once("change", resolve));
  let change = next();
  // The feed begins now, not at the next turn: what is written at once is in it.
  await db.info();
  await db.put({ _id: "a", n: 1 });
  assert.equal((await change).doc.n, 1);
  change = next();
  await db.put({ _id: "b", n: 2 });
  assert.equal((await change).id, "b");
  feed.cancel();
  const result = await feed;
  assert.equal(result.status, "cancelled");
  await db.put({ _id: "c" });
  await tick();
  assert.deepEqual(seen.map(([name, value]) => value.id ?? name), ["a", "b", "complete"]);
});

test("changes, live: a loop until it is left, cancelled or aborted", async () => {
  const db = memory();
  await db.bulkDocs([{ _id: "a" }, { _id: "b" }, { _id: "c" }]);
  const ids = [];
  for await (const { id } of db.changes({ live: true, batch_size: 1 })) {
    ids.push(id);
    if (id === "b") {
      break;
    }
  }
  assert.deepEqual(ids, ["a", "b"]);
  const controller = new AbortController();
  for await (const { id } of db.changes({ live: true, signal: controller.signal })) {
    ids.push(id);
    if (id === "c") {
      void setImmediate().then(() => controller.abort());
    }
  }
  assert.deepEqual(ids, ["a", "b", "a", "b", "c"]);
  const feed = db.changes({ live: true, limit: 2 });
  assert.equal((await feed).last_seq, 2);
});

test("a closed or destroyed database ends its feeds and refuses calls", async () => {
  const db = memory();
  await db.put({ _id: "x" });
  const feed = db.changes({ live: true });
  const seen = events(feed, "error", "complete");
  await db.info();
  await db.close();
  await db.close();
  assert.equal((await feed).status, "cancelled");
  assert.deepEqual(seen.map(([name]) => name), ["complete"]);
  await failsWith(db.get("x"), { status: 412, message: /closed/ });

  const same = new GouchDB(db.name, { adapter: "memory" });
  assert.equal((await same.get("x"))._id, "x");
  const other = new GouchDB(db.name, { adapter: "memory" });
  await other.info();
  assert.deepEqual(await same.destroy(), { ok: true });
  await failsWith(same.get("x"), { status: 412, message: /destroyed/ });
  await failsWith(other.get("x"), { status: 412, name: "closed" });
  await other.close();
  await failsWith(new GouchDB(db.name, { adapter: "memory" }).get("x"), { status: 404, reason: "missing" });
});

test("replication copies, goes on where it was, and tells what it does", async () => {
  const [a, b] = [memory(), memory()];
  await a.bulkDocs([{ _id: "1" }, { _id: "2" }]);
  await b.put({ _id: "3" });
  const push = a.replicate.to(b);
  const seen = events(push, "active", "change", "complete", "error");
  const result = await push;
  assert.equal(result.ok, true);
  assert.equal(result.status, "complete");
  assert.equal(result.docs_written, 2);
  assert.equal(seen[0][0], "active");
  assert.equal(seen.at(-1)[0], "complete");
  const changes = seen.filter(([name]) => name === "change");
  assert.deepEqual(changes.flatMap(([, { docs }]) => docs.map(({ _id }) => _id)).sort(), ["1", "2"]);
  assert.equal((await a.replicate.to(b)).docs_read, 0);
  const { push: there, pull: back } = await a.sync(b);
  assert.equal(there.docs_written, 0);
  assert.equal(back.docs_written, 1);
  const c = memory();
  assert.equal((await GouchDB.replicate(a, c, { doc_ids: ["3"] })).docs_written, 1);
  assert.equal((await GouchDB.sync(c, a)).pull.docs_written, 2);
  assert.equal((await c.allDocs()).total_rows, 3);
});

test("a replication can be cancelled, and completes", async () => {
  // A file makes the engine wait, so that the event comes before the end.
  const [a, b] = [memory(), new GouchDB(join(project, "cancelled"))];
  await a.bulkDocs(Array.from({ length: 2000 }, (_, i) => ({ _id: `${i}` })));
  const replication = a.replicate.to(b, { batch_size: 10 });
  replication.once("change", () => replication.cancel());
  const result = await replication;
  assert.equal(result.status, "cancelled");
  assert.ok(result.docs_written < 2000);
  assert.equal((await a.replicate.to(b)).ok, true);
  assert.equal((await b.info()).doc_count, 2000);
  const sync = a.sync(b);
  sync.cancel();
  assert.equal((await sync).push.status, "cancelled");
  await b.destroy();
});

test("what is opened for a replication alone is closed after it", { timeout: 30_000 }, async () => {
  const a = memory();
  await a.put({ _id: "x" });
  const unlocked = async (path) => {
    while (existsSync(`${path}.gouch.lock`)) {
      await tick();
    }
  };
  for (const [name, run] of Object.entries({
    replicated: (path) => a.replicate.to(path),
    synced: (path) => a.sync(path),
    failed: (path) => assert.rejects(GouchDB.replicate("http://127.0.0.1:1/nothing", path)),
  })) {
    const path = join(project, name);
    await run(path);
    await unlocked(path);
  }
  const live = a.replicate.to(join(project, "live"), { live: true });
  await new Promise((resolve) => live.once("paused", resolve));
  assert.ok(existsSync(join(project, "live.gouch.lock")));
  live.cancel();
  await live;
  assert.equal(live.listenerCount("paused"), 0);
  await unlocked(join(project, "live"));
});

test("a server that is not there is an error, by promise and by event", async () => {
  const a = memory();
  await a.put({ _id: "x" });
  const remote = "http://user:secret@127.0.0.1:1/nothing";
  const replication = a.replicate.to(remote);
  const seen = events(replication, "error", "complete");
  await failsWith(replication, { status: 503, name: "unreachable" });
  assert.equal(seen.length, 1);
  const [name, error] = seen[0];
  assert.deepEqual([name, error.result.ok, error.result.status, error.result.docs_read], ["error", false, "aborting", 0]);
  assert.deepEqual([replication.status.state, replication.status.error], ["stopped", error]);
  assert.equal(replication.listenerCount("complete"), 0, "nothing more is told");
  const db = new GouchDB(remote);
  assert.equal(db.name, "http://127.0.0.1:1/nothing");
  await assert.rejects(db.info(), (error) => error.name === "unreachable" && !JSON.stringify(error).includes("secret") && !String(error.stack).includes("secret"));
});

test("bad input is an error that says what is wrong, and nothing is written", async () => {
  const db = memory();
  const circular = { _id: "x" };
  circular.self = circular;
  for (const [call, expected] of [
    [() => db.put(), { status: 400, name: "bad_request", message: "Document must be a JSON object" }],
    [() => db.put([]), { message: "Document must be a JSON object" }],
    [() => db.put("x"), { message: "Document must be a JSON object" }],
    [() => db.put({}), { status: 412, name: "missing_id", message: "_id is required for puts" }],
    [() => db.put({ _id: "" }), { name: "missing_id" }],
    [() => db.put({ _id: 5 }), { status: 400, message: "_id field must contain a string" }],
    [() => db.put({ _id: "_x" }), { status: 400, message: "Only reserved document ids may start with underscore." }],
    [() => db.put({ _id: "x", _rev: "nonsense" }), { status: 400, message: "Invalid rev format" }],
    [() => db.put({ _id: "x", _unknown: 1 }), { name: "doc_validation", message: /_unknown/ }],
    [() => db.put({ _id: "x" }, "options"), { message: /put: options/ }],
    [() => db.put({ _id: "x" }, { new_edits: "no" }), { message: /`new_edits`/ }],
    [() => db.put({ _id: "x" }, { signal: true }), { message: /`signal`/ }],
    [() => db.put({ _id: "x", n: 5n }), { message: /document "x".*BigInt/ }],
    [() => db.put(circular), { message: /document "x"/ }],
    [() => db.put({ _id: "x", text: "\ud800" }), { status: 400, message: /surrogate/ }],
    [() => db.post(5), { message: "Document must be a JSON object" }],
    [() => db.get(), { message: "_id field must contain a string" }],
    [() => db.get(5), { message: "_id field must contain a string" }],
    [() => db.get("x", { rev: "nonsense" }), { status: 400 }],
    [() => db.get("x", { open_revs: "some" }), { message: /`open_revs`/ }],
    [() => db.get("x", { open_revs: ["nonsense"] }), { message: "Invalid rev format" }],
    [() => db.remove(), { message: "Document must be a JSON object" }],
    [() => db.remove("x", "nonsense"), { message: "Invalid rev format" }],
    [() => db.remove({ _rev: "1-a" }), { name: "missing_id" }],
    [() => db.bulkDocs(), { status: 400, message: "Missing JSON list of 'docs'" }],
    [() => db.bulkDocs({ docs: 5 }), { message: "Missing JSON list of 'docs'" }],
    [() => db.bulkDocs([{ _id: "x" }, 5]), { message: "Document must be a JSON object" }],
    [() => db.bulkDocs([{ _id: "x" }, { _id: "_y" }]), { message: /underscore/ }],
    [() => db.allDocs({ limit: -1 }), { name: "query_parse_error", message: /`limit`/ }],
    [() => db.allDocs({ startkey: 5 }), { message: /`startkey`/ }],
    [() => db.allDocs({ keys: "x" }), { message: /`keys`/ }],
    [() => db.allDocs({ keys: [], key: "x" }), { name: "query_parse_error", reason: /`key` is not compatible/ }],
    [() => db.allDocs({ include_docs: "yes" }), { message: /`include_docs`/ }],
    [() => db.changes({ since: {} }), { message: /`since`/ }],
    [() => db.changes({ style: "fancy" }), { message: /`style`/ }],
    [() => db.revsDiff(5), { status: 400 }],
    [() => db.bulkGet({}), { status: 400, message: /docs/ }],
    [() => db.purge("x", "nonsense"), { message: "Invalid rev format" }],
    [() => db.purge("x", "1-a", 5), { status: 400, message: "purge: options must be an object" }],
    [() => db.purge("x", "1-a", { signal: 5 }), { message: /`signal`/ }],
    [() => memory({ prefix: "p" }).replicate.to(db, { style: "fancy" }), { message: /`style`/ }],
    [() => db.replicate.to(memory(), { checkpoint: "maybe" }), { message: /maybe/ }],
  ]) {
    await failsWith((async () => call())(), expected);
  }
  for (const [call, expected] of [
    [() => new GouchDB(), /`name`/],
    [() => new GouchDB("a", { adapter: "tape" }), /tape/],
    [() => new GouchDB("a", { adapter: "memory", revs_limit: 0 }), /`revs_limit`/],
    [() => db.changes({ live: "yes" }), /`live`/],
    [() => db.changes({ live: true, descending: true }), /`descending`/],
    [() => db.changes({ filter: 5 }), /`filter`/],
    [() => db.changes({ filter: "_selector" }), /`selector`/],
    [() => db.changes({ selector: "x" }), /`selector`/],
    [() => db.changes({ view: "" }), /`view`/],
    [() => db.changes({ doc_ids: ["a"], selector: {} }), /`doc_ids` and `selector`/],
    [() => db.changes({ filter: "d/f", view: "d/v" }), /`filter` and `view`/],
    [() => db.changes({ filter: "d/f", query_params: [] }), /`query_params`/],
    [() => db.changes({ limit: "many" }), /`limit`/],
    [() => db.replicate.to(memory(), { live: "yes" }), /`live`/],
    [() => db.replicate.to(memory(), { back_off_function: (delay) => delay }), /`back_off_function`/],
    [() => db.replicate.to(memory(), { live: true, back_off_function: (delay) => delay }), /`back_off_function`/],
    [() => db.replicate.to(memory(), { batches_limit: 0 }), /`batches_limit`/],
    [() => db.replicate.to(memory(), { filter_name: "x" }), /`filter_name`/],
    [() => db.replicate.to(5), /replication needs a database/],
    [() => db.sync(memory(), { filter: "" }), /`filter`/],
    [() => db.replicate.to(memory(), { batch_size: 0 }), /`batch_size`/],
  ]) {
    assert.throws(call, (error) => error instanceof GouchError && expected.test(error.message), String(expected));
  }
  assert.equal((await db.info()).update_seq, 0);
});

test("an aborted call rejects with the signal's reason", async () => {
  const db = memory();
  await db.put({ _id: "x" });
  await assert.rejects(db.get("x", { signal: AbortSignal.abort() }), { name: "AbortError" });
  const controller = new AbortController();
  const answer = db.put({ _id: "y" }, { signal: controller.signal }); // a read may have its answer already
  controller.abort(new Error("enough"));
  await assert.rejects(answer, /enough/);
});

test("a file keeps what was written, and the process ends by itself", async () => {
  const first = await run(`
    import GouchDB from "gouchdb";
    const db = new GouchDB("notes");
    await db.bulkDocs([{ _id: "a", text: "ä" }, { _id: "b" }]);
    await db.remove(await db.get("b"));
    console.log(db.adapter, (await db.info()).update_seq);
  `);
  assert.deepEqual(first, { code: 0, output: "file 3\n" });
  assert.ok(existsSync(join(project, "notes.gouch")));
  const second = await run(`
    import GouchDB from "gouchdb";
    const db = new GouchDB("./notes.gouch");
    const same = new GouchDB("notes");
    console.log((await db.get("a")).text, (await same.info()).update_seq);
    await db.close();
    await same.close();
    await new GouchDB("notes").destroy();
  `);
  assert.deepEqual(second, { code: 0, output: "ä 3\n" });
  assert.equal(existsSync(join(project, "notes.gouch")), false);
});

test("each durability keeps what was written, once it is flushed or the database closed", async () => {
  for (const durability of ["strict", "relaxed", "memory-first"]) {
    const name = join(project, durability);
    const db = new GouchDB(name, { durability });
    await db.put({ _id: "x" });
    await db.flush();
    await db.put({ _id: "y" });
    await db.close();
    const again = new GouchDB(name);
    assert.equal((await again.info()).doc_count, 2, durability);
    await again.destroy();
  }
});

test("a database compacts itself at the ratio that it is given, and not when that is negative", async () => {
  const text = "x".repeat(400_000);
  const logged = async (ratio) => {
    const db = new GouchDB(join(project, `ratio${ratio}`), { durability: "relaxed", compaction_ratio: ratio });
    let rev;
    for (let n = 0; n < 15; n++) { // a local document has no history: what was there is dead at once
      ({ rev } = await db.put({ _id: "_local/a", ...(rev ? { _rev: rev } : {}), n, text }));
    }
    return db;
  };
  const [never, soon] = [await logged(-1), await logged(1.5)];
  while ((await soon.stats()).log_bytes > 15 * text.length / 2) {
    await setImmediate(); // reading alone never leaves the turn of the event loop
  }
  assert.ok((await never.stats()).log_bytes > 15 * text.length);
  await Promise.all([never.destroy(), soon.destroy()]);
});

test("the process ends by itself while a memory database is open, and after a feed was cancelled", async () => {
  const { code, output } = await run(`
    import GouchDB from "gouchdb";
    const db = new GouchDB("x", { adapter: "memory" });
    const feed = db.changes({ live: true });
    await new Promise((resolve) => { feed.once("change", resolve); db.put({ _id: "a" }); });
    feed.cancel();
    await feed;
    console.log(Object.keys(globalThis).includes("Go"), typeof fs);
  `);
  assert.deepEqual({ code, output }, { code: 0, output: "false undefined\n" });
});

test("stats and check tell how a local database is", async () => {
  const { output } = await run(`
    import GouchDB from "gouchdb";
    const db = new GouchDB("inspected");
    const { rev } = await db.put({ _id: "a", text: "x".repeat(1000) });
    await db.put({ _id: "b" });
    await db.remove("a", rev);
    const { doc_count, doc_del_count, live_bytes, log_bytes, ratio } = await db.stats();
    console.log(doc_count, doc_del_count, live_bytes > 1000, log_bytes > 1000, ratio > 0);
    console.log(JSON.stringify(await db.check()));
    await new GouchDB("http://127.0.0.1:1/x").check().catch((error) => console.log(error.name));
    await db.destroy();
  `);
  assert.equal(output, '1 1 true true true\n{"ok":true,"documents":2,"revisions":3,"bodies":1,"local_docs":0,"problems":[]}\nunreachable\n');
});

test("init takes the engine as bytes, or as a module; once it runs it is too late", async () => {
  const wasm = join(packageRoot, "dist/gouchdb.wasm");
  for (const source of ["bytes", "await WebAssembly.compile(bytes)", "new Response(bytes, { headers: { 'content-type': 'text/plain' } })", "new Response(bytes, { headers: { 'content-type': 'application/wasm' } })"]) {
    const { output } = await run(`
      import { readFileSync } from "node:fs";
      import GouchDB from "gouchdb";
      const bytes = readFileSync(${JSON.stringify(wasm)});
      await GouchDB.init({ wasm: ${source} });
      console.log((await new GouchDB("x", { adapter: "memory" }).info()).doc_count);
      await GouchDB.init({ wasm: bytes }).catch(({ message }) => console.log(message.includes("must come before")));
    `);
    assert.equal(output, "0\ntrue\n", source);
  }
  const { output } = await run(`
    import GouchDB from "gouchdb";
    await GouchDB.init({ wasm: new Uint8Array([1, 2, 3]) }).catch(({ name, status }) => console.log(name, status));
    await GouchDB.init({ wasm: new Response("no", { status: 404 }) }).catch(({ message }) => console.log(message));
  `);
  assert.match(output, /engine_unavailable 500\n.*404/);
});

test("no timer keeps a process that has its answers", async () => {
  const server = await startServer(["--memory", "--no-auth", "--create", "notes"]);
  try {
    const { code, output } = await run(`
      import GouchDB from "gouchdb";
      const remote = new GouchDB("${server.url}/notes");
      await remote.put({ _id: "a" });
      await new Promise(setImmediate);
      console.log(process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length, (await remote.get("a"))._id);
    `);
    assert.deepEqual({ code, output }, { code: 0, output: "0 a\n" });
  } finally {
    await server.stop();
  }
});
