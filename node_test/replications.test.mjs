// What replications and syncs do with the connections they are given, and with what the engine tells them, on an engine of the test's.
import assert from "node:assert/strict";
import { test } from "node:test";
import { importSource } from "./source.mjs";

const { Replication } = await importSource("replication.ts");
const { Sync } = await importSource("sync.ts");

const result = { ok: true, docs_read: 0, docs_written: 0, doc_write_failures: 0, bytes_read: 0, bytes_written: 0, errors: [], last_seq: 0 };

/** A connection whose replications, of which it is the source, end when the test says so. */
function connection(name) {
  const ended = deferred();
  return {
    address: { adapter: "http", name, shown: name },
    closed: 0,
    ended,
    handle: () => Promise.resolve(1),
    call: () => Promise.resolve({}),
    callEngine(operation, _request, { onEvent }) {
      assert.equal(operation, "replicate");
      this.onEvent = onEvent;
      return ended.promise;
    },
    close() {
      this.closed++;
      return Promise.resolve();
    },
  };
}

function deferred() {
  const it = {};
  it.promise = new Promise((resolve, reject) => Object.assign(it, { resolve, reject }));
  return it;
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

for (const fails of [false, true]) {
  test(`a sync that ${fails ? "fails" : "succeeds"} closes what was opened for it, once, when both halves have ended`, async () => {
    const [a, b, kept] = [connection("a"), connection("b"), connection("kept")];
    const sync = new Sync({ connection: a, temporary: true }, { connection: b, temporary: true }, {});
    a.ended.resolve({ result });
    await sync.push;
    await turn();
    assert.deepEqual([a.closed, b.closed], [0, 0], "the pull is under way");
    if (fails) {
      b.ended.reject(new Error("gone"));
      await assert.rejects(sync, /gone/);
    } else {
      b.ended.resolve({ result });
      await sync;
    }
    await turn();
    assert.deepEqual([a.closed, b.closed], [1, 1]);

    const other = connection("other");
    const half = new Sync({ connection: kept, temporary: false }, { connection: other, temporary: true }, {});
    kept.ended.resolve({ result });
    other.ended.resolve({ result });
    await half;
    await turn();
    assert.deepEqual([kept.closed, other.closed], [0, 1], "what the caller has opened stays open");
  });
}

test("a replication that a listener has cancelled tells nothing more, whatever the engine has told already", async () => {
  const [a, b] = [connection("a"), connection("b")];
  const replication = new Replication({ connection: a, temporary: true }, { connection: b, temporary: true }, {});
  let changes = 0;
  replication.on("change", () => {
    changes++;
    replication.cancel();
  });
  await turn();
  for (let i = 1; i <= 3; i++) {
    a.onEvent({ type: "change", result: { ...result, docs_written: i }, pending: 0, docs: [] });
  }
  await turn();
  assert.equal(changes, 1);
  a.ended.reject(new Error("cancelled"));
  const { status, docs_written } = await replication;
  assert.deepEqual({ status, docs_written }, { status: "cancelled", docs_written: 1 });
  assert.deepEqual([a.closed, b.closed], [1, 1]);
});
