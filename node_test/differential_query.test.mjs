// The same views on PouchDB and here: what queries answer is equal, but for what is named.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";

import { importPackage } from "./installed.mjs";
import { random } from "./random.mjs";

const { default: GouchDB } = await importPackage();
PouchDB.plugin(memoryAdapter);

const SEEDS = 20;
const QUERIES = 15;

// Left out is what PouchDB does otherwise:
// - it orders strings by its own rules: strings here are lower-case letters;
// - it ignores `group` of a view without a reduce function, and a range that nothing can be in: those are errors here, as in CouchDB;
// - the offset of a range is the skip to it: offsets are compared without a range only;
// - groups of keys that are asked for twice are one group there: keys are asked for once here;
// - a document that is not there is null here, as in CouchDB, and is left out there;
// - of rows of one document with one key, CouchDB orders the values, PouchDB keeps the order of emission: a document emits a key once here.
const views = {
  date: { map: "function (doc) { if (doc.date) emit(doc.date, doc.n); }", reduce: "_sum" },
  stats: { map: "function (doc) { if (doc.date) emit(doc.date, doc.n); }", reduce: "_stats" },
  kind: { map: "function (doc) { emit(doc.kind, null); }", reduce: "_count" },
  tags: { map: "function (doc) { (doc.tags || []).forEach(function (tag) { emit([tag, doc.n], doc._id); }); }", reduce: "function (keys, values, rereduce) { return rereduce ? sum(values) : values.length; }" },
  plain: { map: "function (doc) { emit(doc.mixed, doc.kind); }" },
  linked: { map: "function (doc) { if (doc.see) emit(doc.n, { _id: doc.see }); }" },
};

const idOf = (i) => `d${String(i).padStart(2, "0")}`;

function documents(r) {
  return Array.from({ length: 40 }, (_, i) => ({
    _id: idOf(i),
    n: i, // each once, so that no two rows of a document are alike
    kind: r.pick(["ant", "bee", "cat", null]),
    ...(r.chance(0.8) ? { date: [2020 + r.integer(0, 3), r.integer(1, 5), r.integer(1, 3)] } : {}),
    ...(r.chance(0.6) ? { tags: ["red", "green", "blue"].slice(0, r.integer(0, 4)) } : {}),
    ...(r.chance(0.8) ? { mixed: r.pick([null, true, false, 1, -2.5, "x", "y", [], [1], ["a", {}], {}, { a: 1 }]) } : {}),
    ...(r.chance(0.3) ? { see: idOf(r.integer(0, 45)) } : {}),
  }));
}

const keys = {
  date: (r) => [2020 + r.integer(0, 3), r.integer(1, 5)].slice(0, r.integer(1, 3)),
  stats: (r) => [2020 + r.integer(0, 3)],
  kind: (r) => r.pick(["ant", "bee", "cat", null]),
  tags: (r) => [r.pick(["red", "green"])],
  plain: (r) => r.pick([null, 1, "x", [], {}]),
  linked: (r) => r.integer(0, 40),
};

function query(r) {
  const view = r.pick(Object.keys(views));
  const reduces = views[view].reduce !== undefined;
  const reduced = reduces && r.chance(0.6);
  const options = { ...(reduces && !reduced ? { reduce: false } : {}), ...(r.chance(0.3) ? { descending: true } : {}) };
  const bound = r.pick(["startkey", "endkey", "key", "keys", "", ""]);
  if (bound === "keys") {
    const [one, other] = [keys[view](r), keys[view](r)];
    Object.assign(options, { keys: JSON.stringify(one) === JSON.stringify(other) ? [one] : [one, other], ...(reduced ? { group: true } : {}) });
    delete options.descending; // CouchDB gives keys from last to first then, PouchDB as they were asked for
  } else if (bound) {
    options[bound] = keys[view](r);
  }
  if (reduced && !options.group && r.chance(0.6)) {
    Object.assign(options, r.chance(0.5) ? { group: true } : { group_level: r.integer(1, 4) });
  }
  if (!reduced && r.chance(0.4)) {
    options.include_docs = true;
  }
  if ((!reduced || options.group) && r.chance(0.3)) {
    Object.assign(options, { limit: r.integer(1, 8), skip: r.integer(0, 4) });
  }
  return [view, options, bound];
}

const plain = ({ rows, total_rows: total, offset }, bound) =>
  JSON.parse(
    JSON.stringify({
      total,
      ...(bound ? {} : { offset }),
      rows: rows.map(({ doc, value, ...row }) => ({ ...row, value: rounded(value), ...(doc ? { doc: { ...doc, _rev: undefined } } : {}) })),
    }),
  );

const rounded = (value) => (typeof value === "number" ? Math.round(value * 1e6) / 1e6 : value);

describe("query, beside PouchDB", { timeout: 120_000 }, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`seed ${seed}`, async () => {
      const r = random(seed);
      const pouch = new PouchDB(`query-${seed}`, { adapter: "memory" });
      const ours = new GouchDB(`query-${seed}`, { adapter: "memory" });
      const both = (run) => Promise.all([pouch, ours].map(run));
      const docs = documents(r);
      await both((db) => db.bulkDocs(structuredClone(docs)));
      await both((db) => db.put({ _id: "_design/d", views: structuredClone(views) }));
      for (let i = 0; i < QUERIES; i++) {
        if (i % 5 === 4) { // the views follow
          const id = idOf(r.integer(0, 40));
          const [edit, n] = [r.chance(0.7), r.integer(100, 200)];
          await both(async (db) => {
            const doc = await db.get(id).catch(() => undefined);
            await (doc && (edit ? db.put({ ...doc, n, kind: "cat" }) : db.remove(doc)));
          });
        }
        const [view, options, bound] = query(r);
        const [theirs, mine] = await both((db) => db.query(`d/${view}`, structuredClone(options)));
        assert.deepEqual(plain(mine, bound), plain(theirs, bound), `seed ${seed}: ${view} ${JSON.stringify(options)}`);
      }
      await both((db) => db.destroy());
    });
  }
});
