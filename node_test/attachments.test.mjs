// Attachments with the npm package, as its users see them: contents of every kind, PouchDB through the server, and replication.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import PouchDB from "pouchdb";

import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();

let count = 0;
const memory = () => new GouchDB(`attachments-${count++}`, { adapter: "memory" });
const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
const base64 = Buffer.from(bytes).toString("base64");

const same = (got, want) => assert.ok(want.equals(got), `${got.length} bytes, ${want.length} expected`);

describe("attachments", { timeout: 60_000 }, () => {
  let directory, server, base;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gouchdb-attachments-"));
    server = await startServer(["--dir", directory, "--no-auth", "--create", "shared"]);
    base = server.url;
  });

  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test("contents of every kind are the same bytes", async () => {
    const db = memory();
    const kinds = { string: base64, buffer: Buffer.from(bytes), array: bytes, part: new Uint8Array([9, ...bytes, 9]).subarray(1, 257), memory: bytes.slice().buffer, blob: new Blob([bytes]), 7: bytes, 3: Buffer.from("three") };
    const attachments = Object.fromEntries(Object.entries(kinds).map(([name, data]) => [name, { content_type: "image/png", data }]));
    await db.bulkDocs([{ _id: "before" }, { _id: "doc", _attachments: attachments }, { _id: "after", _attachments: { x: { content_type: "text/plain", data: Buffer.from("x") } } }]);
    const stubs = await db.get("doc");
    assert.equal(stubs._attachments.blob.stub, true);
    assert.equal(stubs._attachments.blob.length, 256);
    const text = await db.get("doc", { attachments: true });
    const binary = await db.get("doc", { attachments: true, binary: true });
    for (const name of Object.keys(kinds)) {
      const want = name === "3" ? Buffer.from("three") : Buffer.from(bytes);
      assert.equal(text._attachments[name].data, want.toString("base64"), name);
      assert.ok(Buffer.isBuffer(binary._attachments[name].data), name);
      assert.deepEqual(binary._attachments[name].data, want, name);
      assert.deepEqual(await db.getAttachment("doc", name), want, name);
    }
    const { rows } = await db.allDocs({ include_docs: true, attachments: true, binary: true });
    assert.deepEqual(rows[0].doc._attachments.x.data, Buffer.from("x"));
    assert.deepEqual(rows[2].doc._attachments["3"].data, Buffer.from("three"));
    const { results } = await db.changes({ include_docs: true, attachments: true });
    assert.equal(results.find(({ id }) => id === "after").doc._attachments.x.data, Buffer.from("x").toString("base64"));
    const got = await db.bulkGet({ docs: [{ id: "after" }], attachments: true, binary: true });
    assert.deepEqual(got.results[0].docs[0].ok._attachments.x.data, Buffer.from("x"));
    await db.close();
  });

  test("one by one", async () => {
    const db = memory();
    const first = await db.putAttachment("doc", "a.txt", Buffer.from("one"), "text/plain");
    const second = await db.putAttachment("doc", "b.txt", first.rev, Buffer.from("two").toString("base64"), "text/plain");
    await assert.rejects(db.putAttachment("doc", "c.txt", first.rev, "", "text/plain"), { status: 409 });
    const third = await db.removeAttachment("doc", "a.txt", second.rev);
    assert.deepEqual(Object.keys((await db.get("doc"))._attachments), ["b.txt"]);
    await assert.rejects(db.getAttachment("doc", "a.txt"), { status: 404 });
    assert.deepEqual(await db.getAttachment("doc", "a.txt", { rev: first.rev }), Buffer.from("one"));
    await db.put({ ...(await db.get("doc")), edited: true });
    assert.deepEqual(await db.getAttachment("doc", "b.txt"), Buffer.from("two"));
    await assert.rejects(db.put({ _id: "other", _attachments: { x: { stub: true } } }), { status: 412, name: "missing_stub" });
    await assert.rejects(db.put({ _id: "other", _attachments: { x: { data: "not base64!" } } }), { status: 400 });
    await assert.rejects(db.putAttachment("other", "x", 5, "text/plain"), { status: 400 });
    assert.match(third.rev, /^3-/);
    await db.close();
  });

  test("PouchDB, the server and this package hand them to one another", async () => {
    const pouch = new PouchDB(`${base}/shared`);
    const large = Buffer.alloc(3_000_000, "0123456789");
    await pouch.put({ _id: "from pouch", _attachments: { "a.txt": { content_type: "text/plain", data: Buffer.from("hello") }, "b.bin": { content_type: "image/png", data: large } } });
    const db = memory();
    await db.replicate.from(`${base}/shared`);
    same(await db.getAttachment("from pouch", "a.txt"), Buffer.from("hello"));
    same(await db.getAttachment("from pouch", "b.bin"), large);
    await db.put({ _id: "from here", _attachments: { "c.bin": { content_type: "image/png", data: bytes }, "d.bin": { content_type: "image/png", data: large } } });
    await db.replicate.to(`${base}/shared`);
    same(await pouch.getAttachment("from here", "c.bin"), Buffer.from(bytes));
    same(await pouch.getAttachment("from here", "d.bin"), large);
    const remote = new GouchDB(`${base}/shared`);
    same(await remote.getAttachment("from pouch", "b.bin"), large);
    const copy = memory();
    await copy.sync(db);
    same(await copy.getAttachment("from pouch", "a.txt"), Buffer.from("hello"));
    await Promise.all([db, remote, copy].map((each) => each.close()));
  });
});
