// What PouchDB leaves to plugins, as stories that run alike in Node and in a page: each gets the class and a function that opens a new database, and
// needs nothing from around it. What a story returns is what is expected beside it.
export const stories = {
  "upsert makes, changes and leaves documents, and outlives faster writers": {
    run: async ({ open }) => {
      const db = await open();
      const made = await db.upsert("a", (doc) => ({ ...doc, n: (doc.n ?? 0) + 1 }));
      await Promise.all(Array.from({ length: 20 }, () => db.upsert("a", async (doc) => ({ n: doc.n + 1 }))));
      const { n, _rev } = await db.get("a");
      const left = await db.upsert("a", () => false);
      const none = await db.upsert("none", () => undefined);
      const called = await new Promise((resolve, reject) => db.upsert("b", () => ({ n: 1 }), (error, result) => (error ? reject(error) : resolve(result))));
      const gone = await db.upsert("b", () => ({ _deleted: true }));
      const back = await db.upsert("b", (doc) => ({ n: 2, was: Object.keys(doc) }));
      const { was } = await db.get("b");
      const failures = await Promise.all([db.upsert("a", () => { throw new Error("mine"); }), db.upsert("a"), db.upsert(5, () => ({})), db.upsert("a", () => ({}), { signal: AbortSignal.abort(new Error("enough")) })].map((promise) => promise.catch(({ status, message }) => status ?? message)));
      return { made: made.updated && made.id, n, left: !left.updated && left.rev === _rev, none, called: called.updated, gone: gone.rev.slice(0, 2), back: back.rev.slice(0, 2), was, failures };
    },
    expected: { made: "a", n: 21, left: true, none: { updated: false, id: "none" }, called: true, gone: "2-", back: "3-", was: [], failures: ["mine", 400, 400, "enough"] },
  },

  "putIfNotExists writes once": {
    run: async ({ open }) => {
      const db = await open();
      const first = await db.putIfNotExists({ _id: "a", n: 1 });
      const second = await db.putIfNotExists("a", { n: 2 });
      const third = await new Promise((resolve) => db.putIfNotExists("b", { n: 3 }, (_, result) => resolve(result)));
      const failure = await db.putIfNotExists({ n: 4 }).catch(({ status }) => status);
      return { updated: [first, second, third].map(({ updated }) => updated), same: first.rev === second.rev, n: (await db.get("a")).n, failure };
    },
    expected: { updated: [true, false, true], same: true, n: 1, failure: 400 },
  },

  "conflicts are listed, and told of live": {
    run: async ({ open }) => {
      const db = await open();
      const docs = Array.from({ length: 1200 }, (_, i) => ({ _id: `doc-${i}`, _rev: "1-a", _revisions: { start: 1, ids: ["a"] } }));
      await db.bulkDocs([...docs, { _id: "torn", _rev: "1-a" }, { _id: "torn", _rev: "1-b" }, { _id: "torn", _rev: "1-c", _deleted: true }, { _id: "settled", _rev: "1-a" }, { _id: "settled", _rev: "1-b", _deleted: true }], { new_edits: false });
      const list = await db.conflicts();
      const called = await new Promise((resolve) => db.conflicts((_, found) => resolve(found)));
      const seen = [];
      const live = db.conflicts({ live: true });
      const until = (event, id) => new Promise((resolve) => {
        const listener = (conflict) => {
          if ((conflict.id ?? conflict) === id) {
            live.off(event, listener);
            resolve();
          }
        };
        live.on(event, listener);
      });
      live.on("conflict", ({ id, rev, conflicts }) => seen.push([id, rev, ...conflicts])).on("resolved", (id) => seen.push(id)).on("complete", (found) => seen.push(found.length));
      await until("conflict", "torn");
      const added = until("conflict", "doc-7");
      await db.bulkDocs([{ _id: "doc-7", _rev: "1-z" }], { new_edits: false });
      await added;
      const resolved = until("resolved", "torn");
      await db.remove("torn", "1-a");
      await resolved;
      const deleted = until("resolved", "doc-7");
      await db.bulkDocs([{ _id: "doc-7", _rev: "1-a", _deleted: true }, { _id: "doc-7", _rev: "1-z", _deleted: true }]);
      await deleted;
      live.cancel();
      const rest = await live;
      const looped = [];
      await db.bulkDocs([{ _id: "doc-8", _rev: "1-z" }], { new_edits: false });
      for await (const { id } of db.conflicts({ live: true })) {
        looped.push(id);
        break;
      }
      const refused = await Promise.all([() => db.conflicts(5), () => db.conflicts({ signal: 5 })].map(async (call) => call()).map((promise) => promise.catch(({ status }) => status)));
      const closed = db.conflicts({ live: true });
      const first = new Promise((resolve) => closed.on("conflict", resolve));
      await first;
      await db.close();
      return { list, called: called.length, seen, rest, looped, refused, closed: (await closed).map(({ id }) => id) };
    },
    expected: {
      list: [{ id: "torn", rev: "1-b", conflicts: ["1-a"] }], called: 1, seen: [["torn", "1-b", "1-a"], ["doc-7", "1-z", "1-a"], "torn", "doc-7", 0], rest: [], looped: ["doc-8"],
      refused: [400, 400], closed: ["doc-8"],
    },
  },

  "resolve merges with the common ancestor, and deletes the other versions": {
    run: async ({ open }) => {
      const db = await open();
      const { rev: base } = await db.put({ _id: "a", title: "Milk", tags: ["x"] });
      const hash = base.slice(2);
      await db.bulkDocs([
        { _id: "a", _rev: "2-b", title: "Oat milk", tags: ["x"], _revisions: { start: 2, ids: ["b", hash] } },
        { _id: "a", _rev: "2-c", title: "Milk", tags: ["x", "y"], _revisions: { start: 2, ids: ["c", hash] } },
        { _id: "a", _rev: "2-d", _deleted: true, _revisions: { start: 2, ids: ["d", hash] } },
      ], { new_edits: false });
      let given;
      const merge = (versions, origin) => {
        given = { versions, base: origin };
        return { title: versions.find(({ title }) => title !== origin.title).title, tags: [...new Set(versions.flatMap(({ tags }) => tags))] };
      };
      const left = await db.resolve("a", () => null);
      const outcome = await db.resolve("a", merge);
      const again = await db.resolve("a", () => { throw new Error("there is no conflict"); });
      const { _rev, _conflicts, ...doc } = await db.get("a", { conflicts: true });
      const failures = await Promise.all([db.resolve("nothing", merge), db.resolve("a"), db.resolve("", merge)].map((promise) => promise.catch(({ status }) => status)));
      return {
        given: { versions: given.versions, base: given.base._rev === base && given.base.title }, left: left.updated, outcome: outcome.updated && outcome.rev === _rev && _rev.slice(0, 2), again: again.updated, doc,
        conflicts: await db.conflicts(), failures, _conflicts: _conflicts ?? null,
      };
    },
    expected: {
      given: { versions: [{ _id: "a", _rev: "2-c", title: "Milk", tags: ["x", "y"] }, { _id: "a", _rev: "2-b", title: "Oat milk", tags: ["x"] }], base: "Milk" }, left: false, outcome: "3-", again: false,
      doc: { _id: "a", title: "Oat milk", tags: ["x", "y"] }, conflicts: [], failures: [404, 400, 400], _conflicts: null,
    },
  },

  "resolve without a base, with attachments of both, and with writers that come between": {
    run: async ({ open }) => {
      const db = await open();
      const attachment = (text) => ({ content_type: "text/plain", data: btoa(text) });
      await db.bulkDocs([
        { _id: "a", _rev: "1-a", n: 1, _attachments: { "both.txt": attachment("from a"), "a.txt": attachment("a") } },
        { _id: "a", _rev: "1-b", n: 2, _attachments: { "both.txt": attachment("from b") } },
      ], { new_edits: false });
      const calls = [];
      const outcome = await db.resolve("a", async (versions, base) => {
        calls.push([versions.length, base === undefined]);
        if (calls.length === 1) { // the winner is edited, so that nothing may be written now
          await db.put({ ...versions[0], n: 10 });
        }
        if (calls.length === 2) { // a leaf comes that nobody has seen
          await db.bulkDocs([{ _id: "a", _rev: "1-0", n: 100 }], { new_edits: false });
        }
        return { n: versions.reduce((sum, { n }) => sum + n, 0), _attachments: Object.assign({}, ...versions.map(({ _attachments }) => _attachments)) };
      });
      const { n, _attachments, _rev } = await db.get("a", { attachments: true });
      const texts = Object.fromEntries(Object.entries(_attachments).map(([name, { data }]) => [name, atob(data)]));
      return { calls, updated: outcome.updated && outcome.rev === _rev, n, texts, left: await db.conflicts() };
    },
    // 10 + 1, and then 100 more.
    expected: { calls: [[2, true], [2, true], [2, true]], updated: true, n: 111, texts: { "both.txt": "from a", "a.txt": "a" }, left: [] },
  },

  "a dump has everything, and another database is made of it": {
    run: async ({ GouchDB, open }) => {
      const db = await open();
      const docs = Array.from({ length: 700 }, (_, i) => ({ _id: `doc-${i}`, n: i }));
      await db.bulkDocs(docs);
      await db.bulkDocs([
        { _id: "torn", _rev: "3-c", n: 1, _revisions: { start: 3, ids: ["c", "b", "a"] } },
        { _id: "torn", _rev: "2-d", n: 2, _revisions: { start: 2, ids: ["d", "a"] } },
        { _id: "torn", _rev: "2-e", _deleted: true, _revisions: { start: 2, ids: ["e", "a"] } },
      ], { new_edits: false });
      const large = new Uint8Array(2_000_000).map((_, i) => i * 7 + (i >> 8));
      await db.put({ _id: "with", _attachments: { "a.txt": { content_type: "text/plain", data: btoa("hello") }, empty: { content_type: "text/plain", data: "" }, 7: { content_type: "image/png", data: large } } });
      await db.put({ _id: "_local/mine", kept: true });
      const dump = await new Response(db.dump()).blob();
      const copy = await open();
      const progress = [];
      const result = await GouchDB.load(dump, copy, { onProgress: ({ revisions }) => progress.push(revisions) });
      const all = async (database) => {
        const { results } = await database.changes({ style: "all_docs" });
        const { results: found } = await database.bulkGet({ docs: results.flatMap(({ id, changes }) => changes.map(({ rev }) => ({ id, rev }))), revs: true, attachments: true });
        return found.flatMap(({ docs: [{ ok }] }) => JSON.stringify(ok)).sort().join("\n");
      };
      const text = await dump.text();
      // From text, a stream, and pieces that end anywhere; into a database that has all of it.
      await GouchDB.load(text, copy);
      await GouchDB.load(dump.stream(), copy);
      await GouchDB.load((async function* () {
        const bytes = new Uint8Array(await dump.arrayBuffer());
        for (let at = 0; at < bytes.length; at += 99_991) {
          yield bytes.subarray(at, at + 99_991);
        }
      })(), copy);
      return {
        result, progress: progress.at(-1), equal: (await all(db)) === (await all(copy)), another: (await db.id()) !== (await copy.id()),
        local: db.adapter === "http" || (await copy.get("_local/mine")).kept, lines: text.trim().split("\n").length > 700,
      };
    },
    expected: (place) => ({ result: { docs: 702, revisions: 704, attachments: 3, local_docs: place === "server" ? 0 : 2 }, progress: 704, equal: true, another: true, local: true, lines: true }),
  },

  "a replication goes on from a dump": {
    run: async ({ GouchDB, open }) => {
      const [server, original] = [await open(), await open()];
      const fill = (db, prefix, count) => db.bulkDocs(Array.from({ length: count }, (_, i) => ({ _id: `${prefix}-${i}` })));
      const load = async (from) => {
        const db = await open();
        await GouchDB.load(from.dump(), db);
        return db;
      };
      await fill(server, "a", 300);
      // A copy of what it pulls from.
      const first = await load(server);
      await fill(server, "b", 3);
      await fill(first, "c", 2);
      const pulled = (await GouchDB.replicate(server, first)).docs_written;
      const pushed = (await GouchDB.replicate(first, server)).docs_written;
      // A copy of what has replicated with the server: it goes on from that one's checkpoints.
      await GouchDB.sync(original, server);
      await original.put({ _id: "unpushed" });
      const second = await load(original);
      await second.put({ _id: "own" });
      await fill(server, "d", 4);
      const { push, pull } = await GouchDB.sync(second, server);
      await original.put({ _id: "later" });
      await GouchDB.sync(original, server);
      await GouchDB.sync(second, server);
      const counts = await Promise.all([server, original, second].map(async (db) => (await db.info()).doc_count));
      return { pulled, pushed, push: push.docs_written, pull: pull.docs_written, counts };
    },
    expected: { pulled: 3, pushed: 2, push: 2, pull: 4, counts: [312, 312, 312] },
  },

  "damaged dumps are told of, with the line": {
    run: async ({ GouchDB, open }) => {
      const db = await open();
      await db.bulkDocs([{ _id: "b", _attachments: { x: { data: "aGVsbG8=" } } }]);
      await db.bulkDocs([{ _id: "c" }]);
      const lines = (await new Response(db.dump()).text()).trim().split("\n").filter((line) => !line.startsWith('{"local"'));
      lines[lines.length - 1] = lines.at(-1).replace(/"local_docs":\d+/, '"local_docs":0');
      const without = (n) => lines.filter((_, i) => i !== n).join("\n");
      const having = (n, line) => lines.map((was, i) => (i === n ? line : was)).join("\n");
      const texts = [
        "", '{"a":1}', "no JSON", lines[0].replace('dump":1', 'dump":2'), lines.slice(0, 4).join("\n"), [...lines.slice(0, 3), lines[3].slice(0, 9)].join("\n"), lines.slice(0, 2).join("\n"), without(2),
        having(2, '{"data":"aGVsbG8gdGhlcmU="}'), having(2, '{"data":"a!"}'), without(3), having(3, "5"), having(3, '{"docs":[]}'), having(3, '{"doc":{"_id":"c","_rev":"1-a","_attachments":{"x":{"stub":true}}}}'),
        having(3, '{"local":{"_id":"c"}}'), lines.join("\n") + "\n" + lines[3], having(3, '{"doc":{"_id":"c","_rev":"x"}}'),
      ];
      const target = await open();
      const told = [];
      for (const text of texts) {
        told.push(await GouchDB.load(text, target).then(() => "loaded", ({ name, reason }) => `${name}: ${reason.replace(/(not JSON).*/s, "$1")}`));
      }
      const noted = await target.get("_local/gouchdb-dumps").then(() => true, () => false);
      const failing = new ReadableStream({ pull: () => { throw new Error("the disk is gone"); } });
      const aborted = AbortSignal.abort(new Error("enough"));
      const others = await Promise.all([GouchDB.load(failing, target), GouchDB.load(lines.join("\n"), target, { signal: aborted }), db.dump({ signal: aborted }).getReader().read(), GouchDB.load("", target, { signal: 5 })].map((promise) => promise.then(() => "loaded", ({ message }) => message)));
      // A dump that is not read to its end leaves nothing running.
      await db.dump().cancel();
      return { told, noted, others };
    },
    expected: {
      told: [
        "there is nothing in it", "it does not begin as a dump does", "it does not begin as a dump does", "its format 2 is not known here, only 1", "it ends early, after line 4", "line 4 is not JSON", "it ends within an attachment",
        "line 3 should go on with an attachment, of which 5 bytes are missing", "line 3 has another length than the attachment should have", "line 3 is not base64", "line 4 tells of 2 revisions, and there were 1",
        "line 4 is not an object", "line 4 is of no kind that is known here", "line 4 has an attachment that does not follow", "line 4 is not a local document", "line 6 comes after the end",
      ].map((reason) => `damaged_dump: ${reason}`).concat("bad_request: Invalid rev format (document 1 of `docs`)"),
      noted: false, others: ["the disk is gone", "enough", "enough", "option `signal` must be an AbortSignal"],
    },
  },
};
