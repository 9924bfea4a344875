// Every event of a replication and of a sync, feeds that fail, and cancelling in the middle of any request.
import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();

let count = 0;
const memory = () => new GouchDB(`events-${count++}`, { adapter: "memory" });
const once = (emitter, event, matches = () => true) => new Promise((resolve) => emitter.on(event, (value) => matches(value) && resolve(value)));
const all = ["active", "change", "denied", "checkpoint", "paused", "complete", "error"];

/** Notes the events, each once in a row, with whether they came with an error. */
function record(emitter) {
  const events = [];
  for (const event of all) {
    emitter.on(event, (value) => {
      const name = event === "paused" && value ? "paused(error)" : event;
      if (events.at(-1) !== name) {
        events.push(name);
      }
    });
  }
  return events;
}

/** A database that refuses one document, as a validation function does. */
function picky() {
  const db = memory();
  const { bulkDocs } = db;
  db.bulkDocs = async (request, options) => {
    const { docs } = request;
    const refused = docs.filter(({ _id }) => _id === "refused").map(({ _id }) => ({ error: true, status: 403, name: "forbidden", id: _id, reason: "not you" }));
    return [...(await bulkDocs.call(db, { ...request, docs: docs.filter(({ _id }) => _id !== "refused") }, options)), ...refused];
  };
  return db;
}

/** Passes requests on to a server. `decide` may hang or cut one. */
async function startProxy(target, decide) {
  const seen = { requests: 0, open: 0 };
  const server = createServer((request, response) => {
    seen.requests++;
    seen.open++;
    response.on("close", () => seen.open--);
    const fate = decide(request.url, seen.requests);
    if (fate === "hang") {
      return;
    }
    const passed = httpRequest(`${target}${request.url}`, { method: request.method, headers: request.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      if (fate === "cut") {
        response.write(" ");
        setImmediate(() => response.destroy());
        answer.destroy();
      } else {
        answer.pipe(response);
      }
    });
    passed.on("error", () => response.destroy());
    response.on("close", () => passed.destroy());
    request.pipe(passed);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    seen,
    url: `http://127.0.0.1:${server.address().port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe("events", { timeout: 60_000 }, () => {
  let directory, server;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gouchdb-events-"));
    server = await startServer(["--dir", directory, "--no-auth", "--create", "events"]);
    await new GouchDB(`${server.url}/events`).bulkDocs([{ _id: "a" }, { _id: "b" }]);
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  test("once: active, change, denied, checkpoint, paused, complete", async () => {
    const source = memory();
    await source.bulkDocs([{ _id: "a" }, { _id: "refused" }]);
    const replication = source.replicate.to(picky());
    const events = record(replication);
    const denied = once(replication, "denied");
    const states = [];
    for (const event of ["active", "change", "paused", "complete"]) {
      replication.on(event, () => states.push(replication.status.state));
    }
    const result = await replication;
    assert.deepEqual(states, ["active", "active", "paused", "stopped"]);
    assert.deepEqual(new Set(events), new Set(["active", "change", "denied", "checkpoint", "paused", "complete"]));
    assert.deepEqual([events[0], ...events.slice(-3)], ["active", "checkpoint", "paused", "complete"]);
    const refusal = await denied;
    assert.deepEqual([refusal.docId, refusal.status, refusal.name, refusal.reason], ["refused", 403, "forbidden", "not you"]);
    assert.deepEqual([result.ok, result.docs_written, result.doc_write_failures], [true, 1, 1]);
  });

  test("live: active, change, paused, checkpoint, and active again for what comes later", async () => {
    const [source, target] = [memory(), picky()];
    await source.put({ _id: "a" });
    const replication = source.replicate.to(target, { live: true });
    const events = record(replication);
    await once(replication, "checkpoint");
    assert.deepEqual(events, ["active", "change", "paused", "checkpoint"]);
    const denied = once(replication, "denied");
    await source.bulkDocs([{ _id: "b" }, { _id: "refused" }]);
    await denied;
    await once(replication, "checkpoint");
    assert.deepEqual(new Set(events.slice(4, -2)), new Set(["active", "change", "denied"]));
    assert.deepEqual([events[4], ...events.slice(-2)], ["active", "paused", "checkpoint"]);
    const began = Date.now();
    replication.cancel();
    const result = await replication;
    assert.equal(result.status, "cancelled");
    assert.ok(result.end_time >= new Date(began).toISOString() && result.end_time <= new Date().toISOString(), result.end_time);
    assert.ok(result.start_time <= result.end_time);
    assert.equal(events.at(-1), "complete");
    assert.ok(!events.includes("error"));
  });

  test("what needs no writing, or is refused, counts in the status all the same", async () => {
    const [source, target] = [memory(), picky()];
    await source.put({ _id: "a" });
    await source.put({ _id: "b" });
    await source.replicate.to(target, { doc_ids: ["b"] });
    const replication = source.replicate.to(target, { live: true, batch_size: 1 });
    const seen = [];
    replication.on("change", ({ docs, pending }) => seen.push([docs.length, pending > 0]));
    await once(replication, "paused");
    assert.deepEqual(seen, [[1, true]], "b is left, and there already");
    assert.equal(replication.status.pending, 0);
    const paused = once(replication, "paused");
    await source.put({ _id: "refused" });
    await paused;
    assert.deepEqual([replication.status.doc_write_failures, replication.status.last_seq, seen.length], [1, 3, 1]);
    replication.cancel();
    await replication;
  });

  test("nothing but its end is told once a replication is cancelled", async () => {
    const source = memory();
    await source.bulkDocs(Array.from({ length: 50 }, (_, n) => ({ _id: `${n}` })));
    // A file makes the engine wait, so that events come before the end.
    const replication = source.replicate.to(new GouchDB(join(directory, "cancelled")), { batch_size: 1 });
    const events = [];
    for (const event of all) {
      replication.on(event, () => events.push(event));
    }
    replication.once("change", () => {
      replication.cancel();
      events.length = 0;
    });
    assert.equal((await replication).status, "cancelled");
    assert.deepEqual(events.filter((event) => event !== "change"), ["complete"]);
    assert.ok(events.length <= 2, events.join());
  });

  test("a back_off_function may answer any time, and nothing else", async () => {
    const url = "http://127.0.0.1:1/nothing";
    for (const nonsense of [-1, NaN, "soon", undefined]) {
      await assert.rejects(memory().replicate.from(url, { live: true, retry: true, back_off_function: () => nonsense }), { name: "bad_request", message: /milliseconds/ });
    }
    for (const delays of [[0.4, 0.6, Infinity], [Infinity]]) {
      const left = [...delays];
      let asked;
      const last = new Promise((resolve) => (asked = resolve));
      const replication = memory().replicate.from(url, { live: true, retry: true, back_off_function: () => {
        const delay = left.shift();
        if (left.length === 0) {
          asked();
        }
        return delay;
      } });
      await Promise.race([last, replication]);
      await new Promise((resolve) => setImmediate(resolve));
      assert.equal(replication.status.state, "waiting");
      replication.cancel();
      assert.equal((await replication).status, "cancelled");
    }
  });

  test("a sync tells the same of both halves, with their direction", async () => {
    const [a, b] = [memory(), picky()];
    await a.bulkDocs([{ _id: "a" }, { _id: "refused" }]);
    await b.put({ _id: "b" });
    const sync = a.sync(b, { live: true });
    const events = record(sync);
    const told = { change: new Set(), denied: new Set(), checkpoint: new Set() };
    for (const event of Object.keys(told)) {
      sync.on(event, ({ direction }) => told[event].add(direction));
    }
    await Promise.all(["push", "pull"].map((half) => once(sync, "checkpoint", ({ direction }) => direction === half)));
    sync.cancel();
    await sync;
    assert.deepEqual(told, { change: new Set(["push", "pull"]), denied: new Set(["push"]), checkpoint: new Set(["push", "pull"]) });
    assert.deepEqual([events[0], events.at(-1)], ["active", "complete"]);
    assert.ok(events.includes("paused"));
  });

  test("a live sync is active once while one of its halves is, and paused once both are", async () => {
    const [a, b] = [memory(), memory()];
    const sync = a.sync(b, { live: true });
    const told = [];
    sync.on("active", () => told.push("active"));
    sync.on("paused", () => told.push(["paused", sync.push.status.state, sync.pull.status.state]));
    await once(sync, "paused");
    assert.deepEqual(told, ["active", ["paused", "paused", "paused"]]);
    const active = once(sync, "active");
    await b.put({ _id: "b" });
    assert.deepEqual(await active, { direction: "pull" });
    sync.cancel();
    await sync;
    assert.equal(sync.listenerCount("paused"), 0);
  });

  test("a sync whose one half waits to try again says so, whatever the other does", async () => {
    const narrow = await startServer(["--memory", "--no-auth", "--create", "narrow", "--max-request-bytes", "3000"]);
    const db = memory();
    const sync = db.sync(`${narrow.url}/narrow`, { live: true, retry: true, back_off_function: () => 1e9 });
    await once(sync, "paused", (error) => !error);
    const failed = once(sync, "paused", (error) => error);
    await db.put({ _id: "large", text: "x".repeat(5000) });
    assert.equal((await failed).docId, "large");
    const pulled = once(sync.pull, "paused");
    const again = new Promise((resolve) => sync.once("paused", resolve));
    await new GouchDB(`${narrow.url}/narrow`).put({ _id: "small" });
    await pulled;
    assert.equal((await again)?.docId, "large");
    assert.ok(await db.get("small"));
    sync.cancel();
    await sync;
    await narrow.stop();
  });

  test("when one half of a sync fails, the other is cancelled before that is told", async () => {
    const [a, b] = [memory(), memory()];
    await a.put({ _id: "a" });
    const sync = a.sync(b, { live: true, push: { filter: () => { throw new Error("mine"); } } });
    await assert.rejects(sync, /mine/);
    assert.deepEqual([sync.push.status.state, sync.pull.status.state, (await sync.pull).status], ["stopped", "stopped", "cancelled"]);
  });

  test("a feed of a remote database asks the server to wait for as long as `timeout` says, or for signs of life on the way", async () => {
    for (const [options, expected] of [
      [{ timeout: 4321 }, { timeout: "4321", heartbeat: null }],
      [{ timeout: 4321, heartbeat: 1234 }, { timeout: null, heartbeat: "1234" }],
      [{ timeout: false }, { timeout: null, heartbeat: "10000" }],
      [{}, { timeout: null, heartbeat: "10000" }],
    ]) {
      let asked;
      const polled = new Promise((resolve) => (asked = resolve));
      const db = new GouchDB(`${server.url}/events`, {
        fetch: (url, init) => {
          const query = new URL(url).searchParams;
          if (query.get("feed") === "longpoll") {
            asked({ timeout: query.get("timeout"), heartbeat: query.get("heartbeat") });
          }
          return fetch(url, init);
        },
      });
      const feed = db.changes({ live: true, since: "now", ...options });
      const query = await polled;
      feed.cancel();
      await feed;
      assert.deepEqual(query, expected, JSON.stringify(options));
    }
  });

  test("the halves of a sync have options of their own", async () => {
    const [a, b] = [memory(), memory()];
    await a.bulkDocs([{ _id: "a1" }, { _id: "a2" }]);
    await b.bulkDocs([{ _id: "b1" }, { _id: "b2" }]);
    await a.sync(b, { push: { doc_ids: ["a1"] }, pull: { doc_ids: ["b2"] } });
    const ids = async (db) => (await db.allDocs()).rows.map(({ id }) => id);
    assert.deepEqual([await ids(a), await ids(b)], [["a1", "a2", "b2"], ["a1", "b1", "b2"]]);
  });

  test("a feed of a server has signs of life as often as is asked for", async () => {
    for (const [heartbeat, expected] of [[3000, /^3000$/], [true, /^\d+$/], [undefined, /^\d+$/]]) {
      let heard;
      const asked = new Promise((resolve) => (heard = resolve));
      const db = new GouchDB(`${server.url}/events`, { fetch: (url, init) => {
        if (String(url).includes("longpoll")) {
          heard(new URL(url).searchParams.get("heartbeat"));
        }
        return fetch(url, init);
      } });
      const feed = db.changes({ live: true, since: "now", ...(heartbeat === undefined ? {} : { heartbeat }) });
      const got = await asked;
      feed.cancel();
      await feed;
      assert.match(String(got), expected);
    }
  });

  test("a failure for good is an error event and a rejection, once", async () => {
    for (const live of [false, true]) {
      const replication = memory().replicate.from(new GouchDB(`${server.url}/nowhere`, { skip_setup: true }), { live, retry: live });
      const events = record(replication);
      const told = once(replication, "error");
      const error = await replication.catch((caught) => caught);
      assert.equal(await told, error);
      assert.deepEqual([error.status, error.result.ok], [404, false]);
      assert.deepEqual(events.filter((event) => event === "error" || event === "complete"), ["error"]);
    }
  });

  test("a feed that breaks off pauses a live replication with an error, and it goes on", async () => {
    let cuts = 0;
    const proxy = await startProxy(server.url, (url) => (url.includes("longpoll") && cuts++ < 3 ? "cut" : undefined));
    const db = memory();
    const replication = db.replicate.from(`${proxy.url}/events`, { live: true, retry: true, back_off_function: () => 1 });
    const events = record(replication);
    await once(replication, "paused", (error) => error?.name === "unreachable");
    assert.equal(replication.status.error.name, "unreachable");
    const [state, failure] = await new Promise((resolve) => replication.once("active", () => resolve([replication.status.state, replication.status.error])));
    assert.deepEqual([state, failure], ["active", undefined]);
    await new GouchDB(`${server.url}/events`).put({ _id: `after ${count}` });
    await once(replication, "change", ({ docs }) => docs.some(({ _id }) => _id === `after ${count}`));
    assert.ok(events.includes("paused(error)"));
    assert.equal(replication.status.error, undefined);
    replication.cancel();
    await replication;
    proxy.stop();
  });

  test("a feed that breaks off ends a live replication without `retry` with that error", async () => {
    const proxy = await startProxy(server.url, (url) => (url.includes("longpoll") ? "cut" : undefined));
    const replication = memory().replicate.from(`${proxy.url}/events`, { live: true });
    const told = once(replication, "error");
    await assert.rejects(replication, { name: "unreachable" });
    assert.equal((await told).name, "unreachable");
    proxy.stop();
  });

  test("a document that is too large for the server does not stay unnoticed in a live replication", async () => {
    const narrow = await startServer(["--memory", "--no-auth", "--create", "narrow", "--max-request-bytes", "3000"]);
    const db = memory();
    const replication = db.replicate.to(`${narrow.url}/narrow`, { live: true, retry: true });
    const events = record(replication);
    await once(replication, "paused");
    const told = once(replication, "paused", (error) => error);
    await db.bulkDocs([{ _id: "a" }, { _id: "large", text: "x".repeat(5000) }, { _id: "z" }]);
    const error = await told;
    assert.deepEqual([error.status, error.docId], [413, "large"]);
    const { state, docs_written, doc_write_failures, errors } = replication.status;
    assert.deepEqual([state, docs_written, doc_write_failures], ["waiting", 2, 1]);
    assert.deepEqual(errors.map(({ docId }) => docId), ["large"]);
    assert.equal(replication.status.error, error);
    assert.deepEqual((await new GouchDB(`${narrow.url}/narrow`).allDocs()).rows.map(({ id }) => id), ["a", "z"]);
    replication.cancel();
    assert.equal((await replication).status, "cancelled");
    assert.ok(!events.includes("error"));
    await narrow.stop();
  });

  for (const direction of ["to", "from"]) {
    test(`cancel() ends a replication ${direction} a server in the middle of any request`, async () => {
      for (let n = 1; ; n++) {
        let hung;
        const hanging = new Promise((resolve) => (hung = resolve));
        const proxy = await startProxy(server.url, (_, number) => {
          if (number === n) {
            hung("hangs");
            return "hang";
          }
          return undefined;
        });
        const db = memory();
        await db.put({ _id: `cancel ${count}` });
        const replication = db.replicate[direction](`${proxy.url}/events`, { live: true, retry: true, batch_size: 1 });
        const reached = await Promise.race([hanging, once(replication, "checkpoint")]);
        const sent = proxy.seen.requests;
        const began = performance.now();
        replication.cancel();
        assert.equal((await replication).status, "cancelled");
        assert.ok(performance.now() - began < 2000, `request ${n} held it up`);
        assert.ok(proxy.seen.requests <= sent + 1, "it goes on asking");
        while (proxy.seen.open > 0) { // the test's time-out bounds this
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        proxy.stop();
        if (reached !== "hangs") {
          assert.ok(n > 5, "it never came to hang");
          return;
        }
      }
    });
  }
});
