// What PouchDB leaves to plugins, in Node: in memory, in a file, and on a server.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { after, before, describe, test } from "node:test";
import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { stories } from "./additions.mjs";
import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();
const directory = mkdtempSync(join(tmpdir(), "gouchdb-additions-"));
let server;
let count = 0;
before(async () => {
  server = await startServer(["--memory", "--no-auth"]);
});
after(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const places = {
  memory: () => new GouchDB(`additions-${count++}`, { adapter: "memory" }),
  file: () => new GouchDB(join(directory, `additions-${count++}`)),
  server: () => new GouchDB(`${server.url}/additions-${count++}`),
};
for (const [place, open] of Object.entries(places)) {
  describe(place, () => {
    for (const [name, { run, expected }] of Object.entries(stories)) {
      test(name, { timeout: 60_000 }, async () => {
        // As a page would hand it over.
        assert.deepEqual(JSON.parse(JSON.stringify(await run({ GouchDB, open }))), typeof expected === "function" ? expected(place) : expected);
      });
    }
  });
}

test("atomic writes write all or nothing", async () => {
  const db = places.memory();
  const { rev } = await db.put({ _id: "a", n: 1 });
  const rows = await db.bulkDocs([{ _id: "b", n: 1 }, { _id: "a", n: 2 }, { _id: "_local/c" }], { atomic: true });
  assert.deepEqual(rows.map(({ name, id }) => [name, id]), [["not_written", "b"], ["conflict", "a"], ["not_written", "_local/c"]]);
  assert.deepEqual((await db.allDocs()).rows.map(({ id, value }) => [id, value.rev]), [["a", rev]]);
  await assert.rejects(db.get("_local/c"), { status: 404 });
  assert.ok((await db.bulkDocs([{ _id: "b", n: 1 }, { _id: "a", _rev: rev, n: 2 }], { atomic: true })).every(({ ok }) => ok));
  await assert.rejects(places.server().bulkDocs([{ _id: "a" }], { atomic: true }), { status: 501 });
});

test("a conflict that is purged while it is looked at is resolved", async () => {
  const db = new GouchDB("purged-conflict", { adapter: "memory" });
  const write = (...revs) => db.bulkDocs(revs.map((_rev) => ({ _id: "x", _rev })), { new_edits: false });
  await write("1-a", "1-b");
  const told = [];
  for await (const conflict of db.conflicts({ live: true })) {
    told.push(conflict);
    if (conflict.conflicts.length === 0) {
      break;
    }
    const { allDocs } = db;
    db.allDocs = async (...args) => {
      for (const rev of ["1-a", "1-b", "1-c"]) {
        await db.purge("x", rev);
      }
      return allDocs.apply(db, args);
    };
    await write("1-c");
  }
  assert.deepEqual(told, [{ id: "x", rev: "1-b", conflicts: ["1-a"] }, { id: "x", rev: "", conflicts: [] }]);
});

test("a live list hears of conflicts that are purged", async () => {
  const db = new GouchDB("purged-conflicts", { adapter: "memory" });
  const write = (_id, ...revs) => db.bulkDocs(revs.map((_rev) => ({ _id, _rev })), { new_edits: false });
  await write("x", "1-a", "1-b");
  await write("y", "1-a", "1-b");
  const told = [];
  for await (const { id, conflicts } of db.conflicts({ live: true })) {
    told.push([id, ...conflicts]);
    if (told.length === 2) {
      // Not awaited: the list waits for changes when the last of it comes.
      db.purge("y", "1-a").then(() => db.purge("x", "1-b")).then(() => db.purge("x", "1-a"));
    }
    if (told.length === 4) {
      break;
    }
  }
  assert.deepEqual(told, [["x", "1-a"], ["y", "1-a"], ["y"], ["x"]]);
});

test("a server's conflict is resolved in an order in which an interruption loses nothing", async () => {
  const db = places.server();
  await db.bulkDocs([{ _id: "a", _rev: "1-a", n: 1 }, { _id: "a", _rev: "1-b", n: 2 }], { new_edits: false });
  const bulkDocs = db.bulkDocs;
  db.bulkDocs = (docs, options) => (Array.isArray(docs) ? Promise.reject(new Error("the network is gone")) : bulkDocs(docs, options)); // put calls it too
  await assert.rejects(db.resolve("a", ([first, second]) => ({ n: first.n + second.n })), /network/);
  db.bulkDocs = bulkDocs;
  const { n, _conflicts } = await db.get("a", { conflicts: true });
  assert.deepEqual([n, _conflicts], [3, ["1-a"]]);
});

const command = new URL("../build/gouchdb", import.meta.url).pathname;
const gouchdb = (...args) => execFileSync(command, args, { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "ignore"] });
const documentsIn = (dump) => dump.trim().split("\n").filter((line) => !/^\{"(gouchdb_dump|local)"/.test(line)).map((line) => line.replace(/"local_docs":\d+/, "").replace(/^\{"seq":\d+/, "")).sort();

test("dumps of the command line are loaded here, and the other way, with every number as it is", async () => {
  const [first, second, third] = ["first", "second", "third"].map((name) => join(directory, name));
  const db = new GouchDB(first);
  await db.bulkDocs(Array.from({ length: 300 }, (_, i) => ({ _id: `doc-${i}`, i })));
  await db.put({ _id: "with", _attachments: { z: { content_type: "text/plain", data: "aGVsbG8=" }, a: { content_type: "image/png", data: new Uint8Array(1_500_000).fill(7) } } });
  await db.bulkDocs([{ _id: "torn", _rev: "1-a", "": 1 }, { _id: "torn", _rev: "1-b", _deleted: true }], { new_edits: false });
  await pipeline(Readable.fromWeb(db.dump()), createWriteStream(`${first}.ndjson`));
  await db.close();
  const text = readFileSync(`${first}.ndjson`, "utf8");
  // A number that JavaScript does not know, and a member that it would put first.
  const exact = '"exact":12345678901234567890,"fraction":1.50,"9":true';
  const odd = text.replace('"i":299', exact);
  assert.notEqual(odd, text);
  writeFileSync(`${first}.ndjson`, odd);
  gouchdb("load", "--in", `${first}.ndjson`, `file:${second}.gouch`);
  const again = gouchdb("dump", `file:${second}.gouch`);
  assert.ok(again.includes(exact));
  assert.deepEqual(documentsIn(again), documentsIn(odd));
  writeFileSync(`${second}.ndjson`, again);
  const result = await GouchDB.load(createReadStream(`${second}.ndjson`), third);
  assert.deepEqual(result, { docs: 302, revisions: 303, attachments: 2, local_docs: 1 });
  const last = await new Response(new GouchDB(third).dump()).text();
  assert.deepEqual(documentsIn(last), documentsIn(odd));
});

test("a document that cannot be written ends a load", async () => {
  const source = places.memory();
  await source.put({ _id: "a", text: "x".repeat(100) });
  const dump = (await new Response(source.dump()).text()).replace('"_id":"a"', '"_id":"_a"');
  await assert.rejects(GouchDB.load(dump, places.memory()), { name: "illegal_docid" });
  await assert.rejects(GouchDB.load(dump, `${server.url}/Bad`), { status: 400 });
  await assert.rejects(GouchDB.load(dump), TypeError);
});

test("a dump of a database that may only be read", async () => {
  const db = places.server();
  await db.put({ _id: "a" });
  db.put = () => Promise.reject(Object.assign(new Error("only members"), { status: 403 }));
  const copy = places.memory();
  assert.equal((await GouchDB.load(db.dump(), copy)).docs, 1);
  db.put = () => Promise.reject(Object.assign(new Error("the disk is full"), { status: 507 }));
  await assert.rejects(new Response(db.dump()).text(), /the disk is full/);
});

test("allDbs lists what a class would open", async () => {
  const Memory = GouchDB.defaults({ adapter: "memory", prefix: "listed-" });
  await Promise.all([new Memory("b").info(), new Memory("a").info(), new GouchDB("other", { adapter: "memory" }).info()]);
  assert.deepEqual(await Memory.allDbs(), ["a", "b"]);
  assert.deepEqual(await Memory.defaults({ prefix: "listed-a" }).allDbs(), []);
  assert.deepEqual(await new Promise((resolve, reject) => Memory.allDbs((error, names) => (error ? reject(error) : resolve(names)))), ["a", "b"]);
  await new Memory("a").destroy();
  assert.deepEqual(await GouchDB.allDbs({ adapter: "memory", prefix: "listed-" }), ["b"]);

  const inside = join(directory, "listed");
  mkdirSync(join(inside, "deeper.gouch"), { recursive: true });
  writeFileSync(join(inside, "foreign.gouch"), "not a database");
  const Files = GouchDB.defaults({ prefix: `${inside}/` });
  await Promise.all([new Files("todo").info(), new Files("work-1").info(), new Files("work-2").info()]);
  assert.deepEqual(await Files.allDbs(), ["todo", "work-1", "work-2"]);
  assert.deepEqual(await GouchDB.allDbs({ prefix: join(inside, "work-") }), ["1", "2"]);
  await new Files("todo").destroy();
  assert.deepEqual(await Files.allDbs(), ["work-1", "work-2"]);

  await assert.rejects(GouchDB.allDbs({ adapter: "http" }), { status: 501 });
  await assert.rejects(GouchDB.allDbs({ prefix: join(inside, "nowhere/") }), { code: "ENOENT" });
});

test("storage is estimated, and kept", async () => {
  const inside = join(directory, "estimated");
  mkdirSync(inside);
  const Files = GouchDB.defaults({ prefix: `${inside}/` });
  const empty = await Files.storageEstimate();
  assert.equal(empty.usage, 0);
  await new Files("a").put({ _id: "a", text: "x".repeat(10_000) });
  const { usage, quota, persisted } = await Files.storageEstimate();
  assert.ok(usage > 10_000 && usage < 100_000 && quota > usage, `${usage} of ${quota}`);
  assert.deepEqual([persisted, await GouchDB.persist()], [true, true]);
});

test("the README's examples run", async () => {
  const readme = readFileSync(new URL("../js/README.md", import.meta.url), "utf8");
  const [section] = /^## Beyond PouchDB\n.*?^## /ms.exec(readme);
  const blocks = [...section.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block);
  assert.equal(blocks.length, 2);
  const Class = GouchDB.defaults({ adapter: "memory", prefix: "readme-" });
  const db = new Class("db");
  await db.bulkDocs([{ _id: "milk", _rev: "1-a", tags: ["a"] }, { _id: "milk", _rev: "1-b", tags: ["b"] }], { new_edits: false });
  const logged = [];
  const run = new Function("GouchDB", "db", "console", `return (async () => {${blocks.join("\n")}\nreturn { docs, names, kept, persisted, quota }; })();`);
  const { docs, names, kept, persisted, quota } = await run(Class, db, { log: (...args) => logged.push(args) });
  assert.deepEqual([docs, names, kept, persisted, quota > 0], [5, ["copy", "db"], true, true, true]);
  assert.deepEqual(logged[0], ["milk", 1]);
  assert.deepEqual((await db.get("milk")).tags.sort(), ["a", "b"]);
  assert.equal((await new Class("copy").get("visits")).count, 1);
});
