// PouchDB and nano, as their users get them from npm, against `gouchdb serve`.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

import nano from "nano";
import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";

PouchDB.plugin(memoryAdapter);

const binary = process.env.GOUCHDB_BIN ?? fileURLToPath(new URL("../build/gouchdb", import.meta.url));
const password = "correct horse";

/** Starts `gouchdb serve` on a free port and waits until it listens. */
async function serve(args, env = { GOUCHDB_ADMIN_PASSWORD: password }) {
  const child = spawn(binary, ["serve", "--addr", "127.0.0.1:0", ...args], { env: { PATH: process.env.PATH, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const exited = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    const url = / listens on (http:\S+)\/$/.exec(line)?.[1];
    if (url) {
      return {
        url,
        stderr: () => stderr,
        async stop() {
          child.kill("SIGTERM");
          const [code] = await exited;
          return code;
        },
      };
    }
  }
  await exited;
  throw new Error(`gouchdb serve did not start: ${stderr}`);
}

describe("PouchDB and nano as clients of gouchdb serve", () => {
  let directory, server, count = 0;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gouchdb-"));
    server = await serve(["--dir", directory]);
  });

  after(async () => {
    assert.equal(await server.stop(), 0, "SIGTERM ends the server in order");
    assert.doesNotMatch(server.stderr(), /correct|Y29ycmVjd/, "no credentials in the log");
    await rm(directory, { recursive: true });
  });

  const remote = () => new PouchDB(`${server.url}/test-${++count}`, { auth: { username: "admin", password } });
  const local = () => new PouchDB(`local-${++count}`, { adapter: "memory" });

  /** All leaves of all documents: what two replicas must agree on. */
  async function leaves(db) {
    const { results } = await db.changes({ style: "all_docs" });
    return Object.fromEntries(results.map(({ id, changes, deleted }) => [id, [changes.map(({ rev }) => rev).sort(), Boolean(deleted)]]));
  }

  async function assertEqualReplicas(a, b) {
    assert.deepEqual(await leaves(a), await leaves(b));
  }

  it("pushes and pulls, conflicts and deletions included", async () => {
    const [a, b, hub] = [local(), local(), remote()];
    await a.bulkDocs([{ _id: "plain", n: 1 }, { _id: "gone" }, { _id: "ünïcode/ß 中", text: "😀" }, { _id: "_design/d", filters: {} }]);
    await a.remove(await a.get("gone"));
    const pushed = await a.replicate.to(hub);
    assert.equal(pushed.ok, true);
    assert.equal(pushed.docs_written, 4);
    const pulled = await b.replicate.from(hub);
    assert.equal(pulled.docs_written, 4);
    await assertEqualReplicas(a, hub);
    await assertEqualReplicas(a, b);

    await a.put({ ...(await a.get("plain")), n: 2, by: "a" });
    await b.put({ ...(await b.get("plain")), n: 2, by: "b" });
    await a.sync(hub);
    await b.sync(hub);
    await a.sync(hub);
    await assertEqualReplicas(a, b);
    const [onA, onHub] = [await a.get("plain", { conflicts: true }), await hub.get("plain", { conflicts: true })];
    assert.equal(onA._conflicts.length, 1);
    assert.deepEqual(onHub, onA);

    await hub.remove("plain", onHub._conflicts[0]);
    await a.sync(hub);
    assert.equal((await a.get("plain", { conflicts: true }))._conflicts, undefined);
    await assert.rejects(hub.get("gone"), { status: 404, reason: "deleted" });

    const again = await a.replicate.to(hub);
    assert.equal(again.docs_read, 0, "the checkpoint is found");
  });

  it("makes the same revisions as PouchDB's replicas receive, and keeps open_revs", async () => {
    const hub = remote();
    await hub.bulkDocs([{ _id: "x", _rev: "2-b", _revisions: { start: 2, ids: ["b", "a"] } }, { _id: "x", _rev: "2-c", _revisions: { start: 2, ids: ["c", "a"] } }], { new_edits: false });
    const open = await hub.get("x", { open_revs: "all", revs: true });
    assert.deepEqual(open.map(({ ok }) => ok._rev).sort(), ["2-b", "2-c"]);
    assert.equal((await hub.put({ _id: "same", v: 1 })).rev, "1-7a7e4b29f3af401e69b6f86e4c26b727", "CouchDB's revision id");
  });

  it("refuses what a design document refuses, document by document", async () => {
    const [a, hub] = [local(), remote()];
    await hub.put({ _id: "_design/rules", validate_doc_update: "function (doc, old, user) { if (doc.secret) throw { forbidden: `not for ${user.name}` }; }" });
    await a.bulkDocs([{ _id: "fine" }, { _id: "secret", secret: 1 }, { _id: "too" }]);
    const denied = [];
    const pushed = await a.replicate.to(hub).on("denied", ({ id, name, reason }) => denied.push([id, name, reason]));
    assert.deepEqual([pushed.ok, pushed.docs_written, pushed.doc_write_failures], [true, 2, 1]);
    assert.deepEqual(denied, [["secret", "forbidden", "not for admin"]]);
    await assert.rejects(hub.put({ _id: "x", secret: 1 }), { status: 403, name: "forbidden", reason: "not for admin" });
    assert.deepEqual((await hub.allDocs()).rows.map(({ id }) => id), ["_design/rules", "fine", "too"]);
  });

  it("syncs live, both ways", async () => {
    const [a, b, hub] = [local(), local(), remote()];
    const syncs = [a.sync(hub, { live: true, retry: true }), b.sync(hub, { live: true, retry: true })];
    const arrival = (db, id, deleted = false) => new Promise((resolve, reject) => {
      const feed = db.changes({ live: true, since: 0 }).on("change", (change) => {
        if (change.id === id && Boolean(change.deleted) === deleted) {
          feed.cancel();
          resolve(change);
        }
      }).on("error", reject);
    });
    try {
      for (let i = 0; i < 5; i++) {
        const [there, back] = [arrival(b, `from-a-${i}`), arrival(a, `from-b-${i}`)];
        await a.put({ _id: `from-a-${i}` });
        await b.put({ _id: `from-b-${i}` });
        await Promise.all([there, back]);
      }
      const deleted = arrival(b, "from-a-0", true);
      await a.remove(await a.get("from-a-0"));
      await deleted;
    } finally {
      for (const sync of syncs) {
        const done = once(sync, "complete");
        sync.cancel();
        await done;
      }
    }
    for (const db of [a, b, a]) {
      await db.sync(hub);
    }
    await assertEqualReplicas(a, b);
    await assertEqualReplicas(a, hub);
  });

  it("replicates 10,000 documents there and back", async () => {
    const [a, b, hub] = [local(), local(), remote()];
    const docs = Array.from({ length: 10_000 }, (_, i) => ({ _id: `doc-${String(i).padStart(5, "0")}`, n: i, text: "x".repeat(i % 200) }));
    await a.bulkDocs(docs);
    const pushed = await a.replicate.to(hub, { batch_size: 1000 });
    assert.equal(pushed.docs_written, 10_000);
    assert.equal((await hub.info()).doc_count, 10_000);
    const pulled = await b.replicate.from(hub, { batch_size: 1000 });
    assert.equal(pulled.docs_written, 10_000);
    await assertEqualReplicas(a, b);
    const page = await hub.allDocs({ startkey: "doc-05000", limit: 3, include_docs: true });
    assert.deepEqual(page.rows.map(({ doc }) => doc.n), [5000, 5001, 5002]);
  });

  it("answers changes feeds: long-poll and events", async () => {
    const hub = remote();
    await hub.put({ _id: "first" });
    const headers = { authorization: `Basic ${btoa(`admin:${password}`)}` };
    const { last_seq: since } = await hub.changes();
    const waiting = fetch(`${hub.name}/_changes?feed=longpoll&since=${since}`, { headers });
    const response = await waiting;
    await hub.put({ _id: "second" });
    assert.deepEqual((await response.json()).results.map(({ id }) => id), ["second"]);

    const events = await new Promise((resolve, reject) => http.get(`${hub.name}/_changes?feed=eventsource&heartbeat=100`, { headers }, resolve).on("error", reject));
    assert.equal(events.headers["content-type"], "text/event-stream");
    const seen = [];
    for await (const line of createInterface({ input: events })) {
      if (line.startsWith("data: {")) {
        seen.push(JSON.parse(line.slice(6)).id);
      }
      if (line === "event: heartbeat" && !seen.includes("third")) {
        await hub.put({ _id: "third" });
      }
      if (seen.length === 3) {
        break;
      }
    }
    assert.deepEqual(seen, ["first", "second", "third"]);
  });

  it("serves nano: databases, documents, bulk writes, listings, local documents", async () => {
    const couch = nano({ url: server.url.replace("//", `//admin:${encodeURIComponent(password)}@`) });
    const name = `nano-${++count}`;
    await couch.db.create(name);
    assert.ok((await couch.db.list()).includes(name));
    const db = couch.use(name);
    const { rev } = await db.insert({ title: "one" }, "a/b c");
    assert.equal((await db.get("a/b c")).title, "one");
    await assert.rejects(db.insert({ title: "two" }, "a/b c"), { statusCode: 409, error: "conflict" });
    await db.insert({ _rev: rev, title: "two" }, "a/b c");
    assert.equal((await db.head("a/b c")).etag.slice(1, 3), "2-");
    const written = await db.bulk({ docs: [{ _id: "x" }, { _id: "y" }, { _id: "x" }] });
    assert.deepEqual(written.map(({ error }) => error), [undefined, undefined, "conflict"]);
    const { rows } = await db.list({ include_docs: true });
    assert.deepEqual(rows.map(({ id }) => id), ["a/b c", "x", "y"]);
    assert.deepEqual((await db.fetch({ keys: ["y", "none"] })).rows.map(({ error }) => error), [undefined, "not_found"]);
    await db.destroy("x", written[0].rev);
    await assert.rejects(db.get("x"), { statusCode: 404, reason: "deleted" });
    await db.insert({ mark: 1 }, "_local/mark");
    assert.equal((await db.get("_local/mark")).mark, 1);
    assert.equal((await db.info()).doc_count, 2);
    await db.compact();
    await couch.db.destroy(name);
    await assert.rejects(couch.db.get(name), { statusCode: 404 });
  });

  it("knows who is asking", async () => {
    const couch = nano({ url: server.url });
    await assert.rejects(couch.db.list(), { statusCode: 401 });
    await assert.rejects(couch.auth("somebody", "wrong"), { statusCode: 401, error: "unauthorized" });
    await couch.auth("admin", password);
    assert.deepEqual((await couch.session()).userCtx, { name: "admin", roles: ["_admin"] });
    const refused = new PouchDB(`${server.url}/test-refused`, { skip_setup: true });
    await assert.rejects(refused.put({ _id: "x" }), { status: 404 });
    const hub = remote();
    await hub.put({ _id: "secret" });
    await assert.rejects(new PouchDB(hub.name, { skip_setup: true }).get("secret"), { status: 401, name: "unauthorized" });
  });

  it("keeps everything over a restart, and sessions and checkpoints with it", async () => {
    const [a, hub] = [local(), remote()];
    await a.bulkDocs([{ _id: "kept" }, { _id: "dropped" }]);
    await a.remove(await a.get("dropped"));
    await a.replicate.to(hub);
    const before = await leaves(hub);
    const port = new URL(server.url).port;
    assert.equal(await server.stop(), 0);
    server = await serve(["--dir", directory, "--addr", `127.0.0.1:${port}`]);
    assert.deepEqual(await leaves(hub), before);
    await a.put({ _id: "new" });
    const { docs_read } = await a.replicate.to(hub);
    assert.equal(docs_read, 1, "the replication goes on where it was");
  });
});

describe("gouchdb serve", () => {
  it("ends waiting feeds when it is told to stop", async () => {
    const server = await serve(["--memory", "--no-auth"], {});
    await fetch(`${server.url}/db`, { method: "PUT" });
    const feed = await fetch(`${server.url}/db/_changes?feed=continuous&heartbeat=10000`);
    const stopped = server.stop();
    assert.match(await feed.text(), /"last_seq":"0-/);
    assert.equal(await stopped, 0);
  });

  it("does not start open to the world, or without saying so", async () => {
    await assert.rejects(serve(["--memory"], {}), /password/);
    await assert.rejects(serve(["--memory", "--no-auth", "--addr", "0.0.0.0:0"], {}), /everybody/);
  });
});
