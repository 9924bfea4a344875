// Options that are rarely used, and together, and the events of feeds and replications in their order. See differential.mjs.

const flags = (r, names, p = 0.35) => Object.fromEntries(names.filter(() => r.chance(p)).map((name) => [name, true]));
const revOf = (row) => row.missing ?? row.ok._rev;
const filters = {
  _id: "_design/filters",
  filters: { low: "function (doc, req) { return doc.n < Number((req.query || {}).below || 50); }", broken: "function (doc) { return doc.no.such; }" },
  views: { numbers: { map: "function (doc) { if (typeof doc.n === 'number') emit(doc.n, null); }" } },
};

export const combinedOperations = (ids) => ({
  getRarely(r, known) {
    const id = r.pick([...ids, "r1", "_design/filters"]);
    const options = flags(r, ["local_seq", "att_encoding_info", "revs", "attachments", "binary", "conflicts"], 0.5);
    if (known.rev(id) && r.chance(0.3)) {
      Object.assign(options, { rev: known.rev(id, r.below(2)) ?? known.rev(id), latest: true });
    }
    return ["get", [id, options], (db) => db.get(id, options)];
  },
  openRevsCombined(r, known) {
    const id = r.pick([...ids, "r1", "r3"]);
    const some = [known.rev(id, 1), known.rev(id), "2-8888888888888888888888888888888b"].filter(Boolean);
    const options = { open_revs: r.pick(["all", some.slice(0, 1), [...new Set(some)]]), ...flags(r, ["latest", "revs", "attachments", "binary"]) };
    if (options.open_revs.includes("2-8888888888888888888888888888888b")) {
      delete options.latest; // of a revision that is not there, PouchDB's never comes
    }
    return ["get", [id, options], async (db) => {
      const rows = await db.get(id, options);
      const asked = Array.isArray(options.open_revs) && !options.latest ? options.open_revs : rows.map(revOf).sort(); // PouchDB's come when their attachments are read
      return rows.sort((x, y) => asked.indexOf(revOf(x)) - asked.indexOf(revOf(y)));
    }];
  },
  bulkGetCombined(r, known) {
    const id = r.pick(ids);
    const docs = [{ id, ...(known.rev(id) && { rev: known.rev(id) }) }, { id: r.pick(["r1", "r3"]) }, ...(known.rev(id) && known.rev(id, 1) ? [{ id, rev: known.rev(id, 1) }] : [])];
    const options = { docs, ...flags(r, ["revs", "attachments", "binary", "latest"]) };
    if (options.latest) {
      docs.splice(2); // of one document PouchDB answers some of the revisions then
    }
    return ["bulkGet", [options], (db) => db.bulkGet(options)];
  },
  putRarely(r, known) {
    const id = r.pick(ids);
    const rev = known.rev(id);
    const doc = { _id: id, n: r.below(100), ...(rev && { _rev: rev }) };
    const options = r.pick([{}, { force: false }, { new_edits: true }, { unknown: 1 }]);
    return ["put", [doc, options], (db) => db[r.pick(["put", "post"])](doc, options)];
  },
  feedOf(r) {
    const options = {
      ...flags(r, ["include_docs", "attachments", "binary", "conflicts"], 0.3),
      ...r.pick([
        { selector: { n: { $gt: 40 } } }, { filter: (doc) => doc.n > 40 }, { filter: (doc, request) => doc.n < request.query.below, query_params: { below: 30 } },
        { filter: "filters/low" }, { filter: "filters/low", query_params: { below: 20 } }, { filter: "_view", view: "filters/numbers" }, { view: "filters/numbers" }, { doc_ids: ["a", "b"] },
        { doc_ids: [] }, { since: 2, limit: 2 }, { limit: 1, descending: true }, { style: "all_docs", doc_ids: ["r1", "r2", "r3"] }, { style: "all_docs", filter: (doc) => doc.n !== 3 },
        { filter: "filters/broken" }, { filter: "filters/none" }, { filter: "none/low" }, { filter: "odd" }, { view: "filters/none" }, { filter: () => { throw new Error("thrown"); } }, { filter: "_view" },
      ]),
    };
    return ["changes", [{ ...options, ...(typeof options.filter === "function" && { filter: String(options.filter) }) }], async (_, makeAnother) => {
      const db = makeAnother();
      await db.put(filters);
      for (const [i, id] of ["c", "a", "b"].entries()) {
        await db.put({ _id: id, n: i * 25, ...(i === 1 && { _attachments: { x: { content_type: "text/plain", data: "YQ==" } } }) });
      }
      await db.remove(await db.get("c"));
      await db.bulkDocs([{ _id: "r1", _rev: "1-a", n: 3 }], { new_edits: false });
      await db.bulkDocs([{ _id: "r1", _rev: "1-b", n: 60 }], { new_edits: false }); // in one write they have one sequence here, as in CouchDB, and two in PouchDB
      const events = [];
      const result = await new Promise((resolve, reject) => db.changes(options).on("change", (change) => events.push(change)).on("complete", resolve).on("error", reject));
      return { events, result };
    }, { learns: false }];
  },
  replicationTells(r) {
    const options = r.pick([{}, { batch_size: 2, batches_limit: 1 }, { filter: () => false }, { doc_ids: ["a"] }, { live: true }, { live: true, batch_size: 2, batches_limit: 1 }]);
    const way = r.pick(["to", "from", "static"]);
    return ["replication tells", [{ ...options, filter: Boolean(options.filter) }, way], async (_, makeAnother) => {
      const [db, other] = [makeAnother(), makeAnother()];
      const full = way === "from" ? other : db;
      for (const id of ["a", "b", "c"]) {
        await full.put({ _id: id });
      }
      const told = [];
      const replication = way === "static" ? db.constructor.replicate(db, other, options) : db.replicate[way](other, options);
      const ended = new Promise((resolve) => replication.on("complete", resolve));
      const waits = new Promise((resolve) => replication.on("paused", resolve));
      for (const name of ["change", "active", "paused", "denied", "complete", "error"]) {
        replication.on(name, (info) => told.push([name, name === "change" ? info.docs.map(({ _id }) => _id) : name === "complete" ? info.status : info]));
      }
      if (options.live) {
        await waits;
        replication.cancel();
      }
      const { ok, docs_read, docs_written, doc_write_failures, status } = await ended;
      return { told, result: { ok, docs_read, docs_written, doc_write_failures, status } };
    }, { learns: false }];
  },
  syncTells(r) {
    const options = r.pick([{}, { live: true }, { push: { filter: () => false } }]);
    return ["sync tells", [{ ...options, push: Boolean(options.push) }], async (_, makeAnother) => {
      const [db, other] = [makeAnother(), makeAnother()];
      await db.put({ _id: "a" });
      await other.put({ _id: "b" });
      const told = new Set();
      const sync = db.sync(other, options);
      const ended = new Promise((resolve) => sync.on("complete", resolve));
      const waits = new Promise((resolve) => sync.on("paused", resolve));
      const shown = {
        change: ({ direction, change }) => [direction, change.docs.map(({ _id }) => _id)],
        active: ({ direction }) => /^(push|pull)$/.test(direction), // whichever is first
        complete: (result) => Object.keys(result).sort(),
      };
      for (const name of ["change", "active", "denied", "complete", "error"]) {
        sync.on(name, (info) => told.add(JSON.stringify([name, shown[name]?.(info) ?? info])));
      }
      if (options.live) {
        await waits;
        await Promise.all([db, other].map(async (each) => {
          for (const feed = each.changes({ live: true, since: 0 }); ;) {
            const seen = await new Promise((resolve) => { let n = 0; feed.on("change", () => ++n === 2 && resolve(n)); });
            feed.cancel();
            return seen;
          }
        }));
        await new Promise((resolve) => setTimeout(resolve, 0));
        sync.cancel();
      }
      const { push, pull } = await ended;
      return { told: [...told].sort(), status: [push.status, pull.status] };
    }, { learns: false }];
  },
});
