// Replication with objects that have PouchDB's public methods, and through functions in place of fetch.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";
import { importPackage } from "./installed.mjs";
import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";

const { default: GouchDB } = await importPackage();
PouchDB.plugin(memoryAdapter);
const directory = mkdtempSync(join(tmpdir(), "gouchdb-peers-"));
after(() => rmSync(directory, { recursive: true, force: true }));
let count = 0;
const gouch = (options) => new GouchDB(`peers-${count++}`, { adapter: "memory", ...options });
const pouch = () => new PouchDB(`peers-${count++}`, { adapter: "memory" });
const leaves = async (db) => {
  const { results } = await db.changes({ style: "all_docs" });
  return Object.fromEntries(results.map(({ id, changes }) => [id, changes.map(({ rev }) => rev).sort()]).sort());
};

async function fill(db) {
  await db.bulkDocs(Array.from({ length: 250 }, (_, n) => ({ _id: `doc-${n}`, n })));
  await db.bulkDocs([
    { _id: "conflict", _rev: "2-b", _revisions: { start: 2, ids: ["b", "a"] }, n: 1 },
    { _id: "conflict", _rev: "2-c", _revisions: { start: 2, ids: ["c", "a"] }, n: 2 },
  ], { new_edits: false });
  await db.remove(await db.get("doc-0"));
  await db.put({ _id: "files", _attachments: { "1": { content_type: "text/plain", data: "b25l" }, a: { content_type: "text/plain", data: "YQ==" }, "empty": { content_type: "text/plain", data: "" } } });
}

async function same(a, b) {
  assert.deepEqual(await leaves(a), await leaves(b));
  assert.equal((await b.get("doc-7")).n, 7);
  assert.equal((await b.get("conflict", { conflicts: true }))._conflicts.length, 1);
  const { _attachments } = await b.get("files", { attachments: true });
  assert.deepEqual(Object.fromEntries(Object.entries(_attachments).map(([name, { data }]) => [name, data])), { 1: "b25l", a: "YQ==", empty: "" });
}

test("a database of PouchDB's is a source and a target, and goes on where it was", async () => {
  for (const replicate of [GouchDB.replicate, PouchDB.replicate.bind(PouchDB)]) {
    for (const [source, target] of [[pouch(), gouch()], [gouch(), pouch()]]) {
      await fill(source);
      const result = await replicate(source, target, { batch_size: 50 });
      assert.equal(result.ok, true);
      assert.equal(result.docs_written, 253);
      await same(source, target);
      assert.equal((await replicate(source, target)).docs_read, 0);
      await source.put({ _id: "late" });
      assert.equal((await replicate(source, target)).docs_read, 1);
    }
  }
});

test("a replication goes on from PouchDB's checkpoint", async () => {
  for (const options of [{}, { doc_ids: ["doc-9", "doc-7"] }, { selector: { n: { $gt: 100 } } }]) {
    const [source, target] = [pouch(), pouch()];
    await fill(source);
    await PouchDB.replicate(source, target, options);
    const asked = [];
    const { revsDiff } = target;
    target.revsDiff = (revs) => (asked.push(...Object.keys(revs)), revsDiff(revs));
    assert.equal((await GouchDB.replicate(source, target, options)).docs_read, 0);
    assert.deepEqual(asked, [], JSON.stringify(options));
    await source.put({ _id: "late", n: 200 });
    await GouchDB.replicate(source, target, options);
    assert.deepEqual(asked, options.doc_ids ? [] : ["late"]);
  }
});

test("both directions, and live, with PouchDB's own replicator and with ours", async () => {
  for (const sync of [GouchDB.sync, PouchDB.sync.bind(PouchDB)]) {
    const [a, b] = [gouch(), pouch()];
    await a.put({ _id: "a" });
    await b.put({ _id: "b" });
    const { push, pull } = await sync(a, b);
    assert.deepEqual([push.docs_written, pull.docs_written], [1, 1]);
    const live = sync(a, b, { live: true });
    const arrived = (db, id) => new Promise((resolve) => {
      const feed = db.changes({ live: true, since: 0 }).on("change", (change) => change.id === id && resolve(feed.cancel()));
    });
    await a.put({ _id: "from-a" });
    await arrived(b, "from-a");
    await b.put({ _id: "from-b" });
    await arrived(a, "from-b");
    live.cancel();
    await live;
    assert.deepEqual(await leaves(a), await leaves(b));
  }
});

test("methods that were replaced on an instance, or in a subclass, are what replication calls", async () => {
  const calls = [];
  const source = gouch();
  await source.bulkDocs([{ _id: "a" }, { _id: "b" }]);
  const { bulkGet } = source;
  source.bulkGet = (...args) => {
    calls.push("bulkGet");
    return bulkGet(...args);
  };
  assert.equal((await source.replicate.to(gouch())).docs_written, 2);
  assert.deepEqual(calls, ["bulkGet"]);
  class Watched extends GouchDB {
    changes(...args) {
      calls.push("changes");
      return super.changes(...args);
    }
  }
  const watched = new Watched(source.name, { adapter: "memory" });
  assert.equal((await GouchDB.replicate(watched, gouch())).docs_written, 2);
  assert.ok(calls.includes("changes"));
  // With an id of its own, it is another database to the checkpoints.
  const renamed = gouch();
  renamed.id = async () => "another";
  const target = gouch();
  await renamed.put({ _id: "x" });
  await renamed.replicate.to(target);
  delete renamed.id;
  assert.equal((await renamed.replicate.to(target)).docs_read, 0);
});

test("a test double will do; what it fails with is told, and what it refuses is denied", async () => {
  const written = [];
  const store = new Map();
  const missing = () => Object.assign(new Error("missing"), { status: 404, name: "not_found" });
  const double = {
    id: async () => "double",
    info: async () => ({ update_seq: 0, doc_count: 0 }),
    get: async (id) => store.get(id) ?? Promise.reject(missing()),
    put: async (doc) => (store.set(doc._id, { ...doc, _rev: "0-1" }), { ok: true, id: doc._id, rev: "0-1" }),
    revsDiff: async (revs) => Object.fromEntries(Object.entries(revs).map(([id, list]) => [id, { missing: list }])),
    bulkDocs: async ({ docs }) => docs.flatMap((doc) => (doc._id === "secret" ? { error: true, status: 403, name: "forbidden", id: doc._id, reason: "no" } : (written.push(doc._id), []))),
    bulkGet: async () => ({ results: [] }),
    changes: () => Object.assign(Promise.resolve({ results: [], last_seq: 0 }), { cancel() {}, on() {} }),
    getAttachment: async () => Promise.reject(missing()),
  };
  const source = gouch();
  await source.bulkDocs([{ _id: "a" }, { _id: "secret" }, { _id: "z" }]);
  const denied = [];
  const result = await source.replicate.to(double).on("denied", (error) => denied.push(error));
  assert.deepEqual(written.sort(), ["a", "z"]);
  assert.equal(result.doc_write_failures, 1);
  assert.deepEqual([denied[0].name, denied[0].docId], ["forbidden", "secret"]);
  double.revsDiff = async () => Promise.reject(Object.assign(new Error("broken"), { status: 400, name: "broken" }));
  await source.put({ _id: "more" });
  await assert.rejects(source.replicate.to(double), { status: 400, name: "broken", message: "broken" });
  assert.throws(() => source.replicate.to({ ...double, bulkDocs: undefined }), /no method `bulkDocs`/);
  assert.throws(() => source.replicate.to(5), /needs a database/);
});

test("a remote database sends its requests with the function it is given", async () => {
  const server = await startServer(["--no-auth", "--dir", directory]);
  after(() => server.stop());
  const requests = [];
  const remote = new GouchDB(`${server.url}/fetched`, {
    auth: { username: "ä", password: "b" },
    headers: { "x-team": "1" },
    fetch: (url, options) => {
      options.headers.set("x-mine", "2");
      requests.push({ path: new URL(url).pathname, query: new URL(url).search, method: options.method, headers: Object.fromEntries(options.headers) });
      options.headers.delete("authorization"); // this server knows nobody
      return GouchDB.fetch(url, options);
    },
  });
  await remote.put({ _id: "a", text: "ä€" });
  assert.equal((await remote.get("a")).text, "ä€");
  await remote.putAttachment("bytes", "x", new Uint8Array([0, 255, 254]), "application/octet-stream");
  assert.deepEqual([...(await remote.getAttachment("bytes", "x"))], [0, 255, 254]);
  const [{ headers }] = requests;
  assert.equal(headers["x-mine"], "2");
  assert.equal(headers["x-team"], "1");
  assert.equal(headers.authorization, `Basic ${Buffer.from("ä:b").toString("base64")}`);
  const copy = gouch();
  assert.equal((await copy.replicate.from(remote)).docs_written, 2);
  assert.ok(requests.some(({ path }) => path.endsWith("/_changes")));
  assert.deepEqual((await remote.changes({ seq_interval: 10 })).results.map(({ id }) => id), ["a", "bytes"]);
  assert.match(requests.at(-1).query, /\bseq_interval=10\b/);
  const response = await remote.fetch("a?revs=true");
  assert.equal((await response.json())._revisions.start, 1);
  assert.equal(requests.at(-1).path, "/fetched/a");
  assert.equal((await remote.fetch("/")).status, 200);
  await assert.rejects(copy.fetch("a"), /remote/);
  const broken = new GouchDB(`${server.url}/broken`, { fetch: () => Promise.reject(new TypeError("no network")) });
  await assert.rejects(broken.info(), { name: "unreachable" });
});

test("a feed through such a function waits, and its request ends with it", async () => {
  let closed;
  const gone = new Promise((resolve) => (closed = resolve));
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (!request.url.includes("_changes")) {
      response.end('{"db_name":"x","update_seq":0,"doc_count":0}');
      return;
    }
    response.write("\n");
    response.on("close", closed);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => server.close());
  const db = new GouchDB(`http://127.0.0.1:${server.address().port}/x`, { fetch: (url, options) => fetch(url, options) });
  await db.info();
  const feed = db.changes({ live: true });
  await new Promise((resolve) => server.once("request", resolve));
  feed.cancel();
  await gone;
  assert.equal((await feed).status, "cancelled");
});

test("a filter is applied by the object, in PouchDB's words", async () => {
  const source = pouch();
  await source.bulkDocs([{ _id: "1", n: 1 }, { _id: "2", n: 2 }, { _id: "_design/d", filters: { f: "function (doc, req) { return doc.n === req.query.n; }" }, views: { v: { map: "function (doc) { if (doc.n === 1) emit(doc.n); }" } } }]);
  const asked = [];
  const { changes } = source;
  source.changes = (options) => {
    asked.push(options);
    return changes.call(source, options);
  };
  for (const options of [{ view: "d/v" }, { filter: "d/f", query_params: { n: 1 } }, { selector: { n: 1 } }]) {
    const target = gouch();
    assert.equal((await target.replicate.from(source, options)).docs_written, 1, JSON.stringify(options));
    assert.equal((await target.get("1")).n, 1);
  }
  assert.deepEqual(asked.map(({ filter, view, query_params: params, selector }) => ({ filter, view, params, selector })).filter((one, i, all) => i === all.findIndex((other) => JSON.stringify(one) === JSON.stringify(other))), [
    { filter: "_view", view: "d/v", params: undefined, selector: undefined },
    { filter: "d/f", view: undefined, params: { n: 1 }, selector: undefined },
    { filter: "_selector", view: undefined, params: undefined, selector: { n: 1 } },
  ]);
});
