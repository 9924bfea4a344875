// PouchDB's plugins, from npm, on our class.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import memoryAdapter from "pouchdb-adapter-memory";
import authentication from "pouchdb-authentication";
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

test("a storage plugin of PouchDB's changes nothing", async () => {
  const db = withPlugin(memoryAdapter)();
  assert.equal((await db.put({ _id: "a" })).ok, true);
});
