import { BATCH, outcome, type PouchDocument, type PouchRevision, type PouchSource, type PouchTree } from "./source.js";

// What its adapter "idb" stores. The tree is JSON text; contents of documents are in another store, by "id::rev".
interface Metadata {
  id: string;
  seq: number;
  data: string;
}
type Stored = Record<string, unknown> & { _doc_id_rev: string; _deleted?: boolean; _attachments?: Record<string, { digest: string }> };

const STORES = ["document-store", "by-sequence", "attach-store", "local-store", "meta-store"];

/** Reads a database of PouchDB's adapter "idb". */
export async function openIDB(db: IDBDatabase): Promise<PouchSource> {
  const transaction = db.transaction(STORES, "readonly");
  const newest = transaction.objectStore("by-sequence").openKeyCursor(null, "prev");
  const [meta, total, last] = await Promise.all([
    outcome(transaction.objectStore("meta-store").get("meta-store") as IDBRequest<Record<string, string | undefined> | undefined>),
    outcome(transaction.objectStore("document-store").count()),
    outcome(newest),
  ]);
  return {
    uuid: meta?.[`${db.name}_id`] ?? "",
    updateSeq: (last?.key as number | undefined) ?? 0,
    total,
    documents: () => documents(db),
    locals: async () => {
      const docs = await outcome(db.transaction("local-store").objectStore("local-store").getAll() as IDBRequest<Stored[]>);
      return docs.map(({ _doc_id_rev: _, ...doc }) => doc);
    },
  };
}

async function* documents(db: IDBDatabase): AsyncGenerator<PouchDocument[]> {
  for (const ids of batches(await inOrder(db))) {
    const transaction = db.transaction(STORES, "readonly");
    yield await Promise.all(ids.map((id) => document(transaction, id)));
  }
}

// There is no index of the last changes.
async function inOrder(db: IDBDatabase): Promise<string[]> {
  const found: { id: string; seq: number }[] = [];
  for (let after: string | undefined; ; ) {
    const range = after === undefined ? null : IDBKeyRange.lowerBound(after, true);
    const some = await outcome(db.transaction("document-store").objectStore("document-store").getAll(range, 1000) as IDBRequest<Metadata[]>);
    found.push(...some.map(({ id, seq }) => ({ id, seq })));
    after = some.at(-1)?.id;
    if (after === undefined) {
      break;
    }
  }
  return found.sort((a, b) => a.seq - b.seq).map(({ id }) => id);
}

function* batches(ids: string[]): Generator<string[]> {
  for (let from = 0; from < ids.length; from += BATCH) {
    yield ids.slice(from, from + BATCH);
  }
}

async function document(transaction: IDBTransaction, id: string): Promise<PouchDocument> {
  const metadata = await outcome(transaction.objectStore("document-store").get(id) as IDBRequest<Metadata>);
  const { rev_tree: tree } = JSON.parse(metadata.data) as { rev_tree: PouchTree };
  // "::" sorts before ":;", and what follows it is a revision.
  const range = IDBKeyRange.bound(`${id}::`, `${id}:;`, false, true);
  const stored = await outcome(transaction.objectStore("by-sequence").index("_doc_id_rev").getAll(range) as IDBRequest<Stored[]>);
  const own = stored.filter(({ _doc_id_rev: key }) => key.lastIndexOf("::") === id.length); // ids may have "::" too
  const digests = new Set(own.flatMap(({ _attachments: attachments = {} }) => Object.values(attachments).map(({ digest }) => digest)));
  const contents = new Map<string, unknown>();
  await Promise.all(
    [...digests].map(async (digest) => {
      const found = await outcome(transaction.objectStore("attach-store").get(digest) as IDBRequest<{ body?: unknown } | undefined>);
      // An empty one is stored as nothing.
      contents.set(digest, found && (found.body ?? ""));
    }),
  );
  return { id, seq: metadata.seq, tree, revisions: own.map((doc) => revision(doc, id)), content: (digest) => contents.get(digest) };
}

function revision({ _doc_id_rev: key, _deleted: deleted, ...body }: Stored, id: string): PouchRevision {
  return { rev: key.slice(id.length + 2), deleted: deleted === true, body };
}
