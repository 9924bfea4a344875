import { bytesOf, prepare, type AttachmentContent } from "./attachments.js";
import type { AnyCallback, Trailing } from "./callback.js";
import { connectionOf, Database, isAsBuilt, noteBuiltIn } from "./database.js";
import { checkDocument, checkID, checkName, checkRev, documentsText, documentText, forced } from "./document.js";
import { failure, toJSON, type EngineFailure } from "./engine.js";
import { badID, badRequest, GouchError } from "./error.js";
import { checkOptions, checkSignal, pick } from "./options.js";
import { getPieces, isLong, putPieces } from "./pieces.js";
import { purge } from "./purge.js";
import type * as t from "./types.js";

/** A database as documents are read from it and written to it. */
export class Documents<Content extends object = t.AnyContent> extends Database {
  static {
    noteBuiltIn(this.prototype);
  }

  /**
   * Writes a document. To change one, give the `_rev` that was read; if somebody was faster, that is a conflict (409).
   *
   * @example
   * ```ts
   * const { rev } = await db.put({ _id: "milk", title: "Buy milk" });
   * await db.put({ _id: "milk", _rev: rev, title: "Buy oat milk" });
   * ```
   */
  put<Model extends object = never>(doc: t.NewDocument<NoInfer<Model>>, ...rest: Trailing<t.PutOptions, t.WriteResult>): Promise<t.WriteResult>;
  put(doc: t.NewDocument<Content> | t.OtherDocument<Content>, ...rest: Trailing<t.PutOptions, t.WriteResult>): Promise<t.WriteResult>;
  async put(doc: object, options: t.PutOptions = {}): Promise<t.WriteResult> {
    checkDocument(doc);
    checkID(doc._id);
    if (doc._rev !== undefined) {
      checkRev(doc._rev);
    }
    checkOptions("put", options);
    const force = options.force === true && doc._rev !== undefined;
    return this.#write(force ? forced(doc) : doc, force ? { ...options, new_edits: false } : options);
  }

  /** Writes a document, with a new random id if it has none. */
  post<Model extends object = never>(doc: t.PostDocument<NoInfer<Model>>, ...rest: Trailing<t.PutOptions, t.WriteResult>): Promise<t.WriteResult>;
  post(doc: t.PostDocument<Content> | t.UnknownDocument<Content>, ...rest: Trailing<t.PutOptions, t.WriteResult>): Promise<t.WriteResult>;
  async post(doc: object, options: t.PutOptions = {}): Promise<t.WriteResult> {
    checkDocument(doc);
    const named = doc._id ? doc : { ...doc, _id: undefined };
    if (named._id !== undefined) {
      checkID(named._id);
    }
    if (doc._rev !== undefined) {
      checkRev(doc._rev, doc._id);
    }
    checkOptions("post", options);
    return this.#write(named, options);
  }

  async #write(doc: Record<string, unknown>, options: t.PutOptions): Promise<t.WriteResult> {
    checkSignal(options.signal);
    if (!isAsBuilt(this, ["bulkDocs"])) {
      // As in PouchDB, plugins that replace bulkDocs have replaced all writes.
      const [row] = await this.bulkDocs({ docs: [doc as t.PostDocument<Content>] }, options);
      if (row && "status" in row) {
        throw row;
      }
      return row ?? { ok: true, id: doc._id as string, rev: doc._rev as string };
    }
    const prepared = prepare([doc]);
    const { value, raw } = prepared instanceof Promise ? await prepared : prepared;
    const extras = { data: documentText(value[0] ?? doc), raw, signal: options.signal };
    return (await connectionOf(this).call("put", pick(options, ["new_edits"]), extras)) as t.WriteResult;
  }

  /**
   * Reads a document, or with `open_revs` several revisions of it. An id that no document has is an error (404), with the reason
   * `missing` or `deleted`.
   */
  get<Model extends object = Content>(id: string, options: t.OpenRevsOptions & { open_revs: "all" }, callback?: AnyCallback<t.FoundRev<NoInfer<Model>>[]>): Promise<t.FoundRev<NoInfer<Model>>[]>;
  get<Model extends object = Content>(id: string, options: t.OpenRevsOptions, callback?: AnyCallback<t.OpenRev<NoInfer<Model>>[]>): Promise<t.OpenRev<NoInfer<Model>>[]>;
  get<Model extends object = Content>(id: string, ...rest: Trailing<t.GetOptions, t.StoredDocument<NoInfer<Model>>>): Promise<t.StoredDocument<NoInfer<Model>>>;
  async get(id: string, options: t.GetOptions | t.OpenRevsOptions = {}): Promise<t.StoredDocument<Content> | t.OpenRev<Content>[]> {
    if (typeof id !== "string" || id === "") {
      throw badID();
    }
    checkOptions("get", options);
    checkSignal(options.signal);
    const extras = { signal: options.signal };
    if ("open_revs" in options) {
      const { open_revs: openRevs } = options;
      if (openRevs !== "all") {
        if (!Array.isArray(openRevs)) {
          throw badRequest('option `open_revs` must be "all" or an array of revisions');
        }
        openRevs.forEach(checkRev);
      }
      const request = { id, ...pick(options, ["open_revs", "latest", "revs", "attachments", "binary"]) };
      return (await connectionOf(this).call("openRevs", request, extras)) as t.OpenRev<Content>[];
    }
    const request = { id, ...pick(options, ["rev", "latest", "revs", "revs_info", "conflicts", "deleted_conflicts", "local_seq", "attachments", "binary"]) };
    return (await connectionOf(this).call("get", request, extras)) as t.StoredDocument<Content>;
  }

  /**
   * Deletes a document: `remove(doc)`, or `remove(id, rev)`.
   *
   * @example
   * ```ts
   * await db.remove(await db.get("milk"));
   * ```
   */
  remove(doc: { _id: string; _rev: string }, ...rest: Trailing<t.Abortable, t.WriteResult>): Promise<t.WriteResult>;
  remove(id: string, rev: string, ...rest: Trailing<t.Abortable, t.WriteResult>): Promise<t.WriteResult>;
  async remove(docOrID: string | { _id: string }, revOrOptions?: unknown, more: unknown = {}): Promise<t.WriteResult> {
    const byID = typeof docOrID === "string";
    const options = ((byID ? more : revOrOptions) ?? {}) as t.Abortable & { rev?: string };
    checkOptions("remove", options);
    if (!byID) {
      checkDocument(docOrID);
    }
    const id = byID ? docOrID : docOrID._id;
    const rev = byID ? revOrOptions : ((docOrID as { _rev?: string })._rev ?? options.rev);
    checkID(id);
    if (rev === undefined) {
      await this.get(id, options); // which says so when there is no document
    } else {
      checkRev(rev, id);
    }
    return this.#write({ _id: id, ...(rev === undefined ? {} : { _rev: rev }), _deleted: true }, options);
  }

  /**
   * Adds an attachment to a document, or replaces one. Without `rev` it makes a new document. A string is taken for base64.
   *
   * @example
   * ```ts
   * await db.putAttachment("milk", "photo.jpg", rev, blob, "image/jpeg");
   * ```
   */
  putAttachment(id: string, name: string, rev: string | null | undefined, data: AttachmentContent, type: string, callback?: AnyCallback<t.WriteResult>): Promise<t.WriteResult>;
  putAttachment(id: string, name: string, data: AttachmentContent, type: string, callback?: AnyCallback<t.WriteResult>): Promise<t.WriteResult>;
  async putAttachment(id: string, name: string, ...rest: unknown[]): Promise<t.WriteResult> {
    const withoutRev = rest.length === 2;
    const [rev, data, type] = withoutRev ? [undefined, ...rest] : rest;
    checkID(id);
    checkName(name);
    if (rev !== undefined && rev !== null) {
      checkRev(rev);
    }
    const request = { id, name, ...(rev ? { rev } : {}), ...(type === undefined ? {} : { type }) };
    if (isLong(data)) {
      return (await putPieces(connectionOf(this), request, data)) as t.WriteResult;
    }
    const raw = [await bytesOf(data)];
    return (await connectionOf(this).call("putAttachment", request, { raw })) as t.WriteResult;
  }

  /** Reads an attachment: a Blob, or in Node a Buffer. */
  getAttachment(id: string, name: string, ...rest: Trailing<t.Abortable & { rev?: string }, Blob | Uint8Array>): Promise<Blob | Uint8Array>;
  async getAttachment(id: string, name: string, options: t.Abortable & { rev?: string } = {}): Promise<Blob | Uint8Array> {
    checkID(id);
    checkName(name);
    checkOptions("getAttachment", options);
    checkSignal(options.signal);
    const request = { id, name, ...pick(options, ["rev"]) };
    if (this.adapter !== "http") {
      return getPieces(connectionOf(this), request, options.signal);
    }
    return (await connectionOf(this).call("getAttachment", request, { signal: options.signal })) as Blob | Uint8Array;
  }

  /** Removes an attachment from a document. */
  removeAttachment(id: string, name: string, rev: string, callback?: AnyCallback<t.WriteResult>): Promise<t.WriteResult>;
  async removeAttachment(id: string, name: string, rev: string): Promise<t.WriteResult> {
    checkID(id);
    checkName(name);
    if ((rev as unknown) === undefined || (rev as unknown) === null) {
      await this.get(id); // which says so when there is no document
      throw new GouchError({ status: 409, name: "conflict", reason: "Document update conflict.", docId: id });
    }
    checkRev(rev);
    return (await connectionOf(this).call("removeAttachment", { id, name, rev }, {})) as t.WriteResult;
  }

  /**
   * Writes many documents at once. Each succeeds or fails by itself; the answers are in the order of the documents.
   *
   * @example
   * ```ts
   * const answers = await db.bulkDocs([{ _id: "milk", title: "Milk" }, { _id: "tea", title: "Tea" }]);
   * const failed = answers.filter((answer) => "error" in answer);
   * ```
   */
  bulkDocs<Model extends object = never>(docs: t.BulkDocuments<NoInfer<Model>>, ...rest: Trailing<t.BulkDocsOptions, (t.WriteResult | GouchError)[]>): Promise<(t.WriteResult | GouchError)[]>;
  bulkDocs(docs: t.BulkDocuments<Content>, ...rest: Trailing<t.BulkDocsOptions, (t.WriteResult | GouchError)[]>): Promise<(t.WriteResult | GouchError)[]>;
  async bulkDocs(docs: object, options: t.BulkDocsOptions = {}): Promise<(t.WriteResult | GouchError)[]> {
    checkOptions("bulkDocs", options);
    checkSignal(options.signal);
    const request = Array.isArray(docs) ? { docs } : (docs as { docs: unknown; new_edits?: boolean } | undefined);
    const list = request?.docs;
    if (!Array.isArray(list)) {
      throw badRequest("Missing JSON list of 'docs'");
    }
    for (const doc of list) {
      checkDocument(doc);
      if (doc._rev !== undefined) {
        checkRev(doc._rev);
      }
    }
    const picked = pick({ new_edits: request?.new_edits, ...options }, ["new_edits", "atomic"]);
    const prepared = prepare(list as object[]);
    const { value, raw } = prepared instanceof Promise ? await prepared : prepared;
    const extras = { data: documentsText(value), raw, signal: options.signal };
    const rows = (await connectionOf(this).call("bulkDocs", picked, extras)) as (t.WriteResult | EngineFailure)[];
    return rows.map((row) => ("ok" in row ? row : failure(row)));
  }

  /** Lists documents in the order of their ids. */
  allDocs<Model extends object = Content>(
    options: t.AllDocsOptions & { keys: string[] },
    callback?: AnyCallback<t.AllDocsResult<NoInfer<Model>, t.AllDocsRow<NoInfer<Model>> | t.MissingRow>>,
  ): Promise<t.AllDocsResult<NoInfer<Model>, t.AllDocsRow<NoInfer<Model>> | t.MissingRow>>;
  allDocs<Model extends object = Content>(...rest: Trailing<t.AllDocsOptions, t.AllDocsResult<NoInfer<Model>>>): Promise<t.AllDocsResult<NoInfer<Model>>>;
  async allDocs(options: t.AllDocsOptions = {}): Promise<t.AllDocsResult<Content, t.AllDocsRow<Content> | t.MissingRow>> {
    checkOptions("allDocs", options);
    checkSignal(options.signal);
    const { key, keys, start_key: startkey = options.startkey ?? undefined, end_key: endkey = options.endkey ?? undefined } = options; // to PouchDB, null is no key
    const other = Object.entries({ startkey, endkey, key }).find(([, value]) => value !== undefined)?.[0];
    if (keys !== undefined && other) {
      const reason = `Query parameter \`${other}\` is not compatible with multi-get`;
      throw new GouchError({ status: 400, name: "query_parse_error", reason, message: "Some query parameter is invalid" });
    }
    const request = pick({ ...options, startkey, endkey }, ["startkey", "endkey", "inclusive_end", "keys", "descending", "limit", "skip", "include_docs", "conflicts", "attachments", "binary", "update_seq"]);
    if (key !== undefined) {
      Object.assign(request, { startkey: key, endkey: key, inclusive_end: true });
    }
    const result = (await connectionOf(this).call("allDocs", request, { signal: options.signal })) as Omit<t.AllDocsResult<Content>, "offset"> & { offset: number | null };
    const { total_rows, offset, rows, ...rest } = result;
    return { total_rows, offset: offset ?? options.skip ?? 0, rows, ...rest };
  }

  /** Tells which of these revisions are not here. */
  revsDiff(revs: t.RevsByID, ...rest: Trailing<t.Abortable, t.RevsDiffResult>): Promise<t.RevsDiffResult>;
  async revsDiff(revs: t.RevsByID, options: t.Abortable = {}): Promise<t.RevsDiffResult> {
    checkDocument(revs);
    checkSignal(options.signal);
    return (await connectionOf(this).call("revsDiff", {}, { data: toJSON("revsDiff", revs), signal: options.signal })) as t.RevsDiffResult;
  }

  /**
   * Removes a leaf, and what of its ancestry no other leaf has, as if they had never been there. It is not a deletion: it does not replicate.
   *
   * @example
   * ```ts
   * const { documentWasRemovedCompletely } = await db.purge("milk", (await db.get("milk"))._rev);
   * ```
   */
  purge(id: string, rev: string, ...rest: Trailing<t.Abortable, t.PurgeResult>): Promise<t.PurgeResult>;
  async purge(id: string, rev: string, options: t.Abortable = {}): Promise<t.PurgeResult> {
    checkID(id);
    checkRev(rev);
    checkOptions("purge", options);
    checkSignal(options.signal);
    return purge(this, id, rev, options);
  }

  /** Reads revisions of many documents. */
  bulkGet<Model extends object = Content>(options: t.BulkGetOptions, callback?: AnyCallback<t.BulkGetResult<NoInfer<Model>>>): Promise<t.BulkGetResult<NoInfer<Model>>>;
  async bulkGet(options: t.BulkGetOptions): Promise<t.BulkGetResult<Content>> {
    checkOptions("bulkGet", options);
    checkSignal(options.signal);
    const extras = { data: toJSON("bulkGet", { docs: options.docs }), signal: options.signal };
    return (await connectionOf(this).call("bulkGet", pick(options, ["revs", "latest", "attachments", "binary"]), extras)) as t.BulkGetResult<Content>;
  }
}
