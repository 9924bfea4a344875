// Databases in files under Node: processes killed in the middle of writes, and worker threads that open the same file.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import GouchDB from "../js/dist/node.js";
import { seedFor } from "./seed.mjs";

const soak = Number(process.env.SOAK_SECONDS ?? 0) * 1000;
const writer = fileURLToPath(new URL("crash-writer.mjs", import.meta.url));
let directory;
before(async () => { directory = await mkdtemp(join(tmpdir(), "gouchdb-crash-")); });
after(() => rm(directory, { recursive: true, force: true }));

test("a process killed in the middle of writes loses nothing it has acknowledged, and its lock does not outlive it", { timeout: 60_000 + soak }, async (t) => {
  const seed = seedFor(t);
  const path = join(directory, "killed.gouch");
  const acknowledged = [];
  const until = Date.now() + soak;
  let round = 0;
  for (let state = seed; round < 6 || Date.now() < until; round++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    const begin = acknowledged.length;
    const enough = begin + 1 + ((state >>> 8) % 150);
    const child = spawn(process.execPath, [writer, path, String(round)], { stdio: ["ignore", "pipe", "inherit"] });
    for await (const line of createInterface({ input: child.stdout })) {
      acknowledged.push(line.split(" "));
      if (acknowledged.length === enough) {
        child.kill("SIGKILL"); // what it has printed until it dies is still read
      }
    }
    if (child.exitCode === null && child.signalCode === null) {
      await once(child, "exit");
    }
    assert.equal(child.signalCode, "SIGKILL", "it was killed, and did not fail");

    const db = new GouchDB(path);
    for (const [id, rev] of acknowledged.slice(begin)) {
      const leaves = await db.get(id, { open_revs: "all", revs: true });
      const found = leaves.flatMap(({ ok: { _revisions: { start, ids } } }) => ids.map((hash, i) => `${start - i}-${hash}`));
      assert.ok(found.includes(rev), `${id} ${rev} is lost`);
    }
    const { rows } = await db.allDocs({ include_docs: true });
    assert.equal(new Set([...acknowledged.map(([id]) => id), ...rows.map(({ id }) => id)]).size, rows.length, "documents are lost");
    const batches = {};
    for (const { doc } of rows.filter(({ id }) => id !== "counter")) {
      (batches[doc.batch] ??= []).push(doc.size);
    }
    for (const [batch, sizes] of Object.entries(batches)) {
      assert.equal(sizes.length, sizes[0], `batch ${batch} is there in part`);
    }
    // One sequence for each revision: those of the counter, and one of each other document.
    assert.equal(Number((await db.info()).update_seq), rows.length - 1 + (await db.get("counter")).n);
    await db.close();
  }
  t.diagnostic(`${round} processes killed, ${acknowledged.length} revisions acknowledged`);
  assert.deepEqual((await readdir(directory)).filter((name) => name.startsWith("killed")), ["killed.gouch"], "nothing is left beside the file");
});

// Opens a database in a worker thread and says what came of it.
async function openInThread(path) {
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    const { default: GouchDB } = await import(workerData.module);
    const db = new GouchDB(workerData.path);
    const answer = await db.info().then(() => ({}), ({ name, status, message }) => ({ name, status, message }));
    parentPort.on("message", async () => { await db.close(); parentPort.close(); });
    parentPort.postMessage(answer);
  `;
  const module = new URL("../js/dist/node.js", import.meta.url).href;
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData: { module, path } });
  const [answer] = await once(thread, "message");
  return { answer, thread };
}

async function closeThread(thread) {
  const exit = once(thread, "exit");
  thread.postMessage("close");
  await exit;
}

test("a file that is open in another thread is locked, and the error names it", async () => {
  const path = join(directory, "threads.gouch");
  const first = await openInThread(path);
  assert.deepEqual(first.answer, {});
  const second = await openInThread(path);
  assert.equal(second.answer.name, "locked");
  assert.equal(second.answer.status, 423);
  assert.ok(second.answer.message.includes(path), second.answer.message);
  await closeThread(second.thread);
  const here = new GouchDB(path);
  await assert.rejects(here.put({ _id: "a" }), { name: "locked" });
  await closeThread(first.thread);
  assert.equal((await here.put({ _id: "a" })).ok, true, "when it has been closed there, the same instance opens it");
  await here.close();
});

test("a thread that is terminated leaves no lock behind, nor half of a commit", { timeout: 60_000 }, async () => {
  const path = join(directory, "terminated.gouch");
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    const { default: GouchDB } = await import(workerData.module);
    const db = new GouchDB(workerData.path, { durability: "relaxed" });
    for (let batch = Date.now(); ; batch++) {
      await db.bulkDocs(Array.from({ length: 10 }, (_, i) => ({ _id: batch + "-" + i, text: "x".repeat(1000) })));
      parentPort.postMessage(batch);
    }
  `;
  const acknowledged = [];
  for (let round = 0; round < 4; round++) {
    const workerData = { module: new URL("../js/dist/node.js", import.meta.url).href, path };
    const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData });
    thread.on("message", (batch) => acknowledged.push(batch));
    const enough = acknowledged.length + 5 + 7 * round;
    while (acknowledged.length < enough) {
      await once(thread, "message");
    }
    const other = new GouchDB(path);
    await assert.rejects(other.info(), { name: "locked" }, "it is open as long as the thread lives");
    await other.close();
    await thread.terminate();
    const db = new GouchDB(path);
    const { rows } = await db.allDocs();
    const ids = new Set(rows.map(({ id }) => id));
    assert.equal(ids.size % 10, 0);
    assert.ok(acknowledged.every((batch) => ids.has(`${batch}-0`) && ids.has(`${batch}-9`)));
    await db.close();
  }
  assert.deepEqual((await readdir(directory)).filter((name) => name.startsWith("terminated")), ["terminated.gouch"]);
});

test("a file that is open in another process is locked until that is killed", { timeout: 30_000 }, async () => {
  const path = join(directory, "processes.gouch");
  const child = spawn(process.execPath, [writer, path, "0"], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  child.stdout.resume();
  const db = new GouchDB(path);
  await assert.rejects(db.info(), ({ name, message }) => name === "locked" && message.includes(path));
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  assert.ok((await db.info()).doc_count > 0);
  await db.close();
});

test("a process that ends without closing its databases leaves no lock behind, unless it is killed", { timeout: 60_000 }, async () => {
  const ends = {
    "by itself": "",
    "by process.exit()": "process.exit(0);",
    "by an error": "process.exitCode = 0; throw new Error('expected');",
    "killed": "process.kill(process.pid, 'SIGINT'); await new Promise((resolve) => setTimeout(resolve, 10_000));",
    "with a lock of somebody else's": "fs.writeFileSync(path + '.lock', 'somebody else');",
    "with a lock that cannot be removed": "fs.unlinkSync = () => { throw new Error('AssertionError: the end of the process fails'); }; syncBuiltinESMExports();",
    "closed": "await db.close(); await other.close(); assert.equal(process.listenerCount('exit'), listeners);",
  };
  for (const [index, [how, end]] of Object.entries(ends).entries()) {
    const path = join(directory, `ended-${index}.gouch`);
    const source = `
      import assert from "node:assert/strict";
      import fs from "node:fs";
      import { syncBuiltinESMExports } from "node:module";
      import GouchDB from ${JSON.stringify(new URL("../js/dist/node.js", import.meta.url).href)};
      const path = ${JSON.stringify(path)};
      const listeners = process.listenerCount("exit");
      const [db, other] = [new GouchDB(path), new GouchDB(path)];
      await db.put({ _id: "a" });
      await other.info();
      assert.ok(fs.existsSync(path + ".lock"));
      assert.equal(process.listenerCount("exit"), listeners + 1);
      ${end}`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (data) => (said += data));
    await once(child, "close");
    assert.equal(said.includes("AssertionError"), false, said);
    const left = (await readdir(directory)).filter((name) => name.startsWith(`ended-${index}`));
    const lock = how === "killed" || how.startsWith("with") ? [`ended-${index}.gouch.lock`] : [];
    assert.deepEqual(left.sort(), [`ended-${index}.gouch`, ...lock], how);
    const db = new GouchDB(path);
    assert.equal((await db.get("a"))._id, "a", how);
    await db.close();
  }
});

test("a process that ends while it writes loses nothing that it has acknowledged", { timeout: 60_000 }, async () => {
  const path = join(directory, "exiting.gouch");
  const source = `
    import GouchDB from ${JSON.stringify(new URL("../js/dist/node.js", import.meta.url).href)};
    const db = new GouchDB(${JSON.stringify(path)});
    const { doc_count: count } = await db.info();
    await db.put({ _id: "a-" + count });
    process.on("exit", () => db.put({ _id: "too late-" + count }));
    db.bulkDocs(Array.from({ length: 100 }, (_, i) => ({ _id: "b-" + count + "-" + i })));
    setImmediate(() => process.exit());`;
  for (let round = 0; round < 5; round++) {
    const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "ignore", "inherit"] });
    await once(child, "close");
    const db = new GouchDB(path);
    const { rows } = await db.allDocs();
    assert.equal(rows.filter(({ id }) => id.startsWith("a-")).length, round + 1);
    assert.equal(rows.filter(({ id }) => id.startsWith("b-")).length % 100, 0, "all of it, or nothing");
    await db.close();
  }
  assert.deepEqual((await readdir(directory)).filter((name) => name.startsWith("exiting")), ["exiting.gouch"]);
});

test("on a full disk a database opens with the limit of revisions that it has, and one that cannot be given another is not kept open", { timeout: 60_000 }, async () => {
  const source = `
    import assert from "node:assert/strict";
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { write } = fs;
    let full = false;
    fs.write = (...args) => (full ? args.at(-1)(Object.assign(new Error("full"), { code: "ENOSPC" })) : write(...args));
    syncBuiltinESMExports();
    const { default: GouchDB } = await import(${JSON.stringify(new URL("../js/dist/node.js", import.meta.url).href)});
    const path = ${JSON.stringify(join(directory, "full.gouch"))};
    const open = (revs_limit) => new GouchDB(path, { revs_limit });
    let db = open(5);
    await db.put({ _id: "a" });
    const { update_seq } = await db.info();
    const same = open(5); // and nothing is written
    full = true;
    assert.equal((await same.get("a"))._id, "a");
    assert.equal((await same.info()).update_seq, update_seq);
    await assert.rejects(same.put({ _id: "b" }), { name: "insufficient_storage" });
    const other = open(6);
    await assert.rejects(other.get("a"), { name: "insufficient_storage" });
    await Promise.all([db, same, other].map((each) => each.close().catch(() => {})));
    assert.equal(fs.existsSync(path + ".lock"), false);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (data) => (said += data));
  const [code] = await once(child, "close");
  assert.equal(said, "");
  assert.equal(code, 0);
});
