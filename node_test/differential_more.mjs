import { content } from "./contents.mjs";

// More operations of the random scripts: what takes several calls, odd arguments, and what is rarely used together. See differential.mjs.

const odd = (name, ...args) => [name, args, (db) => db[name](...args)];
const flags = (r, names, p = 0.35) => Object.fromEntries(names.filter(() => r.chance(p)).map((name) => [name, true]));
const settled = (call) => call.then((result) => ({ result }), (error) => ({ error }));
const bytes = (r) => r.pick([content("one two"), content("\0ÿ\x80"), "YQ=="]);
const outcome = ({ ok, docs_read, docs_written, doc_write_failures, status }) => ({ ok, docs_read, docs_written, doc_write_failures, status });

export const moreOperations = (ids) => ({
  // The same document several times in one write: each sees what the one before did. In a database of its own: PouchDB's may have a revision twice
  // after that, and counts sequences that nobody sees.
  bulkDocsTwice(r) {
    const docs = r.pick([
      [{ _id: "new", n: 1 }, { _id: "new", n: 2 }],
      [{ _id: "a", n: 1, _rev: true }, { _id: "a", n: 2, _rev: true }],
      [{ _id: "a", _rev: true, _deleted: true }, { _id: "a", n: 2 }],
      [{ _id: "a", n: 1 }, { _id: "a", n: 2, _rev: true }],
    ]);
    return ["bulkDocs twice", [docs], async (_, makeAnother) => {
      const db = makeAnother();
      const { rev } = await db.put({ _id: "a", n: 0 });
      const answers = await db.bulkDocs(docs.map((doc) => ({ ...doc, ...(doc._rev && { _rev: rev }) })));
      const { n } = await db.get(docs[0]._id);
      return { answers, n };
    }, { learns: false }];
  },
  bulkDocsWithAttachments(r, known) {
    const id = r.pick(ids);
    const _attachments = r.pick([
      { "a.txt": { content_type: "text/plain", data: "YQ==" } },
      { "a.txt": { content_type: "text/plain", data: content("bytes") }, empty: { content_type: "text/plain", data: "" } },
      {},
    ]);
    const docs = [{ _id: id, ...(known.rev(id) && { _rev: known.rev(id) }), _attachments }];
    return ["bulkDocs", [docs], (db) => db.bulkDocs(docs)];
  },
  // No revision comes after those that follow it: PouchDB does not keep it then.
  replicatedOddly(r) {
    const [id, start, ids] = r.pick([
      ["r3", 3, ["0000000000000000000000000000000a", "1111111111111111111111111111111a", "1111111111111111111111111111111c"]],
      ["r1", 4, ["8888888888888888888888888888888c", "0000000000000000000000000000000a", "1111111111111111111111111111111a", "1111111111111111111111111111111c"]],
      [r.pick(["r1", "r3"]), 1, ["1111111111111111111111111111111d"]],
    ]);
    const docs = [{ _id: id, _rev: `${start}-${ids[0]}`, _revisions: { start, ids }, ...(start === 1 ? { _deleted: true } : { n: start }) }];
    const given = r.chance(0.5) ? [docs, { new_edits: false }] : [{ docs, new_edits: false }];
    return ["bulkDocs", given, (db) => db.bulkDocs(...given), { learns: false }];
  },
  getCombined(r, known) {
    const id = r.pick([...ids, "r1", "r2", "r3"]);
    const options = flags(r, ["revs", "revs_info", "conflicts", "attachments", "binary", "latest"]);
    if (r.chance(0.4)) {
      delete options.latest; // of a revision that is not there, PouchDB's never comes
      options.rev = known.rev(id, r.below(2)) ?? "3-0000000000000000000000000000000a";
    }
    return ["get", [id, options], (db) => db.get(id, options)];
  },
  allDocsCombined(r) {
    const options = { ...flags(r, ["include_docs", "descending", "conflicts", "attachments", "binary", "update_seq"]), ...r.pick([{}, { startkey: "b", limit: 2 }, { endkey: "d", skip: 1, limit: 5 }, { key: "c", limit: 0 }, { startkey: "z", endkey: "a" }, { limit: 1, skip: 100 }]) };
    if (options.descending && options.startkey) {
      options.endkey = "a";
    }
    return ["allDocs", [options], (db) => db.allDocs(options)];
  },
  localDocuments(r, known) {
    const id = "_local/z";
    const rev = known.rev(id);
    return r.pick([
      ["put", [{ _id: id, n: 1, ...(rev && { _rev: rev }) }], (db) => db.put({ _id: id, n: 1, ...(rev && { _rev: rev }) })],
      ["get", [id, { conflicts: true }], (db) => db.get(id)],
      ["bulkDocs", [[{ _id: "_local/w", n: 2 }]], async (db) => {
        await settled(db.get("_local/w").then((doc) => db.remove(doc)));
        return db.bulkDocs([{ _id: "_local/w", n: 2 }]);
      }, { learns: false }],
      ["remove", [id], async (db) => {
        const doc = await db.get(id);
        return db.remove(doc);
      }],
    ]);
  },
  // Each change is waited for: how many of those that follow one another at once are told is a matter of time.
  liveChanges(r) {
    const count = 1 + r.below(3);
    const options = { live: true, since: "now", ...flags(r, ["include_docs", "conflicts", "return_docs"]), ...(r.chance(0.3) && { doc_ids: ["live0", "live2"] }), ...(r.chance(0.3) && { filter: (doc) => doc.n !== 1 }) };
    const heard = (n) => (!options.doc_ids || n !== 1) && (!options.filter || n !== 1);
    return ["live changes", [{ ...options, filter: Boolean(options.filter) }, count], async (db) => {
      const events = [];
      let wake = () => {};
      const feed = db.changes(options).on("change", (change) => {
        events.push(change);
        wake();
      });
      const ended = new Promise((resolve, reject) => feed.on("complete", resolve).on("error", reject));
      await db.info(); // PouchDB looks for "now" when it gets to it
      await db.info();
      for (let n = 0; n < count; n++) {
        const told = new Promise((resolve) => (wake = resolve));
        const doc = await db.get(`live${n}`).catch(() => ({ _id: `live${n}` }));
        await db.put({ ...doc, n });
        await (heard(n) && told);
      }
      feed.cancel();
      const { status } = await ended; // PouchDB has no results when a feed is cancelled
      return { events: events.map(({ seq, ...change }) => [typeof seq, change]), status };
    }];
  },
  replicateWith(r) {
    const options = r.pick([{ doc_ids: ["a", "b", "r1"] }, { selector: { n: { $gt: 20 } } }, { batch_size: 2 }, { checkpoint: false }, { style: "main_only" }, { since: 2 }, { filter: (doc) => doc._id < "d" }, { batches_limit: 1, batch_size: 3 }]);
    return ["replicate with", [{ ...options, filter: Boolean(options.filter) }], async (db, makeAnother) => {
      const copy = makeAnother();
      const result = outcome(await db.replicate.to(copy, options));
      const again = outcome(await copy.replicate.from(db, options));
      const { rows } = await copy.allDocs({ conflicts: true, include_docs: true });
      return { result, again, rows };
    }];
  },
  replicateLive(r) {
    const both = r.chance(0.5);
    return ["live replication", [both], async (db, makeAnother) => {
      const copy = makeAnother();
      const live = both ? db.sync(copy, { live: true }) : db.replicate.to(copy, { live: true });
      const arrived = (where, id) => new Promise((resolve) => {
        const feed = where.changes({ live: true, since: 0 }).on("change", (change) => {
          if (change.id === id) {
            feed.cancel();
            resolve();
          }
        });
      });
      const doc = await db.get("flow").catch(() => ({ _id: "flow", n: 0 }));
      await db.put({ ...doc, n: doc.n + 1 });
      await arrived(copy, "flow");
      const names = [];
      for (const name of ["complete", "error"]) {
        live.on(name, () => names.push(name));
      }
      live.cancel();
      const result = await live;
      const { n } = await copy.get("flow");
      return { n, names, status: result.status, shape: both ? Object.keys(result).sort() : undefined };
    }];
  },
  synced(r) {
    const own = `other${r.below(1e6)}`;
    const options = r.pick([{}, { push: { doc_ids: ["a"] } }, { pull: { doc_ids: [own] } }]);
    return ["sync", [options], async (db, makeAnother) => {
      const other = makeAnother();
      await other.put({ _id: own, n: 1 });
      const events = [];
      const result = await db.sync(other, options).on("change", ({ direction, change }) => events.push([direction, change.docs.length])).on("complete", () => events.push(["complete"]));
      const { rows } = await other.allDocs();
      return { push: outcome(result.push), pull: outcome(result.pull), events: events.sort(), ids: rows.map(({ id }) => id) };
    }];
  },
  callbacks(r, known) {
    const id = r.pick([...ids, "nowhere"]);
    const [name, ...args] = r.pick([["get", id], ["get", id, { conflicts: true }], ["get", "nowhere"], ["put", { _id: id }], ["put", {}], ["remove", id, known.rev(id) ?? "1-a"], ["allDocs"], ["allDocs", { limit: 1 }], ["bulkDocs", []], ["changes", { limit: 1 }],
      ["getAttachment", id, "nowhere"], ["revsDiff", { a: ["9-a"] }], ["compact"]]);
    return [`${name} with a callback`, args, (db) => new Promise((resolve) => {
      const answer = db[name](...args, (error, result) => resolve([error, error ? undefined : result, typeof answer?.then]));
      Promise.resolve(answer).catch(() => {});
    })];
  },
  found(r) {
    const request = r.pick([{ selector: { n: { $gt: 30 } } }, { selector: { n: { $gte: 0 } }, fields: ["_id", "n"] }, { selector: { _id: { $gte: "b" } }, limit: 3 }, { selector: { "nested.list": { $size: 3 } } }, { selector: { n: { $exists: false }, _id: { $gt: null } }, skip: 1 }]);
    return ["find", [request], async (db) => {
      const { docs } = await db.find(request);
      return docs.sort((a, b) => (a._id < b._id ? -1 : 1));
    }];
  },
  foundOddly: (r) => r.pick([odd("find"), odd("find", {}), odd("find", { selector: 5 }), odd("find", { selector: { a: { $no: 1 } } }), odd("find", { selector: {}, limit: -1 }), odd("find", { selector: { a: 1 }, sort: ["a"] }), odd("find", { selector: {}, fields: "a" }),
    odd("createIndex"), odd("createIndex", {}), odd("createIndex", { index: {} }), odd("deleteIndex", { ddoc: "no", name: "no" }), odd("explain", {})]),
  queried(r) {
    const options = { ...flags(r, ["include_docs", "conflicts", "descending"]), ...r.pick([{}, { key: 5 }, { startkey: 10 }, { limit: 2 }, { keys: [1, 2] }]) };
    if (options.startkey || options.keys) {
      delete options.descending;
    }
    const map = (doc, emit) => {
      if (typeof doc.n === "number") {
        emit(doc.n, 1);
      }
    };
    return ["query", [options], (db) => db.query(map, options)];
  },
  queriedOddly: (r) => r.pick([odd("query"), odd("query", "nowhere"), odd("query", "nowhere/none"), odd("query", {}), odd("viewCleanup")]),
  // Arguments that keep PouchDB from ever answering are not here.
  called(r, known) {
    const [id, rev] = ["a", known.rev("a") ?? "1-00000000000000000000000000000001"];
    return r.pick([
      odd("get", id, null), odd("get", id, undefined), odd("bulkDocs", [], null),
      odd("remove", { _id: id }), odd("remove", "nowhere", rev), odd("remove", id, "odd"), odd("revsDiff"), odd("revsDiff", {}), odd("revsDiff", { a: [] }), odd("bulkGet"), odd("bulkGet", {}),
      odd("bulkGet", { docs: [{}] }), odd("bulkGet", { docs: [{ id, rev: "odd" }] }), odd("getAttachment", "nowhere", "x"), odd("getAttachment", id, "x", { rev: "9-00000000000000000000000000000009" }),
      odd("removeAttachment", "nowhere", "x", rev), odd("get", ""), odd("get", id, { rev: "odd" }), odd("get", id, { open_revs: [] }), odd("allDocs", { keys: "a" }), odd("allDocs", { limit: -1 }),
      odd("allDocs", { skip: -1 }), odd("allDocs", { startkey: null, endkey: null }), odd("post"),
    ]);
  },
  closed: (r) => ["closed", [], async (_, makeAnother) => {
    const db = makeAnother();
    await db.put({ _id: "a" });
    const call = r.pick([(it) => it.get("a"), (it) => it.put({ _id: "b" }), (it) => it.info(), (it) => it.allDocs(), (it) => it.bulkDocs([{ _id: "c" }])]);
    await db.close();
    return settled(call(db)).then(({ error }) => error !== undefined);
  }],
  destroyed: () => ["destroyed", [], async (_, makeAnother) => {
    const db = makeAnother();
    const events = [];
    await db.put({ _id: "a" });
    db.on("destroyed", () => events.push("destroyed"));
    const answer = await db.destroy();
    const { error } = await settled(db.info());
    return { answer, events: [...new Set(events)], after: error !== undefined }; // PouchDB tells it twice
  }],
  attachmentsCombined(r, known) {
    const [id, name] = [r.pick(ids), r.pick(["x", "a.txt"])];
    const data = bytes(r);
    const rev = known.rev(id);
    return ["putAttachment and more", [id, name, rev, data], async (db) => {
      const doc = await db.get(id).catch(() => undefined);
      if (!doc) {
        return "not there";
      }
      const put = await db.putAttachment(id, name, doc._rev, data, "application/octet-stream");
      const read = await db.get(id, { attachments: true, binary: true });
      const stub = await db.get(id);
      const kept = await db.put({ ...stub, kept: true });
      const { rows } = await db.allDocs({ keys: [id], include_docs: true, attachments: true });
      const got = await db.getAttachment(id, name, { rev: kept.rev });
      return { put, read, stub, rows, got, after: await db.removeAttachment(id, name, kept.rev) };
    }, { learns: "after" }];
  },
});
