// The boundary itself: the engine as js/src/engine.ts drives it.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { engineBytes, importSource } from "./source.mjs";

const { Engine, failure } = await importSource("engine.ts");
const module = await WebAssembly.compile(engineBytes());
const start = (onStopped = () => {}) => Engine.start(module, { fs, path, process }, onStopped);
const usage = (engine) => engine.call("usage", 0, {});

test("starting it leaves nothing on globalThis", async () => {
  const before = new Map(Object.getOwnPropertyNames(globalThis).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]));
  const engine = await start();
  const after = Object.getOwnPropertyNames(globalThis);
  assert.deepEqual(after, [...before.keys()]);
  for (const name of after) {
    assert.deepEqual(Object.getOwnPropertyDescriptor(globalThis, name), before.get(name), name);
  }
  assert.deepEqual(await usage(engine), { calls: 0, handles: 0, databases: 0, tasks: 0, questions: 0 });
});

test("in a page, where there is no fs and no process, it starts too and leaves none", async () => {
  globalThis.fs = "the page's own";
  const engine = await Engine.start(module, {}, () => {});
  assert.equal(globalThis.fs, "the page's own");
  delete globalThis.fs;
  assert.equal("path" in globalThis, false);
  const handle = await engine.call("open", 0, { adapter: "memory", name: "a" });
  assert.equal((await engine.call("put", handle, {}, { data: '{"_id":"x"}' })).ok, true);
});

test("a call that is made in the same turn sees what the one before wrote", async () => {
  const engine = await start();
  const handle = await engine.call("open", 0, { adapter: "memory", name: "a" });
  const calls = [];
  for (let i = 0; i < 200; i++) {
    calls.push(engine.call("put", handle, {}, { data: `{"_id":"${i}"}` }));
    calls.push(engine.call("get", handle, { id: String(i) }));
  }
  const answers = await Promise.all(calls);
  assert.equal(answers.filter(({ _id }) => _id).length, 200);
  assert.equal(engine.pending, 0);
});

test("texts of every size and script cross unharmed, also while memory grows", async () => {
  const engine = await start();
  const handle = await engine.call("open", 0, { adapter: "memory", name: "a" });
  const random = mulberry(7);
  for (let i = 0; i < 60; i++) {
    const length = Math.floor(random() ** 4 * 1_200_000);
    const alphabet = ["a", "ä", "€", "😀", "\\", '"', "\n", "\u0000"];
    const text = alphabet[i % alphabet.length].repeat(length);
    const _id = `${i}`;
    await engine.call("put", handle, {}, { data: JSON.stringify({ _id, text }) });
    const doc = await engine.call("get", handle, { id: _id });
    assert.ok(doc.text === text, `text ${i} of ${length} characters`);
  }
});

test("an aborted call rejects at once, with the signal's reason, and leaves nothing behind", async () => {
  const engine = await start();
  const handle = await engine.call("open", 0, { adapter: "memory", name: "a" });
  const controller = new AbortController();
  const waiting = engine.call("changes", handle, { wait: 600_000 }, { signal: controller.signal });
  await usage(engine);
  controller.abort(new Error("enough"));
  await assert.rejects(waiting, /enough/);
  assert.deepEqual(await usage(engine), { calls: 0, handles: 1, databases: 1, tasks: 0, questions: 0 });
  assert.equal(engine.pending, 0);
  await assert.rejects(engine.call("info", handle, {}, { signal: controller.signal }), /enough/);
});

for (const [adapter, expected] of [
  ["panics", /panic: out of order/],
  ["exits", /exit code 3/],
  ["exhausts", /memory/],
]) {
  test(`when the engine ${adapter}, every call is told and nothing hangs`, async () => {
    let stopped = 0;
    const engine = await start(() => stopped++);
    const handle = await engine.call("open", 0, { adapter: "memory", name: "a" });
    const pending = [
      engine.call("changes", handle, { wait: 600_000 }),
      engine.call("open", 0, { adapter, name: "x" }),
      engine.call("info", handle, {}).catch((error) => error), // may have been answered before
    ];
    for (const call of pending.slice(0, 2)) {
      await assert.rejects(call, (error) => error.name === "engine_stopped" && error.status === 500 && expected.test(error.message));
    }
    await pending[2];
    assert.equal(stopped, 1);
    assert.equal(engine.pending, 0);
    await assert.rejects(engine.call("info", handle, {}), { name: "engine_stopped" });
  });
}

test("an engine of another build is refused", async () => {
  const { Engine: Other } = await importSource("engine.ts", "another-build");
  await assert.rejects(Other.start(module, { fs, path, process }, () => {}), (error) => error.name === "build_mismatch" && /another-build/.test(error.message));
  const foreign = await WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
  await assert.rejects(Engine.start(foreign, { fs, path, process }, () => {}));
});

test("a failure becomes an error", () => {
  const error = failure({ status: 409, name: "conflict", reason: "Document update conflict.", id: "x" });
  assert.equal(error.status, 409);
  assert.equal(error.message, "Document update conflict");
  assert.equal(error.docId, "x");
});

function mulberry(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

test("hundreds of live replications leave nothing behind", { timeout: 60_000 }, async () => {
  const engine = await start();
  const open = (name) => engine.call("open", 0, { adapter: "memory", name });
  const [source, target] = [await open("a"), await open("b")];
  await engine.call("put", source, {}, { data: '{"_id":"x"}' });
  for (let i = 0; i < 500; i++) {
    const controller = new AbortController();
    const options = { source, target, live: true, retry: true, checkpoint: i % 2 ? "both" : "none", filter: i % 3 ? undefined : "f" };
    const call = engine.call("replicate", 0, options, {
      signal: controller.signal,
      onEvent: ({ type }) => {
        if (type === "paused" || type === "question") {
          controller.abort();
        }
      },
    });
    await assert.rejects(call, { name: "AbortError" });
  }
  while ((await engine.call("usage", 0, {})).calls > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await engine.call("usage", 0, {}), { calls: 0, handles: 2, databases: 2, tasks: 0, questions: 0 });
  assert.equal(engine.pending, 0);
});

test("hundreds of live queries leave nothing behind", { timeout: 60_000 }, async () => {
  const engine = await start();
  const db = await engine.call("open", 0, { adapter: "memory", name: "a" });
  await engine.call("put", db, {}, { data: '{"_id":"x"}' });
  for (let i = 0; i < 500; i++) {
    const controller = new AbortController();
    const onEvent = ({ changes }) => {
      if (i % 2 && changes[0].type === "added") {
        void engine.call("put", db, {}, { data: `{"_id":"y${i}"}` });
      } else {
        controller.abort();
      }
    };
    const call = engine.call("liveFind", 0, { db }, { data: '{"selector":{"_id":{"$lt":"y"}},"limit":3}', signal: controller.signal, onEvent });
    if (i % 2) {
      setImmediate(() => controller.abort());
    }
    await assert.rejects(call, { name: "AbortError" });
  }
  while ((await engine.call("usage", 0, {})).calls > 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.deepEqual(await engine.call("usage", 0, {}), { calls: 0, handles: 1, databases: 1, tasks: 0, questions: 0 });
  assert.equal(engine.pending, 0);
});
