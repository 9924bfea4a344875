import type { Failure } from "../error.js";
import { openIDB } from "./idb.js";
import { openIndexedDB } from "./indexeddb.js";
import { pathsOf, type PouchAttachment, type PouchDocument, type PouchRevision, type PouchSource } from "./source.js";

/** How an import stands. */
export interface ImportProgress {
  /** Documents that have been copied. */
  docs: number;
  /** Documents that there are, deleted ones too. */
  total: number;
  /** Revisions that have been copied. */
  revisions: number;
}

/** The outcome of an import. */
export interface ImportResult extends ImportProgress {
  attachments: number;
  local_docs: number;
  /** What could not be copied, and why: damaged records, mostly. Everything else was. */
  problems: ImportProblem[];
}

/** A revision that could not be copied. */
export interface ImportProblem {
  id: string;
  rev?: string;
  reason: string;
}

/** What the import needs of the package, which loads it only when it is wanted. */
export interface Importer {
  target: ImportTarget;
  /** Gives the target the identity and the sequence of the database that it takes the place of. */
  succeed: (options: { uuid?: string; update_seq?: number }) => Promise<unknown>;
  fail: (failure: Failure) => Error;
  onProgress?: ((progress: ImportProgress) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** The methods of the target that are called. */
export interface ImportTarget {
  id(): Promise<string>;
  info(): Promise<{ doc_count: number; doc_del_count?: number }>;
  bulkDocs(docs: object[], options: { new_edits: boolean }): Promise<object[]>;
  get(id: string): Promise<{ _rev: string }>;
  put(doc: { _id: string }): Promise<unknown>;
}

// What is written at once: revisions, and bytes of attachments.
const REVISIONS = 500;
const BYTES = 8 << 20;

/** Copies a database of PouchDB's into a database of this package. */
export async function importPouchDB(name: string, importer: Importer): Promise<ImportResult> {
  if (typeof indexedDB === "undefined") {
    throw importer.fail({ status: 501, name: "not_implemented", reason: "there is no IndexedDB here to import from" });
  }
  const db = await open(name, importer);
  try {
    return await new Import(await read(db, importer), importer).run();
  } finally {
    db.close();
  }
}

// Opens what is there, in the version that it has; nothing is created or upgraded.
function open(name: string, { fail }: Importer): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    let isNew = false;
    request.onupgradeneeded = () => {
      isNew = true;
      request.transaction?.abort();
    };
    request.onsuccess = () => {
      resolve(request.result);
    };
    request.onerror = (event) => {
      event.preventDefault();
      const missing = { status: 404, name: "not_found", reason: `there is no database of PouchDB's called ${name} in IndexedDB` };
      reject(isNew ? fail(missing) : (request.error ?? new Error("IndexedDB failed")));
    };
  });
}

async function read(db: IDBDatabase, { fail }: Importer): Promise<PouchSource> {
  const stores = db.objectStoreNames;
  if (stores.contains("document-store") && stores.contains("local-store")) {
    return openIDB(db);
  }
  if (stores.contains("docs") && stores.contains("meta")) {
    return openIndexedDB(db);
  }
  throw fail({ status: 412, name: "precondition_failed", reason: `${db.name} is not a database that PouchDB 7, 8 or 9 has written` });
}

class Import {
  readonly #source: PouchSource;
  readonly #importer: Importer;
  readonly #result: ImportResult;
  #batch: object[] = [];
  #bytes = 0;

  constructor(source: PouchSource, importer: Importer) {
    this.#source = source;
    this.#importer = importer;
    this.#result = { docs: 0, total: source.total, revisions: 0, attachments: 0, local_docs: 0, problems: [] };
  }

  async run(): Promise<ImportResult> {
    const { target, succeed } = this.#importer;
    const { uuid, updateSeq } = this.#source;
    // A database with a history of its own keeps its identity. One that an import has begun to fill goes on.
    const { doc_count: count, doc_del_count: deleted = 0 } = await target.info();
    const takesOver = uuid !== "" && (count + deleted === 0 || (await target.id()) === uuid);
    if (takesOver) {
      await succeed({ uuid });
    }
    const locals = await this.#source.locals();
    const marks = takesOver ? sequencesIn(locals) : [];
    for await (const documents of this.#source.documents()) {
      for (const document of documents) {
        this.#importer.signal?.throwIfAborted();
        await this.#passed(marks, document.seq);
        await this.#add(document);
      }
    }
    await this.#flush();
    if (takesOver) {
      await succeed({ update_seq: updateSeq });
    }
    for (const doc of locals) {
      await this.#addLocal(doc, takesOver);
    }
    return this.#result;
  }

  // A checkpoint says: everything up to this sequence. What came after it must get a greater one here too, and the copies never have
  // greater ones than the originals, since each revision takes one.
  async #passed(marks: number[], seq: number): Promise<void> {
    let mark: number | undefined;
    while (marks[0] !== undefined && marks[0] < seq) {
      mark = marks.shift();
    }
    if (mark !== undefined) {
      await this.#flush();
      await this.#importer.succeed({ update_seq: mark });
    }
  }

  async #add(document: PouchDocument): Promise<void> {
    const paths = pathsOf(document.tree);
    const there = new Set(document.revisions.map(({ rev }) => rev));
    for (const [rev, { isLeaf }] of paths) {
      if (isLeaf && !there.has(rev)) {
        this.#result.problems.push({ id: document.id, rev, reason: "its content is missing" });
      }
    }
    // Parents before children, or their contents would not be taken.
    const inOrder = [...document.revisions].sort((a, b) => Number.parseInt(a.rev) - Number.parseInt(b.rev));
    for (const revision of inOrder) {
      const path = paths.get(revision.rev);
      const doc = path && this.#asReplicated(document, revision, { start: path.start, ids: path.ids });
      if (doc) {
        this.#batch.push(doc);
      }
      if (this.#batch.length >= REVISIONS || this.#bytes >= BYTES) {
        await this.#flush();
      }
    }
    this.#result.docs++;
  }

  // The revision as a replication would bring it; undefined when an attachment has no content.
  #asReplicated(document: PouchDocument, { rev, deleted, body }: PouchRevision, revisions: object): object | undefined {
    const { _attachments: stubs, ...rest } = body as { _attachments?: Record<string, PouchAttachment> };
    const attachments: Record<string, object> = {};
    for (const [name, { digest = "", content_type: type, revpos, data = document.content(digest) }] of Object.entries(stubs ?? {})) {
      if (data === undefined) {
        this.#result.problems.push({ id: document.id, rev, reason: `the content of its attachment ${name} is missing` });
        return undefined;
      }
      attachments[name] = { ...(type === undefined ? {} : { content_type: type }), ...(revpos === undefined ? {} : { revpos }), data };
      this.#bytes += typeof data === "string" ? data.length : (data as Blob).size;
      this.#result.attachments++;
    }
    return {
      ...rest,
      _id: document.id,
      _rev: rev,
      _revisions: revisions,
      ...(deleted ? { _deleted: true } : {}),
      ...(stubs ? { _attachments: attachments } : {}),
    };
  }

  async #flush(): Promise<void> {
    const { target, onProgress } = this.#importer;
    const batch = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    if (batch.length === 0) {
      return;
    }
    const answers = await target.bulkDocs(batch, { new_edits: false });
    for (const answer of answers) {
      if ("error" in answer) {
        const { docId = "", reason } = answer as unknown as Failure;
        this.#result.problems.push({ id: docId, reason });
      }
    }
    this.#result.revisions += batch.length;
    const { docs, total, revisions } = this.#result;
    onProgress?.({ docs, total, revisions });
  }

  async #addLocal({ _rev: _, _revisions: __, ...doc }: Record<string, unknown>, overwrite: boolean): Promise<void> {
    const { target } = this.#importer;
    const _id = String(doc._id);
    if (_id === "_local/_pouch_dependentDbs") {
      return; // the list of databases in which PouchDB keeps its views
    }
    const was = await target.get(_id).catch((error: unknown) => {
      if ((error as Partial<Failure>).status === 404) {
        return undefined;
      }
      throw error;
    });
    if (was && !overwrite) {
      return;
    }
    await target.put({ ...doc, _id, ...(was ? { _rev: was._rev } : {}) });
    this.#result.local_docs++;
  }
}

// The sequences that checkpoints speak of, ascending. Those of other databases do no harm.
function sequencesIn(locals: Record<string, unknown>[]): number[] {
  const found = locals.flatMap(({ last_seq: last, history }) => [
    last,
    ...(Array.isArray(history) ? (history as { last_seq?: unknown }[]).map((session) => session.last_seq) : []),
  ]);
  return [...new Set(found.filter((seq) => typeof seq === "number"))].sort((a, b) => a - b);
}
