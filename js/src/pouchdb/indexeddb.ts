import { BATCH, outcome, type PouchDocument, type PouchSource, type PouchTree } from "./source.js";

// What its adapter "indexeddb" stores: one record a document, with all revisions, and with the contents of their attachments.
interface Stored {
  id: string;
  rev: string;
  seq: number;
  rev_tree: PouchTree;
  revs: Record<string, { data: Record<string, unknown>; deleted?: boolean }>;
  attachments?: Record<string, { data?: unknown }>;
}

/** Reads a database of PouchDB's adapter "indexeddb". */
export async function openIndexedDB(db: IDBDatabase): Promise<PouchSource> {
  const transaction = db.transaction(["docs", "meta"], "readonly");
  const [meta, total] = await Promise.all([
    outcome(transaction.objectStore("meta").get("meta") as IDBRequest<{ db_uuid?: string; seq?: number } | undefined>),
    outcome(transaction.objectStore("docs").index("seq").count()),
  ]);
  return {
    uuid: meta?.db_uuid ?? "",
    updateSeq: meta?.seq ?? 0,
    total,
    documents: () => documents(db),
    locals: () => locals(db),
  };
}

async function* documents(db: IDBDatabase): AsyncGenerator<PouchDocument[]> {
  for (let after = 0; ; ) {
    const request = db.transaction("docs").objectStore("docs").index("seq").getAll(IDBKeyRange.lowerBound(after, true), BATCH);
    const some = await outcome(request as IDBRequest<Stored[]>);
    yield some.map((stored) => ({
      id: stored.id,
      seq: stored.seq,
      tree: stored.rev_tree,
      revisions: Object.entries(stored.revs).map(([rev, { data, deleted = false }]) => ({ rev, deleted, body: data })),
      content: (digest) => stored.attachments?.[digest]?.data,
    }));
    if (some.length < BATCH) {
      return;
    }
    after = some.at(-1)?.seq ?? after;
  }
}

// PouchDB 7 kept them among the documents, without a sequence.
async function locals(db: IDBDatabase): Promise<Record<string, unknown>[]> {
  const transaction = db.transaction(["docs", "meta"], "readonly");
  const range = IDBKeyRange.bound("_local/", "_local0", false, true);
  const stored = await Promise.all(["docs", "meta"].map((store) => outcome(transaction.objectStore(store).getAll(range) as IDBRequest<Stored[]>)));
  return stored.flat().map(({ id, rev, revs }) => ({ ...revs[rev]?.data, _id: id, _rev: rev }));
}
