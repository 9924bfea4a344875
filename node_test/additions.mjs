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
};
