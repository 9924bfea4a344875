import Dexie from "dexie";

// Dexie stores plain objects: no revisions, no changes feed, nothing to replicate with. It shows what IndexedDB itself costs.
export function open(name) {
  const db = new Dexie(name);
  db.version(1).stores({ docs: "_id" });
  const table = db.table("docs");
  return {
    ready: () => db.open(),
    insert: (docs) => table.bulkAdd(docs, { allKeys: true }),
    update: (docs) => table.bulkPut(docs, { allKeys: true }),
    put: (doc) => table.put(doc),
    get: (id) => table.get(id),
    list: ({ docs, from, to }) => {
      const range = from === undefined ? table.orderBy("_id") : table.where("_id").between(from, to, true, true);
      return docs ? range.toArray() : range.primaryKeys();
    },
    changes: undefined,
    close: () => db.close(),
    destroy: () => db.delete(),
    written: (answer) => typeof answer === "string",
    rev: () => undefined,
    row: (row) => (typeof row === "string" ? { id: row } : { id: row._id, doc: row }),
  };
}
