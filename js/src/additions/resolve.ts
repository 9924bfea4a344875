import type { Attachments } from "../attachments.js";
import type { Abortable, OpenRev, StoredDocument, WriteResult } from "../types.js";
import { statusOf, type Tools } from "./tools.js";
import type { NewContent, UpsertResult } from "./upsert.js";

/**
 * Makes one document of the versions that are in conflict, the winner first. `base` is the last revision that all of them come from, when it is still
 * there. What counts as false leaves the conflict as it is.
 */
export type Merge<Content extends object> = (
  versions: StoredDocument<Content>[],
  base: StoredDocument<Content> | undefined,
) => NewContent<Content> | Promise<NewContent<Content>>;

interface Database<Content extends object> {
  readonly _remote: boolean;
  get(id: string, options: object): Promise<unknown>;
  put(doc: { _id: string }, options: Abortable): Promise<WriteResult>;
  bulkDocs(docs: object[], options: object): Promise<object[]>;
  getAttachment(id: string, name: string, options: object): Promise<Blob | Uint8Array>;
  /** Ties the type of documents to the database. */
  readonly _content?: Content;
}

/** See {@link GouchDB.resolve}. */
export async function resolve<Content extends object>(db: Database<Content>, id: string, merge: Merge<Content>, options: Abortable, { fail }: Tools): Promise<UpsertResult> {
  if (typeof merge !== "function") {
    throw fail({ status: 400, name: "bad_request", reason: "resolve needs a function that makes one document of several" });
  }
  for (let updated = false; ; ) {
    const { versions, base } = await read(db, id, options);
    const [winner, ...losers] = versions;
    if (!winner || losers.length === 0) {
      return { updated, id, rev: winner?._rev };
    }
    const merged = await merge(versions.map((version) => ({ ...version })), base);
    if (!merged) {
      return { updated, id, rev: winner._rev };
    }
    const doc = { ...merged, _id: id, _rev: winner._rev };
    await takeAttachments(db, doc, versions, options);
    // Then it is looked at again: a leaf that has come meanwhile is in conflict with what was written.
    updated = (await write(db, doc, losers, options)) || updated;
  }
}

async function read<Content extends object>(db: Database<Content>, id: string, options: Abortable): Promise<{ versions: StoredDocument<Content>[]; base: StoredDocument<Content> | undefined }> {
  const leaves = (await db.get(id, { ...options, open_revs: "all", revs: true })) as OpenRev<Content>[];
  const living = leaves.flatMap((leaf) => ("ok" in leaf && !leaf.ok._deleted ? [leaf.ok] : [])).sort(winnerFirst);
  const ancestor = commonAncestor(living);
  const versions = living.map(({ _revisions: _, ...version }) => version as StoredDocument<Content>);
  if (ancestor === undefined || living.length < 2) {
    return { versions, base: undefined };
  }
  const base = await db.get(id, { ...options, rev: ancestor }).catch((error: unknown) => {
    if (statusOf(error) === 404) {
      return undefined; // compacted away
    }
    throw error;
  });
  return { versions, base: base as StoredDocument<Content> | undefined };
}

function winnerFirst(a: { _rev: string }, b: { _rev: string }): number {
  return Number.parseInt(b._rev) - Number.parseInt(a._rev) || (a._rev < b._rev ? 1 : -1);
}

// The last revision in the history of all versions.
function commonAncestor(versions: { _revisions?: { start: number; ids: string[] } }[]): string | undefined {
  const [first = [], ...others] = versions.map(({ _revisions }) => _revisions?.ids.map((hash, i) => `${_revisions.start - i}-${hash}`) ?? []);
  const histories = others.map((history) => new Set(history));
  return first.find((rev) => histories.every((history) => history.has(rev)));
}

// A stub stands for an attachment of the winner. What the document has taken from another version comes with its content.
async function takeAttachments<Content extends object>(db: Database<Content>, doc: { _id: string; _attachments?: Attachments }, versions: StoredDocument<Content>[], options: Abortable): Promise<void> {
  const [winner, ...others] = versions;
  if (!doc._attachments) {
    return;
  }
  const attachments = { ...doc._attachments };
  for (const [name, attachment] of Object.entries(attachments)) {
    const { digest, content_type: type } = attachment;
    if (!attachment.stub || digest === undefined || winner?._attachments?.[name]?.digest === digest) {
      continue;
    }
    const from = others.find(({ _attachments }) => _attachments?.[name]?.digest === digest);
    if (from) {
      const data = await db.getAttachment(doc._id, name, { ...options, rev: from._rev });
      attachments[name] = { ...(type === undefined ? {} : { content_type: type }), data };
    }
  }
  doc._attachments = attachments;
}

// Writes the document and deletes the other versions, or nothing; tells whether the document was written. It was not when somebody was faster.
async function write<Content extends object>(db: Database<Content>, doc: { _id: string }, losers: StoredDocument<Content>[], options: Abortable): Promise<boolean> {
  const deletions = losers.map(({ _id, _rev }) => ({ _id, _rev, _deleted: true }));
  if (!db._remote) {
    return succeeded(await db.bulkDocs([doc, ...deletions], { ...options, atomic: true }));
  }
  // A server does not write all or nothing. In this order an interruption leaves a conflict, and loses nothing.
  try {
    await db.put(doc, options);
  } catch (error) {
    if (statusOf(error) === 409) {
      return false;
    }
    throw error;
  }
  succeeded(await db.bulkDocs(deletions, options));
  return true;
}

function succeeded(rows: object[]): boolean {
  const failures = rows.filter((row) => "error" in row);
  const worse = failures.find((failure) => ![409, 412].includes(statusOf(failure) ?? 0));
  if (worse) {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- it is one of the package's errors
    throw worse;
  }
  return failures.length === 0;
}
