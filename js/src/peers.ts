import { bytesOf, prepare, type Attachment } from "./attachments.js";
import { badRequest, GouchError } from "./error.js";
import type { Answer } from "./questions.js";
import type * as t from "./types.js";

/** What replication needs of a database that is an object of the page's: PouchDB's public methods. */
export interface ForeignDatabase {
  id(): Promise<string>;
  info(): Promise<{ update_seq: t.Seq; doc_count: number }>;
  get(id: string): Promise<object>;
  put(doc: object): Promise<object>;
  bulkGet(options: { docs: { id: string; rev?: string }[]; revs: boolean; latest: boolean }): Promise<{ results: BulkGetResults }>;
  bulkDocs(request: { docs: object[]; new_edits: boolean }): Promise<object[]>;
  revsDiff(revs: t.RevsByID): Promise<t.RevsDiffResult>;
  changes(options: object): PromiseLike<{ results: object[]; last_seq: t.Seq }> & { cancel(): void; on(event: "change", listener: () => void): unknown };
  getAttachment(id: string, name: string, options: { rev: string }): Promise<unknown>;
}

type Doc = { _id: string; _rev: string; _attachments?: Record<string, Attachment> };
type BulkGetResults = { id: string; docs: { ok?: Doc; error?: unknown; missing?: string }[] }[];

export interface PeerQuestion {
  about: "peer";
  peer: string;
  method: "id" | "info" | "get" | "put" | "bulkGet" | "bulkDocs" | "revsDiff" | "changes" | "getAttachment";
  arguments: Record<string, unknown>;
}

/** What an object must have, to be replicated with. */
export const methods = ["id", "info", "get", "put", "bulkGet", "bulkDocs", "revsDiff", "changes", "getAttachment"] as const;

// An object lives as long as somebody replicates with it.
const peers = new Map<string, WeakRef<ForeignDatabase>>();
const names = new WeakMap<object, string>();
let last = 0;

/** The name by which the engine knows an object. One that cannot be replicated with is an error that says what it lacks. */
export function nameOf(object: object): string {
  const lacking = methods.find((method) => typeof (object as Record<string, unknown>)[method] !== "function");
  if (lacking) {
    throw badRequest(`replication needs a database, or the name or URL of one: this object has no method \`${lacking}\``);
  }
  const name = names.get(object) ?? String(++last);
  names.set(object, name);
  peers.set(name, new WeakRef(object as ForeignDatabase));
  return name;
}

/** Asks an object for what the engine wants to know. */
export async function answerPeer({ peer, method, arguments: given }: PeerQuestion, signal: AbortSignal): Promise<Answer> {
  const db = peers.get(peer)?.deref();
  if (!db) {
    throw new GouchError({ status: 412, name: "closed", reason: "the database is gone" });
  }
  switch (method) {
    case "id":
      return { value: await db.id() };
    case "info":
      return { value: await db.info() };
    case "get":
      return { value: await db.get(given.id as string) };
    case "put":
      return { value: await db.put(given.doc as object) };
    case "revsDiff":
      return { value: await db.revsDiff(given.revs as t.RevsByID) };
    case "bulkDocs":
      return { value: (await db.bulkDocs(given.request as { docs: object[]; new_edits: boolean })).map(failureRow) };
    case "bulkGet":
      return bulkGet(db, given as { request: { docs: { id: string; rev?: string }[] }; latest: boolean; attachments: boolean });
    case "changes":
      return { value: await changes(db, given as { since: t.Seq; wait?: number }, signal) };
    case "getAttachment": {
      const content = await db.getAttachment(given.id as string, given.name as string, { rev: given.rev as string });
      return { value: {}, raw: [await bytesOf(content)] };
    }
  }
}

// CouchDB's row of a failed write: PouchDB's errors call what went wrong by other names.
function failureRow(row: object): object {
  const { error, name, id, docId, status, reason, message } = row as Record<string, unknown>;
  return error ? { ...row, error: error === true ? name : error, id: id ?? docId, status, reason: reason ?? message } : row;
}

// PouchDB answers once for all revisions of a document, in any order of the documents; the engine wants an answer to each request.
async function bulkGet(db: ForeignDatabase, { request, latest, attachments }: { request: { docs: { id: string; rev?: string }[] }; latest: boolean; attachments: boolean }): Promise<Answer> {
  const { results } = await db.bulkGet({ docs: request.docs, revs: true, latest });
  const found = new Map<string, BulkGetResults[number]["docs"]>();
  for (const { id, docs } of results) {
    found.set(id, [...(found.get(id) ?? []), ...docs]);
  }
  const read: Doc[] = [];
  for (const { ok } of [...found.values()].flat()) {
    if (attachments && ok?._attachments) {
      for (const [name, attachment] of Object.entries(ok._attachments)) {
        attachment.data = await bytesOf(await db.getAttachment(ok._id, name, { rev: ok._rev }));
        delete attachment.stub;
      }
      read.push(ok);
    }
  }
  const { value, raw } = await prepare(read);
  const prepared = new Map(read.map((doc, i) => [doc, value[i]]));
  const answered = request.docs.map(({ id, rev }, i) => ({
    id,
    // Contents follow once; without them each request may have what all for its document asked for.
    docs: (raw && request.docs.findIndex((other) => other.id === id) !== i ? [] : (found.get(id) ?? [])).map((doc) =>
      doc.ok ? { ok: prepared.get(doc.ok) ?? doc.ok } : { error: { error: "not_found", reason: "missing", rev, ...failureRow(doc.error ?? {}), id } },
    ),
  }));
  return { value: { results: answered }, raw };
}

// Reads the feed once. When there is nothing yet, waits for a first change and reads again.
async function changes(db: ForeignDatabase, { wait, ...options }: { since: t.Seq; wait?: number }, signal: AbortSignal): Promise<object> {
  const read = () => db.changes({ ...options, return_docs: true });
  const page = await read();
  if (!wait || page.results.length > 0) {
    return page;
  }
  const feed = db.changes({ ...options, live: true, return_docs: false });
  const end = () => {
    feed.cancel();
  };
  const timer = setTimeout(end, wait);
  signal.addEventListener("abort", end);
  try {
    feed.on("change", end);
    await feed;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
  }
  return read();
}
