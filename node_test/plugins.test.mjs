// PouchDB's plugins, from npm, on our class.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import crypto from "crypto-pouch";
import delta from "delta-pouch";
import memoryAdapter from "pouchdb-adapter-memory";
import authentication from "pouchdb-authentication";
import erase from "pouchdb-erase";
import find from "pouchdb-find";
import liveFind from "pouchdb-live-find";
import upsert from "pouchdb-upsert";
import relational from "relational-pouch";
import transform from "transform-pouch";
import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();
let count = 0;
const withPlugin = (plugin) => {
  const Class = GouchDB.defaults({ adapter: "memory" }).plugin(plugin);
  return () => new Class(`plugins-${count++}`);
};

test("pouchdb-upsert", async () => {
  const db = withPlugin(upsert)();
  const first = await db.upsert("a", (doc) => ({ ...doc, n: (doc.n ?? 0) + 1 }));
  assert.equal(first.updated, true);
  await Promise.all(Array.from({ length: 5 }, () => db.upsert("a", (doc) => ({ ...doc, n: doc.n + 1 }))));
  assert.equal((await db.get("a")).n, 6);
  assert.equal((await db.upsert("a", () => false)).updated, false);
  assert.equal((await db.putIfNotExists("a", { n: 0 })).updated, false);
  assert.equal((await db.putIfNotExists({ _id: "b", n: 0 })).updated, true);
  const answer = await new Promise((resolve, reject) => db.upsert("c", () => ({ n: 1 }), (error, result) => (error ? reject(error) : resolve(result))));
  assert.equal(answer.id, "c");
});

test("relational-pouch", async () => {
  const db = withPlugin(relational.default ?? relational)();
  db.setSchema([
    { singular: "author", plural: "authors", relations: { books: { hasMany: "book" } } },
    { singular: "book", plural: "books", relations: { author: { belongsTo: "author" } } },
  ]);
  await db.rel.save("author", { id: 1, name: "Ursula", books: [7, 8] });
  await db.rel.save("book", { id: 7, title: "The Dispossessed", author: 1 });
  const { rev } = await db.rel.save("book", { id: 8, title: "The Lathe of Heaven", author: 1 });
  const { authors, books } = await db.rel.find("author", 1);
  assert.equal(authors[0].name, "Ursula");
  assert.deepEqual(books.map(({ title }) => title), ["The Dispossessed", "The Lathe of Heaven"]);
  await db.rel.putAttachment("book", { id: 8, rev }, "cover", "YQ==", "text/plain");
  assert.equal((await db.rel.getAttachment("book", 8, "cover")).toString(), "a");
  await db.rel.del("book", { id: 7, rev: books[0].rev });
  assert.equal((await db.rel.find("book")).books.length, 1);
});

test("transform-pouch, in replication too", async () => {
  const make = withPlugin(transform);
  const [plain, coded] = [make(), make()];
  coded.transform({
    incoming: (doc) => ({ ...doc, secret: doc.secret && [...doc.secret].reverse().join("") }),
    outgoing: (doc) => ({ ...doc, secret: doc.secret && [...doc.secret].reverse().join("") }),
  });
  await coded.put({ _id: "a", secret: "abc" });
  assert.equal((await coded.get("a")).secret, "abc");
  assert.equal((await new GouchDB(coded.name, { adapter: "memory" }).get("a")).secret, "cba");
  await plain.put({ _id: "b", secret: "xyz" });
  await plain.sync(coded);
  assert.equal((await plain.get("a")).secret, "abc");
  assert.equal((await new GouchDB(coded.name, { adapter: "memory" }).get("b")).secret, "zyx");
});

test("pouchdb-authentication", async () => {
  const directory = mkdtempSync(join(tmpdir(), "gouchdb-plugins-"));
  process.env.GOUCHDB_ADMIN_PASSWORD = "secret";
  const server = await startServer(["--dir", directory, "--admin", "anna"]);
  after(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });
  const Class = GouchDB.defaults({ skip_setup: true }).plugin(authentication);
  const db = new Class(`${server.url}/private`);
  await assert.rejects(db.logIn("anna", "wrong"), { status: 401, name: "unauthorized" });
  const { ok, name } = await db.logIn("anna", "secret");
  assert.deepEqual([ok, name], [true, "anna"]);
  const session = await db.getSession();
  assert.equal(session.ok, true);
  assert.equal((await db.logOut()).ok, true);
  await assert.rejects(db.signUp("", "x"), { name: "authentication_error" });
});

// It brings pouchdb-find's methods along, whose place is taken by what is built in; its own liveFind takes the place of ours.
test("pouchdb-find and pouchdb-live-find", async () => {
  const Class = GouchDB.defaults({ adapter: "memory" }).plugin(find).plugin(liveFind);
  const db = new Class(`plugins-${count++}`);
  await db.bulkDocs([{ _id: "mario", series: "Mario", n: 1 }, { _id: "link", series: "Zelda", n: 2 }]);
  await db.createIndex({ index: { fields: ["n"] } });
  assert.equal((await db.explain({ selector: { n: { $gt: 1 } } })).index.type, "json");
  const updates = [];
  let wake;
  const feed = db.liveFind({ selector: { series: "Mario" }, sort: [{ n: "desc" }], aggregate: true });
  const changed = () => new Promise((resolve) => (wake = resolve));
  feed.on("update", ({ action, id }, aggregate) => {
    updates.push([action, id, aggregate.map(({ _id }) => _id)]);
    wake?.();
  });
  await new Promise((resolve, reject) => feed.on("ready", resolve).on("error", reject));
  let next = changed();
  await db.put({ _id: "luigi", series: "Mario", n: 3 });
  await next;
  next = changed();
  await db.remove(await db.get("mario"));
  await next;
  feed.cancel();
  assert.deepEqual(updates, [["ADD", "mario", ["mario"]], ["ADD", "luigi", ["luigi", "mario"]], ["REMOVE", "mario", ["luigi"]]]);
});

test("crypto-pouch", async () => {
  const db = withPlugin(crypto)();
  await db.crypto("secret");
  await db.put({ _id: "a", text: "hidden" });
  assert.equal((await db.get("a")).text, "hidden");
  assert.equal((await db.allDocs({ include_docs: true })).rows[0].doc.text, "hidden");
  const stored = await new GouchDB(db.name, { adapter: "memory" }).get("a");
  assert.ok(stored.payload && !JSON.stringify(stored).includes("hidden"));
});

test("delta-pouch", async () => {
  const db = withPlugin(delta)();
  db.deltaInit();
  const { id } = await db.save({ title: "Milk", done: false });
  await db.save({ $id: id, done: true });
  const docs = await db.all();
  assert.deepEqual([docs[id].title, docs[id].done], ["Milk", true]);
});

test("pouchdb-erase", async () => {
  const db = withPlugin(erase)();
  await db.bulkDocs([{ _id: "a" }, { _id: "b" }]);
  assert.deepEqual(await db.erase(), { ok: true });
  const { doc_count, doc_del_count } = await db.info();
  assert.deepEqual([doc_count, doc_del_count], [0, 2]);
});

test("a storage plugin of PouchDB's changes nothing", async () => {
  const db = withPlugin(memoryAdapter)();
  assert.equal((await db.put({ _id: "a" })).ok, true);
});
