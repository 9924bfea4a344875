// What the workloads ask of a contender, for the databases with PouchDB's API.

/** A database of PouchDB's API as the workloads use it. Answers stay as the database gives them; rows() and documents() read them. */
export function couchLike(db) {
  return {
    ready: () => db.info(),
    insert: (docs) => db.bulkDocs(docs),
    update: (docs) => db.bulkDocs(docs),
    put: (doc) => db.put(doc),
    get: (id) => db.get(id),
    list: async ({ docs, from, to }) => (await db.allDocs({ include_docs: docs, ...(from === undefined ? {} : { startkey: from, endkey: to }) })).rows,
    changes: async ({ docs }) => (await db.changes({ since: 0, include_docs: docs })).results,
    createIndex: (request) => db.createIndex(request),
    find: async (request) => (await db.find(request)).docs,
    async forgetIndexes() {
      for (const index of (await db.getIndexes()).indexes) {
        await (index.ddoc && db.deleteIndex(index));
      }
    },
    async upsertDesign(doc) {
      const { _rev } = await db.get(doc._id).catch(() => ({}));
      return db.put(_rev ? { ...doc, _rev } : doc);
    },
    query: (view, options) => db.query(view, options),
    replicate: db.replicate,
    close: () => db.close(),
    destroy: () => db.destroy(),
    // How to read the answers, outside of what is timed.
    written: (answer) => answer.ok === true && /^\d+-./.test(answer.rev),
    rev: (answer) => answer.rev,
    row: (row) => ({ id: row.id, doc: row.doc }),
  };
}
