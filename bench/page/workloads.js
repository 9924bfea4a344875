// The workloads. Each prepares what it needs, is timed over `run` alone, and then has its answers checked.
import { checkDocument, documentOf, documents, idOf, random } from "./documents.js";
import { queryWorkloads } from "./queries.js";

const COUNT = 10_000;
const PUTS = 500;
const GETS = 2000;
const UPDATES = 2000;

function expect(holds, what) {
  if (!holds) {
    throw new Error(`wrong answer: ${what}`);
  }
}

function checkWritten(db, answers, count) {
  expect(answers.length === count, `${answers.length} answers to ${count} writes`);
  expect(answers.every((answer) => db.written(answer)), "a write failed");
}

function checkRows(db, rows, { from = 0, to = COUNT, docs, ordered = true }) {
  expect(rows.length === to - from, `${rows.length} rows in place of ${to - from}`);
  const read = rows.map((row) => db.row(row));
  if (!ordered) { // a batch may be numbered in any order
    read.sort((a, b) => (a.id < b.id ? -1 : 1));
  }
  read.forEach(({ id, doc }, i) => {
    expect(id === idOf(from + i), `row ${i} is ${id}`);
    if (docs) {
      checkDocument(doc, from + i);
    }
  });
}

async function insertAll(db, batches) {
  const answers = [];
  for (const batch of batches) {
    answers.push(...(await db.insert(batch)));
  }
  return answers;
}

const inBatches = (docs, size) => Array.from({ length: Math.ceil(docs.length / size) }, (_, i) => docs.slice(i * size, (i + 1) * size));

const insertBy = (size) => ({
  prepare: () => inBatches(documents(0, COUNT), size),
  run: insertAll,
  check: (db, answers) => checkWritten(db, answers, COUNT),
  fresh: true,
});

const puts = (run) => ({
  prepare: () => documents(0, PUTS),
  run,
  async check(db, answers) {
    checkWritten(db, answers, PUTS);
    checkDocument(await db.get(idOf(PUTS - 1)), PUTS - 1);
  },
  fresh: true,
});

async function putEach(db, docs) {
  const answers = [];
  for (const doc of docs) {
    answers.push(await db.put(doc));
  }
  return answers;
}

const gets = (run) => ({
  prepare: (_, seed) => {
    const next = random(seed);
    return Array.from({ length: GETS }, () => Math.floor(next() * COUNT));
  },
  run,
  check: (_, docs, numbers) => numbers.forEach((n, i) => checkDocument(docs[i], n)),
  repeat: 3,
});

const lists = (docs) => ({
  run: (db) => db.list({ docs }),
  check: (db, rows) => checkRows(db, rows, { docs }),
  repeat: 3,
});

const feeds = (docs) => ({
  possible: (db) => db.changes !== undefined,
  run: (db) => db.changes({ docs }),
  check: (db, rows) => checkRows(db, rows, { docs, ordered: false }),
  repeat: 3,
});

/** By name, in the order in which they are run: those after "insert-1000" read what it has left. */
export const workloads = {
  "insert-1000": { ...insertBy(1000), keep: true },
  "insert-100": insertBy(100),
  "put-each": puts(putEach),
  "put-each-memory-first": { ...puts(putEach), options: { durability: "memory-first" } },
  "put-at-once": puts((db, docs) => Promise.all(docs.map((doc) => db.put(doc)))),
  "get-each": gets(async (db, numbers) => {
    const docs = [];
    for (const n of numbers) {
      docs.push(await db.get(idOf(n)));
    }
    return docs;
  }),
  "get-100": gets(async (db, numbers) => {
    const docs = [];
    for (let i = 0; i < numbers.length; i += 100) {
      docs.push(...(await Promise.all(numbers.slice(i, i + 100).map((n) => db.get(idOf(n))))));
    }
    return docs;
  }),
  "all-docs": lists(true),
  "all-ids": lists(false),
  "ranges": {
    prepare: (_, seed) => {
      const next = random(seed);
      return Array.from({ length: 100 }, () => Math.floor(next() * (COUNT - 100)));
    },
    async run(db, starts) {
      const ranges = [];
      for (const start of starts) {
        ranges.push(await db.list({ docs: true, from: idOf(start), to: idOf(start + 99) }));
      }
      return ranges;
    },
    check: (db, ranges, starts) => ranges.forEach((rows, i) => checkRows(db, rows, { from: starts[i], to: starts[i] + 100, docs: true })),
    repeat: 3,
  },
  "changes": feeds(false),
  "changes-docs": feeds(true),
  "reopen": { reopen: true, repeat: 3 },
  ...queryWorkloads, // the design documents of these are further documents to those after them
  "update": {
    async prepare(db) {
      const revisions = new Map((await db.list({ docs: true })).map((row) => [db.row(row).id, db.row(row).doc._rev]));
      const docs = Array.from({ length: UPDATES }, (_, i) => {
        const doc = documentOf(i * 5, 2);
        const rev = revisions.get(doc._id);
        return rev === undefined ? doc : { ...doc, _rev: rev };
      });
      return inBatches(docs, 1000);
    },
    async run(db, batches) {
      const answers = [];
      for (const batch of batches) {
        answers.push(...(await db.update(batch)));
      }
      return answers;
    },
    async check(db, answers) {
      checkWritten(db, answers, UPDATES);
      checkDocument(await db.get(idOf(0)), 0, 2);
      checkDocument(await db.get(idOf(1)), 1, 1);
    },
  },
};
