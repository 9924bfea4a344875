// Live replication with the npm package, as its users see it: a server that goes and comes back, PouchDB on the other side.
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
const memory = () => new GouchDB(`live-${count++}`, { adapter: "memory" });
const once = (emitter, event, matches = () => true) =>
  new Promise((resolve, reject) => {
    emitter.on(event, (value) => matches(value) && resolve(value));
    emitter.catch(reject);
  });
// Resolves when a document is there.
async function arrives(db, id) {
  const feed = db.changes({ live: true, doc_ids: [id] });
  await once(feed, "change");
  feed.cancel();
}

describe("live replication", { timeout: 60_000 }, () => {
  let directory, server, flags;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gouchdb-live-"));
    flags = ["--dir", directory, "--no-auth", "--create", "shared"];
    server = await startServer(flags);
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test("what is written on either side arrives on the other; PouchDB takes part", async () => {
    const db = memory();
    const sync = db.sync(`${server.url}/shared`, { live: true, retry: true });
    const states = [];
    for (const event of ["active", "paused", "complete", "error"]) {
      sync.on(event, () => states.push(event));
    }
    await once(sync, "paused");
    const pouch = new PouchDB(`${server.url}/shared`);
    await Promise.all([arrives(db, "theirs"), pouch.put({ _id: "theirs" })]);
    const change = once(sync, "change", ({ direction }) => direction === "push");
    await db.put({ _id: "ours" });
    assert.equal((await change).change.docs_written, 1);
    assert.equal((await change).change.docs[0]._id, "ours");
    assert.equal((await pouch.get("ours"))._id, "ours");

    const tasks = await db.activeTasks();
    assert.deepEqual(tasks.map(({ source, target, continuous }) => [source, target, continuous]), [
      [db.name, `${server.url}/shared`, true],
      [`${server.url}/shared`, db.name, true],
    ]);
    assert.equal(tasks[0].docs_written, 1);
    assert.ok(tasks[0].bytes_written > 0);
    assert.ok(tasks.every(({ error }) => error === undefined));

    const { checkpoint } = await once(sync.push, "checkpoint");
    assert.equal(String(checkpoint), String((await db.info()).update_seq));
    const began = performance.now();
    sync.cancel();
    const result = await sync;
    assert.ok(performance.now() - began < 1000);
    assert.equal(result.push.status, "cancelled");
    assert.equal(result.push.docs_written, 1);
    assert.equal(sync.push.status.state, "stopped");
    assert.deepEqual(states.slice(0, 2), ["active", "paused"]);
    assert.equal(states.at(-1), "complete");
    assert.deepEqual(await GouchDB.activeTasks(), []);
  });

  test("it outlives the server, and goes on by itself when that is back", async () => {
    const db = memory();
    const delays = [];
    const back_off_function = (delay) => {
      delays.push(delay);
      return Math.min(delay + 50, 200);
    };
    const sync = db.sync(`${server.url}/shared`, { live: true, retry: true, back_off_function });
    await once(sync, "paused", (error) => !error);
    const lost = once(sync.pull, "paused", (error) => error?.name === "unreachable");
    const { port } = server;
    await server.stop();
    await lost;
    assert.equal(sync.pull.status.state, "waiting");
    await db.put({ _id: "meanwhile" });
    server = await startServer(flags, port);
    const pouch = new PouchDB(`${server.url}/shared`);
    await new Promise((resolve) => {
      const feed = pouch.changes({ live: true, doc_ids: ["meanwhile"] }).on("change", () => {
        feed.cancel();
        resolve();
      });
    });
    await Promise.all([arrives(db, "after"), pouch.put({ _id: "after" })]);
    assert.equal(sync.pull.status.error, undefined);
    assert.equal(delays[0], 0);
    sync.cancel();
    await sync;
  });

  test("starting while the server is away is no error with retry, and one without", async () => {
    const { port, url } = server;
    await server.stop();
    const db = memory();
    await db.put({ _id: "early" });
    await assert.rejects(db.replicate.to(`${url}/shared`, { live: true }), { name: "unreachable" });
    const push = db.replicate.to(`${url}/shared`, { live: true, retry: true, back_off_function: () => 100 });
    const error = await once(push, "paused");
    assert.equal(error.name, "unreachable");
    assert.equal(push.status.state, "waiting");
    const written = once(push, "change");
    server = await startServer(flags, port);
    assert.equal((await written).docs_written, 1);
    push.cancel();
    assert.equal((await push).docs_written, 1);
  });

  test("cancelling ends it at any time, even before anything is open", async () => {
    const db = memory();
    for (const wait of [0, 1, 2, 5, 10, 20]) {
      const sync = db.sync(`${server.url}/shared`, { live: true, retry: true });
      await new Promise((resolve) => setTimeout(resolve, wait));
      sync.cancel();
      assert.equal((await sync).pull.status, "cancelled");
    }
    const nobody = db.replicate.to("http://127.0.0.1:1/nothing", { live: true, retry: true });
    await once(nobody, "paused");
    nobody.cancel();
    assert.equal((await nobody).status, "cancelled");
    assert.deepEqual(await GouchDB.activeTasks(), []);
  });

  test("what does not pass ends it", async () => {
    const error = await memory().replicate.from(`${server.url}/shared`, { live: true, retry: true, since: "0", style: "all_docs", doc_ids: ["_bad"] }).catch((caught) => caught);
    assert.equal(error.status, 400);
    await assert.rejects(memory().replicate.from(new GouchDB(`${server.url}/not-there`, { skip_setup: true }), { live: true, retry: true }), { status: 404 });
  });
});

test("a filter lets through what it answers true for, and has checkpoints of its own", async () => {
  const [a, b] = [memory(), memory()];
  await a.bulkDocs([{ _id: "1", kind: "x" }, { _id: "2", kind: "y" }, { _id: "3", kind: "x" }]);
  const onlyX = { filter: (doc) => doc.kind === "x" };
  assert.equal((await a.replicate.to(b, onlyX)).docs_written, 2);
  assert.deepEqual((await b.allDocs()).rows.map(({ id }) => id), ["1", "3"]);
  assert.equal((await a.replicate.to(b, onlyX)).docs_read, 0);
  assert.equal((await a.replicate.to(b, { filter: (doc) => doc.kind !== "x" })).docs_written, 1);
  assert.equal((await a.replicate.to(b, { ...onlyX, filter_name: "named" })).docs_read, 0, "everything is there, but it was looked at anew");

  const live = a.replicate.to(b, { ...onlyX, live: true });
  const written = once(live, "change");
  await a.bulkDocs([{ _id: "4", kind: "y" }, { _id: "5", kind: "x" }]);
  assert.deepEqual((await written).docs.map(({ _id }) => _id), ["5"]);
  live.cancel();
  await live;

  const broken = () => {
    throw new TypeError("no such thing");
  };
  await a.put({ _id: "6" });
  await assert.rejects(a.replicate.to(b, { filter: broken }), /no such thing/);
  await assert.rejects(a.replicate.to(b, { filter: "design/doc" }), { status: 404 });
  assert.throws(() => a.replicate.to(b, { filter: 5 }), { status: 400 });
  assert.deepEqual(await GouchDB.activeTasks(), []);
});

test("winning_revs_only leaves conflicts behind", async () => {
  const [a, b, c] = [memory(), memory(), memory()];
  await a.bulkDocs([{ _id: "x", _rev: "1-a" }, { _id: "x", _rev: "1-b" }], { new_edits: false });
  await a.replicate.to(b, { winning_revs_only: true });
  await a.replicate.to(c);
  assert.equal((await b.get("x", { conflicts: true }))._conflicts, undefined);
  assert.deepEqual((await c.get("x", { conflicts: true }))._conflicts, ["1-a"]);
});

test("a conflict is resolved as docs/replication.md shows, and stays so everywhere", async () => {
  const [a, b] = [memory(), memory()];
  await a.put({ _id: "milk", text: "Buy milk", done: false });
  await a.sync(b);
  const { _rev } = await a.get("milk");
  await a.put({ _id: "milk", _rev, text: "Buy milk and bread", done: false });
  await b.put({ _id: "milk", _rev, text: "Buy milk", done: true });
  await a.sync(b);

  const task = await a.get("milk", { conflicts: true });
  assert.equal(task._conflicts.length, 1);
  const losers = await Promise.all((task._conflicts ?? []).map((rev) => a.get("milk", { rev })));
  const { _conflicts, ...winner } = task;
  const merged = losers.reduce((all, other) => ({
    ...all,
    done: all.done || other.done,
    text: other.text.length > all.text.length ? other.text : all.text,
  }), winner);
  await a.bulkDocs([merged, ...losers.map((loser) => ({ _id: loser._id, _rev: loser._rev, _deleted: true }))]);

  await a.sync(b);
  for (const db of [a, b]) {
    const { text, done, _conflicts: left } = await db.get("milk", { conflicts: true });
    assert.deepEqual({ text, done, left }, { text: "Buy milk and bread", done: true, left: undefined });
  }
});
