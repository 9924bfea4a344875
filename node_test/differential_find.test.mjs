// The same finds on PouchDB, with pouchdb-find, and here: what they answer is equal, but for what is named.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";
import pouchFind from "pouchdb-find";

import { importPackage } from "./installed.mjs";
import { random } from "./random.mjs";

const { default: GouchDB } = await importPackage();
PouchDB.plugin(memoryAdapter).plugin(pouchFind);

const SEEDS = 30;
const QUERIES = 12;

// Left out is what PouchDB does otherwise:
// - it orders strings by its own rules where this and CouchDB's raw order have bytes: strings here are lower-case letters;
// - to it a missing field is less than every value: $lt and $lte come with a lower bound;
// - with a range of ids, its limit counts the id at the beginning that is not in the range: such requests have no limit.
function documents(r) {
  return Array.from({ length: 40 }, (_, i) => {
    const doc = { _id: `d${String(i).padStart(2, "0")}` };
    for (const [field, value] of [
      ["n", () => r.integer(-5, 20)],
      ["s", () => r.pick(["ant", "bee", "cat", "dog"])],
      ["b", () => r.chance(0.5)],
      ["list", () => Array.from({ length: r.integer(0, 4) }, () => r.integer(0, 5))],
      ["deep", () => ({ n: r.integer(0, 5), s: r.pick(["x", "y"]) })],
      ["mixed", () => r.pick([null, true, 3, "three", [3], { three: 3 }])],
    ]) {
      if (r.chance(0.8)) {
        doc[field] = value();
      }
    }
    return doc;
  });
}

function condition(r) {
  const n = r.integer(-5, 20);
  return r.pick([
    () => ({ n: { [r.pick(["$gt", "$gte", "$eq"])]: n } }),
    () => ({ n }),
    () => ({ n: { $gte: n, $lt: n + r.integer(1, 10) } }),
    () => ({ s: r.pick(["ant", "bee", "zebra"]) }),
    () => ({ s: { $in: ["bee", "dog"] } }),
    () => ({ s: { $regex: "^[a-c]" } }),
    () => ({ b: r.chance(0.5) }),
    () => ({ "deep.n": { $gt: r.integer(0, 5) } }),
    () => ({ deep: { s: "x" } }),
    () => ({ list: { $elemMatch: { $gt: r.integer(0, 5) } } }),
    () => ({ list: { $all: [r.integer(0, 5)] } }),
    () => ({ list: { $size: r.integer(0, 4) } }),
    () => ({ n: { $mod: [3, 1] } }),
    () => ({ [r.pick(["n", "s", "mixed"])]: { $exists: r.chance(0.5) } }),
    () => ({ mixed: { $type: r.pick(["null", "boolean", "number", "string", "array", "object"]) } }),
    () => ({ _id: { $gt: `d${r.integer(10, 40)}` } }),
  ])();
}

function selector(r) {
  const parts = Array.from({ length: r.integer(1, 4) }, () => condition(r));
  return r.pick([() => ({ $and: parts }), () => ({ $or: parts }), () => Object.assign({}, ...parts)])();
}

function request(r, indexed) {
  const page = r.chance(0.3) ? { skip: r.integer(0, 4), limit: r.integer(1, 10) } : { limit: 100 };
  const field = r.pick(["n", "s"]);
  const sorted = indexed && r.chance(0.5);
  const query = {
    // PouchDB sorts by an index only, and needs the field in the selector.
    selector: sorted ? { [field]: field === "n" ? { $gte: r.integer(-5, 10) } : { $gte: "b" }, ...(r.chance(0.5) ? { b: true } : {}) } : selector(r),
    ...(sorted ? { sort: [{ [field]: r.pick(["asc", "desc"]) }] } : {}),
    ...(r.chance(0.3) ? { fields: ["_id", r.pick(["n", "deep.n", "s"])] } : {}),
  };
  return { ...query, ...(JSON.stringify(query.selector).includes("_id") ? { limit: 100 } : page) };
}

describe("find, beside PouchDB", { timeout: 120_000 }, () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    test(`seed ${seed}`, async () => {
      const r = random(seed);
      const pouch = new PouchDB(`find-${seed}`, { adapter: "memory" });
      const ours = new GouchDB(`find-${seed}`, { adapter: "memory" });
      const docs = documents(r);
      const indexed = r.chance(0.7);
      for (const db of [pouch, ours]) {
        await db.bulkDocs(structuredClone(docs));
        for (const fields of indexed ? [["n"], ["s"]] : []) {
          await db.createIndex({ index: { fields } });
        }
      }
      for (let i = 0; i < QUERIES; i++) {
        const query = request(r, indexed);
        const [theirs, mine] = await Promise.all([pouch.find(structuredClone(query)), ours.find(query)]);
        const page = query.skip !== undefined || query.limit < 100;
        const note = `seed ${seed}: ${JSON.stringify(query)}`;
        if (query.sort || !page) {
          // Without a sort the order is each one's own: both answer from the index that they choose.
          const plain = (docs) => docs.map(({ _rev, ...doc }) => JSON.parse(JSON.stringify(doc))); // revisions are CouchDB's here
          const order = (docs) => (query.sort ? plain(docs) : plain(docs).sort((a, b) => (a._id < b._id ? -1 : 1)));
          assert.deepEqual(order(mine.docs), order(theirs.docs), note);
        } else {
          assert.equal(mine.docs.length, theirs.docs.length, note);
        }
      }
      await Promise.all([pouch.destroy(), ours.destroy()]);
    });
  }
});
