// What PouchDB leaves to plugins, in Node: in memory, in a file, and on a server.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
        assert.deepEqual(JSON.parse(JSON.stringify(await run({ GouchDB, open }))), expected);
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
