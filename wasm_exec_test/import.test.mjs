// importPouchDB in Chromium, on databases that the real PouchDB has written, with both of its adapters.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);
// The versions whose databases are read, and where they are installed.
const versions = { 7: "pouchdb-7", 8: "pouchdb-8", 9: "pouchdb" };

let files, server, browser;
const pages = {};
before(async () => {
  files = await serve({
    ...Object.fromEntries(["browser.js", "additions.js", "import-pouchdb.js", "gouchdb.wasm"].map((name) => [`/${name}`, new URL(name, dist)])),
    ...Object.fromEntries(Object.entries(versions).flatMap(([version, directory]) => [
      [`/${version}`, `<!doctype html><title>import</title><script src="/${version}/pouchdb.js"></script><script src="/${version}/pouchdb.indexeddb.js"></script>
        <script type=module>import GouchDB from '/browser.js'; globalThis.GouchDB = GouchDB;</script>`],
      ...["pouchdb.js", "pouchdb.indexeddb.js"].map((name) => [`/${version}/${name}`, new URL(`../node_test/node_modules/${directory}/dist/${name}`, import.meta.url)]),
    ])),
  });
  server = await startServer(["--memory", "--no-auth", "--cors", files.url]);
  browser = await startChromium();
  for (const version of Object.keys(versions)) {
    pages[version] = await openPage(version);
  }
});

async function openPage(version) {
  const page = await browser.context.newPage();
  await page.goto(`${files.url}/${version}`);
  await page.waitForFunction(() => globalThis.GouchDB && globalThis.PouchDB);
  assert.equal(await page.evaluate(() => PouchDB.version.split(".")[0]), version);
  await page.evaluate(() => {
    // All that a database holds, as its own methods tell it.
    globalThis.everything = async (db) => {
      const found = {};
      const { results } = await db.changes({ style: "all_docs", since: 0 });
      for (const { id } of results) {
        const leaves = await db.get(id, { open_revs: "all", revs: true, attachments: true });
        leaves.sort((a, b) => (a.ok._rev < b.ok._rev ? -1 : 1));
        for (const { ok } of leaves) {
          for (const attachment of Object.values(ok._attachments ?? {})) {
            delete attachment.length; // one says it, one does not
            attachment.data = [...new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(attachment.data)))].join();
          }
          const { _revisions: { start, ids } } = ok;
          // Contents of older revisions, where they are still there.
          ok.older = [];
          for (let i = 1; i < ids.length; i++) {
            ok.older.push(await db.get(id, { rev: `${start - i}-${ids[i]}`, attachments: true }).then((doc) => JSON.stringify(doc.n ?? doc.text), (error) => error.status));
          }
        }
        const winner = await db.get(id, { conflicts: true }).catch(({ status }) => status);
        found[id] = { leaves, winner: winner._rev ?? winner, conflicts: winner._conflicts?.sort() };
      }
      return found;
    };
  });
  return page;
}

after(async () => {
  await browser?.close();
  await server?.stop();
  await files?.close();
});

for (const [version, adapter] of Object.keys(versions).flatMap((each) => [[each, "idb"], [each, "indexeddb"]])) {
  const from = `${adapter} of PouchDB ${version}`;

  test(`winners, conflicts, deletions, attachments and checkpoints, from ${from}`, { timeout: 120_000 }, async () => {
    const outcome = await pages[version].evaluate(async ({ adapter, version, remote }) => {
      const name = `old-${version}-${adapter}`;
      const pouch = new PouchDB(name, { adapter });
      const { rev: first } = await pouch.put({ _id: "edited", n: 1, null: null, "a-b": { "c.d": true }, list: [1, "ä😀", false] });
      const { rev: second } = await pouch.put({ _id: "edited", _rev: first, n: 2 });
      await pouch.put({ _id: "edited", _rev: second, n: 3 });
      await pouch.bulkDocs([
        { _id: "torn", _rev: "1-a", n: 1 },
        { _id: "torn", _rev: "2-b", n: 2, _revisions: { start: 2, ids: ["b", "a"] } },
        { _id: "torn", _rev: "3-c", n: 3, _revisions: { start: 3, ids: ["c", "x", "a"] } },
        { _id: "torn", _rev: "2-d", _deleted: true, _revisions: { start: 2, ids: ["d", "a"] } },
        { _id: "odd::id", _rev: "5-e", n: 5, _revisions: { start: 5, ids: ["e", "d", "c"] } },
        { _id: "odd", _rev: "1-o", n: 1, text: "its records stand beside those of odd::id" },
      ], { new_edits: false });
      await pouch.remove(await pouch.put({ _id: "gone", n: 1 }).then(() => pouch.get("gone")));
      const { rev } = await pouch.put({ _id: "with", text: "attachments", _attachments: { "a.txt": { content_type: "text/plain", data: btoa("hello") }, empty: { content_type: "text/plain", data: "" } } });
      const blob = new Blob([new Uint8Array(200_000).map((_, i) => i)], { type: "image/png" });
      const { rev: next } = await pouch.putAttachment("with", "b.png", rev, blob, "image/png");
      await pouch.removeAttachment("with", "a.txt", next);
      await pouch.put({ _id: "_design/views", views: { a: { map: "function (doc) { emit(doc.n); }" } } });
      await pouch.put({ _id: "_local/mine", kept: true });
      await pouch.query("views/a");
      const push = await pouch.replicate.to(`${remote}/${name}`);
      await pouch.put({ _id: "later", n: 1 });
      await pouch.put({ ...(await pouch.get("edited")), n: 4 });
      const { update_seq: seq } = await pouch.info();
      const before = await everything(pouch);
      const locals = await pouchLocals(pouch);
      const checkpoints = locals.filter(({ session_id: session }) => session);

      const progress = [];
      const result = await GouchDB.importPouchDB(name, { onProgress: (at) => progress.push(at) });
      const db = new GouchDB(name);
      const after = await everything(db);
      const kept = await Promise.all(checkpoints.map(async ({ _rev, ...doc }) => { const { _rev: _, ...own } = await db.get(doc._id); return sorted(own) === sorted(doc) || [own, doc]; }));
      const since = checkpoints[0].last_seq;
      const news = (await db.changes({ since })).results.map(({ id }) => id).sort();
      const goneOn = await db.replicate.to(`${remote}/${name}`);
      // Once more: nothing is new, nothing is lost, and what was written here since stays.
      await db.put({ _id: "own" });
      const again = await GouchDB.importPouchDB(name);
      const untouched = JSON.stringify(await everything(pouch)) === JSON.stringify(before);
      return {
        before, after, kept, news, untouched, pushed: push.docs_written, sameID: (await db.id()) === (await pouch.id()), reached: (await db.info()).update_seq >= seq,
        result, goneOn: goneOn.docs_read, progress: progress.at(-1), locals: locals.map(({ _id }) => _id), again: again.problems, own: (await db.get("own"))._id, mine: (await db.get("_local/mine")).kept,
        views: await db.get("_local/_pouch_dependentDbs").catch(({ status }) => status), problems: (await db.check()).problems,
      };

      function sorted(doc) {
        return JSON.stringify(Object.entries(doc).sort(([a], [b]) => (a < b ? -1 : 1)));
      }

      async function pouchLocals(db) {
        // PouchDB lists no local documents.
        const idb = await new Promise((resolve) => { indexedDB.open(`_pouch_${db.name}`).onsuccess = ({ target }) => resolve(target.result); });
        const store = adapter === "idb" ? "local-store" : version < 9 ? "docs" : "meta";
        const rows = await new Promise((resolve) => { idb.transaction(store).objectStore(store).getAllKeys().onsuccess = ({ target }) => resolve(target.result); });
        idb.close();
        return Promise.all(rows.filter((id) => id.startsWith("_local/")).map((id) => db.get(id)));
      }
    }, { adapter, version, remote: server.url });
    assert.deepEqual(outcome.after, outcome.before);
    assert.deepEqual(outcome.kept, [true]);
    assert.deepEqual(outcome.news, ["edited", "later"]);
    assert.equal(outcome.goneOn, 2, "replication goes on from PouchDB's checkpoint");
    assert.deepEqual(outcome.result.problems, []);
    assert.deepEqual(outcome.progress, { docs: 8, total: 8, revisions: outcome.result.revisions });
    const { sameID, reached, untouched, again, own, mine, views, problems } = outcome;
    assert.deepEqual({ sameID, reached, untouched, again, own, mine, views, problems }, { sameID: true, reached: true, untouched: true, again: [], own: "own", mine: true, views: 404, problems: [] });
    assert.equal(outcome.result.local_docs, outcome.locals.filter((id) => id !== "_local/_pouch_dependentDbs").length, outcome.locals.join());
  });

  // PouchDB's "indexeddb" cannot read such a revision itself.
  test(`a losing revision's own attachment, from ${from}`, { timeout: 60_000 }, async () => {
    const text = await pages[version].evaluate(async ([version, adapter]) => {
      const name = `losing-${version}-${adapter}`;
      const pouch = new PouchDB(name, { adapter });
      await pouch.put({ _id: "with", _attachments: { "a.txt": { content_type: "text/plain", data: btoa("winner") } } });
      const loser = { _id: "with", _rev: "1-0", _revisions: { start: 1, ids: ["0"] }, _attachments: { "a.txt": { content_type: "text/plain", data: btoa("loser") } } };
      await pouch.bulkDocs([loser], { new_edits: false });
      const { problems } = await GouchDB.importPouchDB(name);
      const attachment = (rev) => new GouchDB(name).getAttachment("with", "a.txt", rev ? { rev } : {}).then((blob) => blob.text());
      return [await attachment(), await attachment("1-0"), ...problems];
    }, [version, adapter]);
    assert.deepEqual(text, ["winner", "loser"]);
  });
}

for (const [version, adapter] of [["9", "idb"], ["9", "indexeddb"]]) {
  test(`5,000 documents from ${adapter}, with all their revisions`, { timeout: 120_000 }, async (t) => {
    const { rows, right, milliseconds, result } = await pages[version].evaluate(async ([version, adapter]) => {
      const name = `large-${version}-${adapter}`;
      const pouch = new PouchDB(name, { adapter });
      const docs = Array.from({ length: 5000 }, (_, i) => ({ _id: `doc-${i}`, n: i, text: "lorem ipsum ".repeat(20) }));
      await pouch.bulkDocs(docs);
      const some = (await pouch.allDocs({ include_docs: true })).rows.slice(0, 500).map(({ doc }) => ({ ...doc, n: -doc.n }));
      await pouch.bulkDocs(some);
      const start = performance.now();
      const result = await GouchDB.importPouchDB(name, { to: `imported-${version}-${adapter}` });
      const milliseconds = performance.now() - start;
      const db = new GouchDB(`imported-${version}-${adapter}`);
      const [theirs, ours] = await Promise.all([pouch, db].map((database) => database.allDocs({ include_docs: true })));
      return { rows: ours.rows.length, right: theirs.rows.every(({ id, value, doc }, i) => ours.rows[i].id === id && ours.rows[i].value.rev === value.rev && ours.rows[i].doc.n === doc.n), milliseconds, result };
    }, [version, adapter]);
    assert.equal(rows, 5000);
    assert.equal(right, true);
    assert.deepEqual(result, { docs: 5000, total: 5000, revisions: 5500, attachments: 0, local_docs: 0, problems: [] });
    t.diagnostic(`${Math.round(milliseconds)} ms`);
  });
}

test("a database of another kind, and none, are named errors, and none is created", { timeout: 30_000 }, async () => {
  const outcome = await pages[9].evaluate(async () => {
    const told = (name, options) => GouchDB.importPouchDB(name, options).then(() => "imported", ({ status, reason }) => `${status} ${reason}`);
    const none = await told("never-there");
    await new Promise((resolve) => {
      const request = indexedDB.open("_pouch_other");
      request.onupgradeneeded = () => request.result.createObjectStore("things");
      request.onsuccess = () => { request.result.close(); resolve(); };
    });
    const controller = new AbortController();
    controller.abort();
    return {
      none, other: await told("other"), created: (await indexedDB.databases()).some(({ name }) => name === "_pouch_never-there"),
      aborted: await GouchDB.importPouchDB("large-9-idb", { to: "aborted", signal: controller.signal }).catch(({ name }) => name),
    };
  });
  assert.match(outcome.none, /^404 there is no database of PouchDB's/);
  assert.match(outcome.other, /^412 _pouch_other is not a database that PouchDB/);
  assert.equal(outcome.created, false);
  assert.equal(outcome.aborted, "AbortError");
});
