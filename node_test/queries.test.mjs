// Queries with the npm package, as its users see them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();

let count = 0;
const memory = () => new GouchDB(`queries-${count++}`, { adapter: "memory" });
const failsWith = (expected) => (error) => {
  assert.equal(error.error, true, error.stack);
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(error[name], value, `${name}: ${error.message}`);
  }
  return true;
};

const books = [
  { _id: "a", type: "book", title: "Ada", price: 12, tags: ["x", "y"] },
  { _id: "b", type: "book", title: "Bee", price: 30, tags: ["y"] },
  { _id: "c", type: "pen", title: "Cyan", price: 2 },
  { _id: "d", type: "book", title: "dogs", price: 7, author: { name: "Dan" } },
];
async function withBooks() {
  const db = memory();
  await db.bulkDocs(books);
  return db;
}
const ids = ({ docs }) => docs.map(({ _id }) => _id);

describe("find", () => {
  test("answers selectors, fields, sort, limit and bookmarks", async () => {
    const db = await withBooks();
    const cheap = await db.find({ selector: { type: "book", price: { $lt: 20 } } });
    assert.deepEqual(ids(cheap), ["a", "d"]);
    assert.match(cheap.warning, /index/);
    assert.match(cheap.docs[0]._rev, /^1-/);
    assert.deepEqual((await db.find({ selector: { "author.name": "Dan" }, fields: ["title", "author.name"] })).docs, [{ title: "dogs", author: { name: "Dan" } }]);
    assert.deepEqual(ids(await db.find({ selector: { title: /^[ad]/i } })), ["a", "d"]);
    assert.deepEqual(ids(await db.find({ selector: { title: { $regex: /^[ad]/ } } })), ["d"]);
    assert.deepEqual(ids(await db.find({ selector: { tags: { $all: ["y"] } } })), ["a", "b"]);

    await db.createIndex({ index: { fields: ["price"] } });
    const first = await db.find({ selector: { price: { $gt: 0 } }, sort: [{ price: "desc" }], limit: 3 });
    assert.deepEqual(ids(first), ["b", "a", "d"]);
    assert.equal(first.warning, undefined);
    assert.deepEqual(ids(await db.find({ selector: { price: { $gt: 0 } }, sort: [{ price: "desc" }], limit: 3, bookmark: first.bookmark })), ["c"]);
    const { execution_stats: stats } = await db.find({ selector: { price: 7 }, execution_stats: true });
    assert.equal(stats.results_returned, 1);
    assert.equal(stats.total_keys_examined, 1);
  });

  test("without a limit all are found, as by PouchDB", async () => {
    const db = memory();
    await db.bulkDocs(Array.from({ length: 100 }, (_, i) => ({ n: i })));
    assert.equal((await db.find({ selector: { n: { $gte: 0 } } })).docs.length, 100);
    assert.equal((await db.find({ selector: { n: { $gte: 0 } }, limit: 30 })).docs.length, 30);
  });

  test("an index follows the documents", async () => {
    const db = await withBooks();
    await db.createIndex({ index: { fields: ["price"] } });
    await db.put({ _id: "e", price: 5 });
    await db.remove(await db.get("d"));
    await db.put({ ...(await db.get("c")), price: 100 });
    assert.deepEqual(ids(await db.find({ selector: { price: { $lt: 50 } }, sort: ["price"] })), ["e", "a", "b"]);
  });

  test("indexes are made once, listed, explained and removed, with PouchDB's shapes", async () => {
    const db = await withBooks();
    assert.deepEqual(await db.createIndex({ index: { fields: ["type", "price"], name: "kinds", ddoc: "shop" } }), { id: "_design/shop", name: "kinds", result: "created" });
    assert.deepEqual(await db.createIndex({ index: { fields: ["type", "price"] }, name: "kinds", ddoc: "shop" }), { id: "_design/shop", name: "kinds", result: "exists" });
    const { total_rows, indexes } = await db.getIndexes();
    assert.equal(total_rows, 2);
    assert.deepEqual(indexes[0], { ddoc: null, name: "_all_docs", type: "special", def: { fields: [{ _id: "asc" }] } });
    assert.deepEqual(indexes[1], { ddoc: "_design/shop", name: "kinds", type: "json", partitioned: false, def: { fields: [{ type: "asc" }, { price: "asc" }] } });
    const explanation = await db.explain({ selector: { type: "book", price: { $gt: 5 } }, use_index: "shop" });
    assert.equal(explanation.dbname, db.name);
    assert.equal(explanation.index.name, "kinds");
    assert.deepEqual(await db.deleteIndex(indexes[1]), { ok: true });
    await assert.rejects(db.deleteIndex(indexes[1]), failsWith({ status: 404, name: "not_found" }));
    assert.equal((await db.getIndexes()).total_rows, 1);
    const partial = { fields: ["price"], partial_filter_selector: { type: "book" } };
    await db.createIndex({ index: partial, name: "books" });
    assert.deepEqual((await db.getIndexes()).indexes[1].def.partial_filter_selector, { type: { $eq: "book" } });
    assert.equal((await db.createIndex({ fields: ["title"] })).result, "created"); // PouchDB takes that too
  });

  test("what cannot be is an error that says so", async () => {
    const db = await withBooks();
    for (const [call, expected] of [
      [() => db.find({ selector: { price: { $near: 5 } } }), { status: 400, name: "invalid_operator", reason: "Invalid operator: $near" }],
      [() => db.find({ selector: 5 }), { status: 400 }],
      [() => db.find({}), { status: 400 }],
      [() => db.find(), { status: 400, name: "bad_request" }],
      [() => db.find([]), { status: 400, name: "bad_request" }],
      [() => db.find({ selector: {}, limit: -1 }), { status: 400 }],
      [() => db.find({ selector: {}, sort: 5 }), { status: 400 }],
      [() => db.createIndex({ index: { fields: [] , unknown: 1 } }), { status: 400, name: "invalid_key" }],
      [() => db.createIndex({ index: {} }), { status: 400 }],
      [() => db.createIndex({}), { status: 400 }],
      [() => db.deleteIndex({ name: "x" }), { status: 400 }],
      [() => db.deleteIndex({ ddoc: null, name: "_all_docs" }), { status: 400 }],
    ]) {
      await assert.rejects(call, failsWith(expected));
    }
  });

  test("callbacks are called, and signals end calls", async () => {
    const db = await withBooks();
    const [error, result] = await new Promise((resolve) => db.find({ selector: { _id: "a" } }, (...answer) => resolve(answer)));
    assert.equal(error, null);
    assert.deepEqual(ids(result), ["a"]);
    const controller = new AbortController();
    controller.abort();
    await assert.rejects(db.find({ selector: {} }, { signal: controller.signal }), { name: "AbortError" });
  });
});

describe("query", () => {
  const design = {
    _id: "_design/shop",
    views: {
      prices: { map: "function (doc) { if (doc.price) { emit(doc.type, doc.price); } }", reduce: "_sum" },
      titles: { map: "(doc) => { if (doc.title) emit(doc.title.toLowerCase(), null); }" },
      most: { map: "function (doc) { emit(doc.type, doc.price); }", reduce: "function (keys, values) { return Math.max.apply(null, values); }" },
      also: { map: "function (doc) { if (doc.see) emit(null, { _id: doc.see }); }" },
      broken: { map: "function (doc) { if (doc.bad) throw new Error('bad'); emit(doc._id, doc.no.such); }" },
    },
  };
  async function withViews() {
    const db = await withBooks();
    await db.put(design);
    return db;
  }
  const keys = ({ rows }) => rows.map(({ key }) => key);

  test("answers views of design documents, with PouchDB's shapes", async () => {
    const db = await withViews();
    assert.deepEqual(await db.query("shop/titles", { limit: 2, skip: 1 }), {
      total_rows: 4,
      offset: 1,
      rows: [
        { id: "b", key: "bee", value: null },
        { id: "c", key: "cyan", value: null },
      ],
    });
    assert.deepEqual(await db.query("shop/prices"), { rows: [{ key: null, value: 51 }] });
    assert.deepEqual(await db.query("shop/prices", { group: true }), {
      rows: [
        { key: "book", value: 49 },
        { key: "pen", value: 2 },
      ],
    });
    assert.deepEqual(await db.query("shop/most", { key: "book" }), { rows: [{ key: null, value: 30 }] });
    assert.deepEqual(keys(await db.query("shop/titles", { startkey: "c", endkey: "a", descending: true })), ["bee", "ada"]);
    assert.deepEqual(keys(await db.query("shop/titles", { startkey: "ada", endkey: "cyan", inclusive_end: false })), ["ada", "bee"]);
    assert.deepEqual(keys(await db.query("shop/titles", { keys: ["dogs", "none", "ada"] })), ["dogs", "ada"]);
    const { rows } = await db.query("shop/prices", { reduce: false, key: "book", startkey_docid: "b", include_docs: true });
    assert.deepEqual(rows.map(({ id, doc }) => [id, doc.title]), [
      ["b", "Bee"],
      ["d", "dogs"],
    ]);
    assert.equal((await db.query("shop/titles", { update_seq: true, limit: 0 })).update_seq, 5);
    await db.put({ _id: "_design/prices", views: { prices: { map: "function (doc) { emit(1); }" } } });
    assert.equal((await db.query("prices")).total_rows, 4); // the design document and the view of one name
  });

  test("a view follows the documents, also as it was before", async () => {
    const db = await withViews();
    assert.equal((await db.query("shop/titles")).total_rows, 4);
    await db.remove(await db.get("a"));
    await db.put({ _id: "e", title: "Emu", see: "b" });
    for (const [options, expected] of [
      [{ stale: "ok" }, ["ada", "bee", "cyan", "dogs"]],
      [{ update: false }, ["ada", "bee", "cyan", "dogs"]],
      [{}, ["bee", "cyan", "dogs", "emu"]],
      [{ stale: "update_after" }, ["bee", "cyan", "dogs", "emu"]],
    ]) {
      assert.deepEqual(keys(await db.query("shop/titles", options)), expected);
    }
    const { rows } = await db.query("shop/also", { include_docs: true });
    assert.deepEqual([rows[0].id, rows[0].doc._id], ["e", "b"]);
  });

  test("functions keep what they know, and see what it is at each query", async () => {
    const db = await withBooks();
    for (const least of [5, 10, 20]) {
      const { rows } = await db.query((doc, give) => {
        if (doc.price >= least) {
          give(doc.price, doc.title);
        }
      });
      assert.deepEqual(
        rows.map(({ key }) => key),
        [7, 12, 30].filter((price) => price >= least),
      );
    }
    const total = await db.query({ map: (doc) => emit(doc.type, doc.price), reduce: (keys, values) => sum(values) }, { group: true });
    assert.deepEqual(total.rows, [
      { key: "book", value: 49 },
      { key: "pen", value: 2 },
    ]);
    assert.deepEqual((await db.query((doc) => emit(doc.type), { reduce: "_count" })).rows, [{ key: null, value: 4 }]);
    assert.deepEqual((await db.query({ map: "(doc) => emit(doc.price)" }, { descending: true, limit: 1 })).rows, [{ id: "b", key: 30, value: null }]);
    assert.equal("emit" in globalThis, false);
  });

  test("nothing remains of functions", async () => {
    const db = await withBooks();
    const before = await db.stats();
    await db.query((doc) => emit(doc.price, "x".repeat(10_000)));
    await assert.rejects(db.query(() => undefined, { startkey: 2, endkey: 1 }), failsWith({ status: 400 }));
    assert.equal((await db.stats()).live_bytes, before.live_bytes);
    assert.deepEqual((await db.check()).problems, []);
  });

  test("a map function that throws leaves the document out, and says so", async (t) => {
    const db = await withViews();
    const told = t.mock.method(console, "error", () => undefined);
    await db.put({ _id: "f", no: { such: 1 } });
    assert.deepEqual((await db.query("shop/broken")).rows, [{ id: "f", key: "f", value: 1 }]);
    assert.match(String(told.mock.calls[0].arguments), /map function failed for document a/);
  });

  test("what cannot be is an error that says so", async () => {
    const db = await withViews();
    await db.put({ _id: "_design/bad", views: { syntax: { map: "function (" }, number: { map: "5" } } });
    for (const [call, expected] of [
      [() => db.query("shop/none"), { status: 404, name: "not_found", reason: "missing_named_view" }],
      [() => db.query("none/none"), { status: 404, name: "not_found" }],
      [() => db.query("bad/syntax"), { status: 400, name: "compilation_error" }],
      [() => db.query("shop/titles", { group: true }), { status: 400, name: "query_parse_error" }],
      [() => db.query("shop/prices", { include_docs: true }), { status: 400, name: "query_parse_error" }],
      [() => db.query("shop/prices", { keys: ["book", "pen"] }), { status: 400, name: "query_parse_error" }],
      [() => db.query("shop/titles", { startkey: 2, endkey: 1 }), { status: 400, name: "query_parse_error" }],
      [() => db.query("shop/titles", { limit: -1 }), { status: 400, name: "query_parse_error" }],
      [() => db.query("shop/titles", { keys: 5 }), { status: 400, name: "query_parse_error" }],
      [() => db.query("shop/titles", { stale: "very" }), { status: 400, name: "bad_request" }],
      [() => db.query("shop/titles", 5), { status: 400, name: "bad_request" }],
      [() => db.query(5), { status: 400, name: "bad_request" }],
      [() => db.query({ reduce: "_sum" }), { status: 400, name: "bad_request" }],
      [() => db.query({ map: "function (" }), { status: 400, name: "compilation_error" }],
      [() => db.query((doc) => emit(doc._id), { reduce: 5 }), { status: 400, name: "bad_request" }],
      [() => db.query((doc) => emit(doc._id), { reduce: "_nope" }), { status: 400 }],
    ]) {
      await assert.rejects(call, failsWith(expected), String(call));
    }
  });

  test("attachments and conflicts come with documents", async () => {
    const db = await withViews();
    await db.put({ _id: "z", title: "Zoo", _attachments: { "a.txt": { content_type: "text/plain", data: "aGVsbG8=" } } });
    const { rows } = await db.query("shop/titles", { key: "zoo", include_docs: true, attachments: true });
    assert.equal(rows[0].doc._attachments["a.txt"].data, "aGVsbG8=");
    const binary = await db.query("shop/titles", { key: "zoo", include_docs: true, attachments: true, binary: true });
    assert.equal(binary.rows[0].doc._attachments["a.txt"].data.toString(), "hello");
    await db.bulkDocs([{ _id: "z", _rev: "1-zz", title: "Zoo" }], { new_edits: false });
    const conflicted = await db.query("shop/titles", { key: "zoo", include_docs: true, conflicts: true });
    assert.equal(conflicted.rows[0].doc._conflicts.length, 1);
  });

  test("while a large database in memory is built, everything else has its turns", async () => {
    const db = memory();
    await db.bulkDocs(Array.from({ length: 5000 }, (_, n) => ({ _id: String(n), n })));
    await db.put({ _id: "_design/d", views: { n: { map: "(doc) => emit(doc.n)", reduce: "_count" } } });
    let turns = 0;
    let timer;
    const turn = () => {
      turns++;
      timer = setTimeout(turn);
    };
    timer = setTimeout(turn);
    const turnsIn = async (work) => {
      turns = 0;
      await work();
      return turns;
    };
    assert.ok((await turnsIn(async () => {
      await db.createIndex({ index: { fields: ["n"] } });
      assert.equal((await db.find({ selector: { n: { $gte: 4990 } } })).docs.length, 10);
    })) >= 2, "one after each two thousand documents");
    assert.ok((await turnsIn(async () => assert.equal((await db.query("d/n")).rows[0].value, 5000))) >= 2, "so here");
    clearTimeout(timer);
    await db.destroy();
  });

  test("viewCleanup removes what no design document has any more", async () => {
    const db = await withViews();
    await db.query("shop/titles");
    const held = (await db.stats()).live_bytes;
    await db.remove(await db.get("_design/shop"));
    assert.deepEqual(await db.viewCleanup(), { ok: true });
    assert.ok((await db.stats()).live_bytes < held);
    await assert.rejects(db.query("shop/titles"), failsWith({ status: 404 }));
  });
});
