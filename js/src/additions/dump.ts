import type { Abortable, AnyContent, DatabaseInfo, Seq, StoredDocument, WriteResult } from "../types.js";
import { noteDump } from "./lineage.js";
import type { Tools } from "./tools.js";

// The format is that of the Go package dump, which describes it.

/** The version of the format. */
export const FORMAT = 1;

// Documents that are read at once, text that is written at once, and bytes of an attachment in a line.
const BATCH = 200;
const CHUNK = 1 << 16;
const PIECE = 768 << 10;

interface Database {
  readonly _remote: boolean;
  id(): Promise<string>;
  info(): Promise<DatabaseInfo>;
  get(id: string): Promise<object>;
  put(doc: { _id: string }): Promise<WriteResult>;
  getAttachment(id: string, name: string, options: object): Promise<Blob | Uint8Array>;
}

interface Page {
  results: { seq: Seq; id: string; changes: { rev: string }[] }[];
  last_seq: Seq;
}

/** Writes a database as lines of JSON. */
export async function dump(db: Database, to: WritableStream<Uint8Array>, { signal }: Abortable, tools: Tools): Promise<void> {
  const writer = to.getWriter();
  const encoder = new TextEncoder();
  let text = "";
  try {
    for await (const line of lines(db, tools)) {
      signal?.throwIfAborted();
      text += `${line}\n`;
      if (text.length >= CHUNK) {
        await writer.write(encoder.encode(text));
        text = "";
      }
    }
    await writer.write(encoder.encode(text));
    await writer.close();
  } finally {
    writer.releaseLock();
  }
}

// Documents stay the texts that they are in the database: a number may be one that JavaScript does not know.
async function* lines(db: Database, tools: Tools): AsyncGenerator<string, void, undefined> {
  const session = crypto.randomUUID();
  const [id, { db_name: name, update_seq: seq }] = await Promise.all([db.id(), db.info()]);
  await noteDump(db, (lineage) => ({ ...lineage, history: [{ session_id: session, last_seq: seq }, ...lineage.history] }));
  yield JSON.stringify({ gouchdb_dump: FORMAT, db_name: name.replace(/^.*[/\\]/, ""), id, session_id: session, update_seq: seq });
  const counts = { docs: 0, revisions: 0, attachments: 0, local_docs: 0 };
  // Before the documents: a checkpoint must not speak of what comes while they are read. Those of a server are the affair of all its clients.
  const locals = db._remote ? [] : ((await tools.call(db, "localDocs", {})) as string[]);
  for (const local of locals) {
    counts.local_docs++;
    yield `{"local":${local}}`;
  }
  for (let since: Seq = 0; ; ) {
    const { results, last_seq: last } = (await tools.call(db, "changes", { since, limit: BATCH, style: "all_docs" })) as Page;
    if (results.length === 0) {
      break;
    }
    counts.docs += results.length;
    const seqs = new Map(results.map(({ seq: place, id: docID }) => [docID, place]));
    const docs = results.flatMap(({ id: docID, changes }) => changes.map(({ rev }) => ({ id: docID, rev })));
    for (const text of (await tools.call(db, "revisions", {}, JSON.stringify({ docs }))) as string[]) {
      const doc = JSON.parse(text) as StoredDocument<AnyContent>;
      counts.revisions++;
      yield `{"seq":${JSON.stringify(seqs.get(doc._id))},"doc":${text}}`;
      for (const [name, { length }] of Object.entries(doc._attachments ?? {})) {
        counts.attachments++;
        if (length !== 0) {
          yield* pieces(await db.getAttachment(doc._id, name, { rev: doc._rev }));
        }
      }
    }
    since = last;
  }
  yield JSON.stringify({ end: counts });
}

async function* pieces(content: Blob | Uint8Array): AsyncGenerator<string, void, undefined> {
  const size = content instanceof Blob ? content.size : content.length;
  for (let from = 0; from < size; from += PIECE) {
    const part = content.slice(from, Math.min(from + PIECE, size));
    yield `{"data":"${toBase64(part instanceof Blob ? new Uint8Array(await part.arrayBuffer()) : part)}"}`;
  }
}

function toBase64(bytes: Uint8Array): string {
  const most = 1 << 15; // arguments of a call
  let text = "";
  for (let at = 0; at < bytes.length; at += most) {
    text += String.fromCharCode(...bytes.subarray(at, at + most));
  }
  return btoa(text);
}
