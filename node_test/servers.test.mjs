// Two servers, express-pouchdb and ours, each as source and as target, with PouchDB and with the npm package as clients: after a sync all have the same
// revisions, and the same bytes in every attachment of every one of them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";

import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { importPackage } from "./installed.mjs";
import { random } from "./random.mjs";

const { default: GouchDB } = await importPackage();
PouchDB.plugin(memoryAdapter);

async function startExpressPouchDB() {
  const child = spawn(process.execPath, [fileURLToPath(new URL("express-pouchdb-server.mjs", import.meta.url))], { stdio: ["pipe", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) {
    const [, port] = /^listening on (\d+)$/.exec(line) ?? [];
    if (port) {
      child.stdout.resume();
      return { url: `http://127.0.0.1:${port}`, stop: () => child.stdin.end() };
    }
  }
  throw new Error("express-pouchdb did not start");
}

const base64 = (bytes) => Buffer.from(bytes).toString("base64");
const attachment = (content_type, bytes) => ({ content_type, data: base64(bytes) });
const revision = (id, ids, rest) => ({ _id: id, _rev: `${ids.length}-${ids[0]}`, _revisions: { start: ids.length, ids }, ...rest });

// When PouchDB pulls a branch of a document that it has, it reads the attachments without naming the revision, and gets those that the winner has under the
// same names. So what it takes part in has other names on each branch.
const named = (name, branch, clients) => (clients.includes("PouchDB") ? `${name} of ${branch}` : name);

/** Writes what replication can get wrong, which `clients` will pull: for the first time, or on top of what is there. */
async function fill(db, by, ...clients) {
  const { integer } = random(by);
  const bytes = (length) => Uint8Array.from({ length }, () => integer(0, 256));
  const picture = () => attachment("image/png", bytes(1000));
  await db.bulkDocs([
    { _id: "plain", n: 1 },
    { _id: "gone" },
    { _id: "ünïcode/ß 中", text: "😀" },
    { _id: "files", _attachments: { "a.txt": attachment("text/plain", "text ".repeat(100)), [named("ü b.png", by, clients)]: picture(), [named("empty", by, clients)]: attachment("text/plain", "") } },
    { _id: "large", _attachments: { [named("big.bin", by, clients)]: attachment("application/octet-stream", bytes(1_300_000)), same: attachment("text/plain", "shared by two") } },
    { _id: "other", _attachments: { same: attachment("text/plain", "shared by two") } },
  ]);
  await db.remove(await db.get("gone"));
  // A later revision with one attachment that stays, one that changes, and one that is new.
  const { _rev, _attachments } = await db.get("files");
  await db.put({ _id: "files", _rev, by, _attachments: { ..._attachments, [named("empty", by, clients)]: attachment("text/plain", "not any more"), [named("more", by, clients)]: picture() } });
  // Branches under one root: each has its own bytes under the same name, one is deleted, one has fields and is deleted.
  const branch = (digit, rest) => revision("branches", [digit.repeat(31) + by, "a".repeat(32)], rest);
  await db.bulkDocs([
    branch("b", { n: 1, _attachments: { [named("x", `b${by}`, clients)]: picture() } }),
    branch("c", { n: 2, _attachments: { [named("x", `c${by}`, clients)]: picture(), y: attachment("text/plain", "") } }),
    branch("d", { _deleted: true }),
    branch("e", { _deleted: true, why: "a tombstone with a field" }),
  ], { new_edits: false });
}

/** All leaves of all documents, with their ancestry and the bytes of their attachments. */
async function everything(db) {
  const { results } = await db.changes({ style: "all_docs" });
  const all = {};
  for (const { id, changes } of results) {
    for (const { rev } of changes) {
      const { _revisions, _attachments = {}, ...doc } = await db.get(id, { rev, revs: true });
      const files = {};
      for (const [name, { content_type, length }] of Object.entries(_attachments)) {
        const bytes = Buffer.from(await db.getAttachment(id, name, { rev }));
        files[name] = { content_type, length, held: bytes.length, md5: createHash("md5").update(bytes).digest("hex") };
      }
      all[`${id} ${rev}`] = { doc, ancestry: _revisions.ids, files: Object.fromEntries(Object.entries(files).sort()) };
    }
  }
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function assertSame(...replicas) {
  const [first, ...others] = await Promise.all(replicas.map(everything));
  assert.ok(Object.keys(first).length >= 10, "it is not empty");
  for (const other of others) {
    assert.deepEqual(other, first);
  }
}

describe("replication between servers and clients", { timeout: 120_000 }, () => {
  const servers = {};
  let directory, count = 0;
  const remote = (server, name = `db-${count++}`) => `${servers[server].url}/${name}`;
  const clients = { PouchDB, GouchDB };
  const memory = (client) => new clients[client](`servers-${count++}`, { adapter: "memory" });
  // What is on a server is looked at by one client, whoever wrote it.
  const seen = (url) => new PouchDB(url);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gouchdb-servers-"));
    servers["express-pouchdb"] = await startExpressPouchDB();
    servers.gouchdb = await startServer(["--dir", directory, "--no-auth"]);
  });
  after(async () => {
    await Promise.all(Object.values(servers).map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  });

  for (const writer of ["PouchDB", "GouchDB"]) {
    for (const reader of ["PouchDB", "GouchDB"]) {
      for (const server of ["express-pouchdb", "gouchdb"]) {
        test(`${writer} and ${reader} meet on ${server}`, async () => {
          const [a, b, hub] = [memory(writer), memory(reader), remote(server)];
          await fill(a, 1, writer, reader);
          assert.equal((await a.replicate.to(hub)).ok, true);
          assert.equal((await b.replicate.from(hub)).ok, true);
          await assertSame(a, b, seen(hub));

          // Both go on apart, on the same documents.
          await fill(b, 2, writer, reader);
          for (const [db, n] of [[a, 2], [b, 3]]) {
            await db.put({ ...(await db.get("plain")), n, _attachments: { [named("who", n, [writer, reader])]: attachment("text/plain", `${n}`) } });
            const { _rev } = await db.get("other");
            await db.putAttachment("other", `of ${n}`, _rev, Buffer.from(`alone ${n}`), "text/plain");
          }
          await a.sync(hub);
          await b.sync(hub);
          await a.sync(hub);
          await assertSame(a, b, seen(hub));
          assert.ok((await a.get("plain", { conflicts: true }))._conflicts.length === 1);
        });
      }
    }
  }

  for (const replicator of ["PouchDB", "GouchDB"]) {
    for (const [source, target] of [["express-pouchdb", "gouchdb"], ["gouchdb", "express-pouchdb"], ["gouchdb", "gouchdb"]]) {
      test(`${replicator} copies from ${source} to ${target}, and back`, async () => {
        const [from, to] = [remote(source), remote(target)];
        await fill(seen(from), 1);
        const client = clients[replicator];
        assert.equal((await client.replicate(from, to)).ok, true);
        await assertSame(seen(from), seen(to));
        await fill(seen(to), 2);
        await client.sync(from, to);
        await assertSame(seen(from), seen(to));
        const { push, pull } = await client.sync(from, to);
        assert.deepEqual([push.docs_written, pull.docs_written], [0, 0], "nothing is left to do");
      });
    }
  }

  for (const client of ["PouchDB", "GouchDB"]) {
    test(`${client} keeps both servers in step, live`, async () => {
      const db = memory(client);
      const hubs = [remote("express-pouchdb"), remote("gouchdb")];
      const other = memory(client === "PouchDB" ? "GouchDB" : "PouchDB");
      const live = { live: true, retry: true };
      const syncs = [...hubs.map((hub) => db.sync(hub, live)), other.sync(hubs[0], live)];
      const arrived = (replica, id) => new Promise((resolve, reject) => {
        const feed = replica.changes({ live: true, since: 0 }).on("change", (change) => {
          if (change.id === id) {
            feed.cancel();
            resolve();
          }
        }).on("error", reject);
      });
      const there = Promise.all([arrived(other, "last of a"), arrived(seen(hubs[1]), "last of a")]);
      await fill(db, 1, "PouchDB");
      await db.put({ _id: "last of a" });
      await there;
      const back = Promise.all([arrived(db, "last of b"), arrived(seen(hubs[1]), "last of b")]);
      await fill(other, 2, "PouchDB");
      await other.put({ _id: "last of b" });
      await back;
      for (const sync of syncs) {
        sync.cancel();
        await sync;
      }
      for (let round = 0; round < 2; round++) {
        await db.sync(hubs[0]);
        await db.sync(hubs[1]);
        await other.sync(hubs[0]);
      }
      await assertSame(db, other, ...hubs.map(seen));
    });
  }
});
