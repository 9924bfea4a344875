// The workloads of queries, on the 10,000 documents that "insert-1000" has left.
import { checkDocument, documentOf, idOf, random } from "./documents.js";

const COUNT = 10_000;
const FINDS = 100;
const EACH = 100; // documents that a find finds: 1 %
const KEYS = 100; // of the view

function expect(holds, what) {
  if (!holds) {
    throw new Error(`wrong answer: ${what}`);
  }
}

const possible = (db) => db.find !== undefined;

// Documents in any order, against the numbers that they must have.
function checkDocuments(docs, numbers) {
  expect(docs.length === numbers.length, `${docs.length} documents in place of ${numbers.length}`);
  const sorted = [...docs].sort((a, b) => a.n - b.n);
  numbers.forEach((n, i) => checkDocument(sorted[i], n));
}

const numbersFrom = (start, count, step = 1) => Array.from({ length: count }, (_, i) => start + i * step);

const mapSource = `function (doc) { if (doc.type === "task") { emit(doc.n % ${KEYS}, doc.estimate); } }`;

// What the reduce of each key must be; and of documents with those of design documents, nothing.
const sums = () => {
  const expected = Array.from({ length: KEYS }, () => 0);
  for (let n = 0; n < COUNT; n++) {
    expected[n % KEYS] += documentOf(n).estimate; // eighths: exact in any order
  }
  return expected;
};

function checkGroups(rows) {
  expect(rows.length === KEYS, `${rows.length} groups`);
  sums().forEach((sum, key) => expect(rows[key].key === key && rows[key].value === sum, `group ${key} is ${JSON.stringify(rows[key])}`));
}

/** By name, in the order in which they are run: the index and the view are used by those after them, which say so. */
export const queryWorkloads = {
  "find-scan": {
    possible,
    prepare: () => numbersFrom(0, COUNT).filter((n) => documentOf(n).priority === 3 && documentOf(n).done),
    run: (db) => db.find({ selector: { priority: 3, done: true }, limit: COUNT }),
    check: (_, docs, numbers) => checkDocuments(docs, numbers),
    repeat: 3,
  },
  "index-build": {
    possible,
    prepare: (db) => db.forgetIndexes(),
    async run(db) {
      await db.createIndex({ index: { fields: ["n"] } });
      return db.find({ selector: { n: 4321 } }); // which is built by then, at the latest
    },
    check: (_, docs) => checkDocuments(docs, [4321]),
  },
  "find-indexed": {
    possible,
    needs: "index-build",
    prepare: (_, seed) => {
      const next = random(seed);
      return Array.from({ length: FINDS }, () => Math.floor(next() * (COUNT - EACH)));
    },
    async run(db, starts) {
      const found = [];
      for (const start of starts) {
        found.push(await db.find({ selector: { n: { $gte: start, $lt: start + EACH } }, limit: COUNT }));
      }
      return found;
    },
    check: (_, found, starts) => starts.forEach((start, i) => checkDocuments(found[i], numbersFrom(start, EACH))),
    repeat: 3,
  },
  "view-build": {
    possible,
    // Each time another function, so that there is something to build.
    prepare: (db, seed) => db.upsertDesign({ _id: "_design/bench", views: { tasks: { map: `/* ${seed} */ ${mapSource}`, reduce: "_sum" } } }),
    run: (db) => db.query("bench/tasks", { reduce: false, limit: 1 }),
    check: (_, { total_rows: total, rows }) => expect(total === COUNT && rows[0].id === idOf(0), `${total} rows, the first is ${JSON.stringify(rows[0])}`),
  },
  "view-reduce": {
    possible,
    needs: "view-build",
    async run(db) {
      const answers = [];
      for (let i = 0; i < 10; i++) {
        answers.push(await db.query("bench/tasks", { group: true }));
      }
      return answers;
    },
    check: (_, answers) => answers.forEach(({ rows }) => checkGroups(rows)),
    repeat: 3,
  },
  "view-rows": {
    possible,
    needs: "view-build",
    prepare: (_, seed) => {
      const next = random(seed);
      return Array.from({ length: 20 }, () => Math.floor(next() * KEYS));
    },
    async run(db, keys) {
      const answers = [];
      for (const key of keys) {
        answers.push(await db.query("bench/tasks", { key, reduce: false, include_docs: true }));
      }
      return answers;
    },
    check: (_, answers, keys) =>
      keys.forEach((key, i) => checkDocuments(answers[i].rows.map(({ doc }) => doc), numbersFrom(key, COUNT / KEYS, KEYS))),
    repeat: 3,
  },
};
