// Unit tests of the package's TypeScript: what can be seen without a database.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importSource } from "./source.mjs";

const { addressOf } = await importSource("name.ts");
const { Emitter } = await importSource("emitter.ts");
const { GouchError } = await importSource("error.ts");

const browser = { localAdapter: "indexeddb" };
const node = { localAdapter: "file", pathOf: (name) => `/data/${name}.gouch` };

test("a name decides the adapter", () => {
  for (const [name, options, naming, expected] of [
    ["todo", {}, browser, { adapter: "indexeddb", name: "todo", shown: "todo" }],
    ["todo", { adapter: "idb" }, browser, { adapter: "indexeddb", name: "todo", shown: "todo" }],
    ["todo", {}, node, { adapter: "file", name: "/data/todo.gouch", shown: "todo" }],
    ["todo", { adapter: "memory", prefix: "my-" }, node, { adapter: "memory", name: "my-todo", shown: "my-todo" }],
    ["todo", { durability: "memory-first" }, browser, { adapter: "indexeddb", name: "todo", shown: "todo", durability: "memory-first" }],
    ["todo", { compaction_ratio: -1 }, browser, { adapter: "indexeddb", name: "todo", shown: "todo", compaction_ratio: -1 }],
    ["todo", { worker: true }, browser, { adapter: "indexeddb", name: "todo", shown: "todo", place: "worker" }],
    [{ name: "todo", adapter: "memory" }, {}, node, { adapter: "memory", name: "todo", shown: "todo" }],
  ]) {
    assert.deepEqual(addressOf(name, options, naming), expected);
  }
});

test("credentials leave the URL", () => {
  assert.deepEqual(addressOf("https://a%40b:p%3Aw@example.com/todo", {}, browser), {
    adapter: "http",
    name: "https://example.com/todo",
    shown: "https://example.com/todo",
    username: "a@b",
    password: "p:w",
    create: true,
  });
  const { username, password, headers, create } = addressOf(
    "https://a:b@example.com/todo",
    { auth: { username: "c", password: "d" }, headers: { "X-Team": "1" }, skip_setup: true },
    node,
  );
  assert.deepEqual({ username, password, headers, create }, { username: "c", password: "d", headers: { "X-Team": "1" }, create: false });
});

test("a name or option that cannot be is an error that names it, and does not show the password", () => {
  for (const [name, options, naming, expected] of [
    [undefined, {}, node, /`name`/],
    ["", {}, node, /`name`/],
    [5, {}, node, /`name`/],
    ["a", { adapter: "tape" }, node, /`adapter`.*"tape"/],
    ["a", { adapter: "toString" }, node, /`adapter`/],
    ["a", { adapter: "file" }, browser, /`adapter`: there are no files here/],
    ["a", { prefix: 5 }, node, /`prefix`/],
    ["a", { durability: "firm" }, node, /`durability`/],
    ["a", { compaction_ratio: 1 }, node, /`compaction_ratio`/],
    ["a", { compaction_ratio: Infinity }, node, /`compaction_ratio`/],
    ["a", { compaction_ratio: "2" }, node, /`compaction_ratio`/],
    ["a", { worker: "yes" }, browser, /`worker`/],
    ["http://", {}, node, /URL/],
    ["http://user:secret@", {}, node, /URL/],
    ["https://example.com/a", { auth: { username: 5 } }, node, /`auth`/],
    ["https://example.com/a", { headers: { a: 1 } }, node, /`headers`/],
  ]) {
    assert.throws(
      () => addressOf(name, options, naming),
      (error) => error.status === 400 && expected.test(error.message) && !error.message.includes("secret"),
      String(expected),
    );
  }
});

test("an emitter calls each listener, once if it is to", () => {
  const emitter = new Emitter();
  const calls = [];
  const listener = (value) => calls.push(value);
  emitter.on("a", listener).once("a", (value) => calls.push(`once ${value}`));
  assert.equal(emitter.listenerCount("a"), 2);
  assert.equal(emitter.emit("a", 1), true);
  emitter.emit("a", 2);
  assert.deepEqual(calls, [1, "once 1", 2]);
  emitter.off("a", listener);
  assert.equal(emitter.emit("a", 3), false);
  assert.throws(() => emitter.on("a", "not a function"), TypeError);
});

test("a listener that is added during an emit is not called by it, and one that throws keeps nobody from being called", (t) => {
  const reported = t.mock.method(console, "error", () => {});
  const emitter = new Emitter();
  const calls = [];
  emitter.on("a", () => {
    emitter.on("a", () => calls.push("late"));
    throw new Error("mine");
  });
  emitter.on("a", () => calls.push("second"));
  emitter.emit("a");
  assert.deepEqual(calls, ["second"]);
  assert.equal(reported.mock.callCount(), 1);
  emitter.removeAllListeners("a");
  assert.equal(emitter.listenerCount("a"), 0);
});

test("an error has PouchDB's fields", () => {
  const error = new GouchError({ status: 404, name: "not_found", reason: "deleted", docId: "x" });
  assert.ok(error instanceof Error);
  assert.deepEqual(JSON.parse(JSON.stringify(error)), {
    status: 404,
    name: "not_found",
    message: "missing",
    reason: "deleted",
    error: true,
    id: "x",
    docId: "x",
  });
  assert.equal("docId" in new GouchError({ status: 409, name: "conflict", reason: "Document update conflict." }), false);
});
