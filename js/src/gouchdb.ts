import { bytesOf, prepare, type AttachmentContent } from "./attachments.js";
import { version } from "./build_id.js";
import { Changes } from "./changes.js";
import { Connection } from "./connection.js";
import { checkDocument, checkID, checkName, checkRev, documentsText, documentText, forced } from "./document.js";
import { failure, toJSON, type EngineFailure } from "./engine.js";
import { badRequest, GouchError } from "./error.js";
import { currentHost, init, runningEngine, type WasmSource } from "./host.js";
import { addressOf, type DatabaseOptions } from "./name.js";
import { checkCount, checkOptions, checkSignal, pick } from "./options.js";
import { Replication, type Peer } from "./replication.js";
import { Sync } from "./sync.js";
import type * as t from "./types.js";

/** A database to replicate with: an instance, or the name or URL of one. */
export type Target = GouchDB<object> | string;

/**
 * A database: local in this browser or process, or a remote CouchDB.
 *
 * It can be used at once; calls wait until the engine has been loaded and the database is open.
 *
 * @example
 * ```ts
 * import GouchDB from "gouchdb";
 *
 * const db = new GouchDB<{ title: string }>("todo");
 * await db.put({ _id: "milk", title: "Buy milk" });
 * const { title } = await db.get("milk");
 * await db.sync("https://user:password@example.com/todo");
 * ```
 */
export class GouchDB<Content extends object = t.AnyContent> {
  /** The version of this package. */
  static readonly version: string = version;

  /** The name, or for a remote database the URL without credentials. */
  readonly name: string;
  /** Which adapter it uses: `"indexeddb"`, `"file"`, `"memory"` or `"http"`. */
  readonly adapter: string;

  /** Replication with another database. */
  readonly replicate: {
    /** Copies what the other database lacks. */
    to: (target: Target, options?: t.ReplicateOptions) => Replication<Content>;
    /** Fetches what this database lacks. */
    from: (source: Target, options?: t.ReplicateOptions) => Replication<Content>;
  };

  readonly #connection: Connection;

  /**
   * Opens a database, and creates it when it is not there. What goes wrong later, such as a server that cannot be reached, is told by
   * the calls.
   *
   * @param nameOrOptions - A name, a URL, or options with a `name`.
   * @throws GouchError when an option cannot be.
   */
  constructor(nameOrOptions: string | DatabaseOptions, options: DatabaseOptions = {}) {
    const all = typeof nameOrOptions === "string" ? options : { ...options, ...(nameOrOptions as DatabaseOptions | undefined) };
    checkCount("revs_limit", all.revs_limit, 1);
    const address = addressOf(nameOrOptions, options, currentHost());
    this.name = address.shown;
    this.adapter = address.adapter;
    this.#connection = new Connection(address, all.revs_limit);
    this.replicate = {
      to: (target, replicateOptions = {}) => new Replication(this.#peer(), GouchDB.#peerOf(target), replicateOptions),
      from: (source, replicateOptions = {}) => new Replication(GouchDB.#peerOf(source), this.#peer(), replicateOptions),
    };
  }

  /**
   * Loads the engine now, and from elsewhere than beside this module if `wasm` says so. Only needed where the file cannot be found
   * by itself, or to be quicker at the first use.
   *
   * @example
   * ```ts
   * await GouchDB.init({ wasm: "/assets/gouchdb.wasm" });
   * ```
   */
  static async init(options: { wasm?: WasmSource } = {}): Promise<void> {
    checkOptions("init", options);
    await init(options.wasm);
  }

  /** Lists the replications that are under way in this page or process, and how they stand. */
  static async activeTasks(): Promise<t.ActiveTask[]> {
    const engine = await runningEngine();
    const tasks = ((await engine?.call("activeTasks", 0, {})) ?? []) as (t.ActiveTask & { failure?: EngineFailure })[];
    return tasks.map(({ failure: reason, ...task }) => (reason ? { ...task, error: failure(reason) } : task));
  }

  /** Lists the replications with this database that are under way. */
  async activeTasks(): Promise<t.ActiveTask[]> {
    const tasks = await GouchDB.activeTasks();
    return tasks.filter(({ source, target }) => source === this.name || target === this.name);
  }

  /** Copies what `target` lacks from `source`. */
  static replicate<Content extends object = t.AnyContent>(source: Target, target: Target, options: t.ReplicateOptions = {}): Replication<Content> {
    return new Replication(GouchDB.#peerOf(source), GouchDB.#peerOf(target), options);
  }

  /** Replicates in both directions. */
  static sync<Content extends object = t.AnyContent>(a: Target, b: Target, options: t.SyncOptions = {}): Sync<Content> {
    return new Sync(GouchDB.#peerOf(a), GouchDB.#peerOf(b), options);
  }

  /** Replicates in both directions. `push` in the result is from here to the other. */
  sync(other: Target, options: t.SyncOptions = {}): Sync<Content> {
    return new Sync(this.#peer(), GouchDB.#peerOf(other), options);
  }

  static #peerOf(target: Target): Peer {
    if (target instanceof GouchDB) {
      return target.#peer();
    }
    if (typeof target !== "string") {
      throw badRequest("replication needs a database, or the name or URL of one");
    }
    return { connection: new Connection(addressOf(target, {}, currentHost())), temporary: true };
  }

  #peer(): Peer {
    return { connection: this.#connection, temporary: false };
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
  async put(doc: t.NewDocument<Content>, options: t.PutOptions = {}): Promise<t.WriteResult> {
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
  async post(doc: t.PostDocument<Content>, options: t.PutOptions = {}): Promise<t.WriteResult> {
    checkDocument(doc);
    if (doc._id !== undefined) {
      checkID(doc._id);
    }
    checkOptions("post", options);
    return this.#write(doc, options);
  }

  async #write(doc: Record<string, unknown>, options: t.PutOptions): Promise<t.WriteResult> {
    checkSignal(options.signal);
    const prepared = prepare([doc]);
    const { value, raw } = prepared instanceof Promise ? await prepared : prepared;
    const extras = { data: documentText(value[0] ?? doc), raw, signal: options.signal };
    return (await this.#connection.call("put", pick(options, ["new_edits"]), extras)) as t.WriteResult;
  }

  /**
   * Reads a document, or with `open_revs` several revisions of it. An id that no document has is an error (404), with the reason
   * `missing` or `deleted`.
   */
  async get(id: string, options: t.OpenRevsOptions): Promise<t.OpenRev<Content>[]>;
  async get(id: string, options?: t.GetOptions): Promise<t.StoredDocument<Content>>;
  async get(id: string, options: t.GetOptions | t.OpenRevsOptions = {}): Promise<t.StoredDocument<Content> | t.OpenRev<Content>[]> {
    if (typeof id !== "string" || id === "") {
      throw new GouchError({ status: 400, name: "invalid_id", reason: "_id field must contain a string" });
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
      return (await this.#connection.call("openRevs", request, extras)) as t.OpenRev<Content>[];
    }
    const request = { id, ...pick(options, ["rev", "latest", "revs", "revs_info", "conflicts", "deleted_conflicts", "local_seq", "attachments", "binary"]) };
    return (await this.#connection.call("get", request, extras)) as t.StoredDocument<Content>;
  }

  /**
   * Deletes a document: `remove(doc)`, or `remove(id, rev)`.
   *
   * @example
   * ```ts
   * await db.remove(await db.get("milk"));
   * ```
   */
  async remove(doc: { _id: string; _rev: string }, options?: t.Abortable): Promise<t.WriteResult>;
  async remove(id: string, rev: string, options?: t.Abortable): Promise<t.WriteResult>;
  async remove(docOrID: string | { _id: string }, revOrOptions?: string | (t.Abortable & { rev?: string }), more: t.Abortable = {}): Promise<t.WriteResult> {
    const byID = typeof docOrID === "string";
    const options = byID ? more : ((revOrOptions as (t.Abortable & { rev?: string }) | undefined) ?? {});
    checkOptions("remove", options);
    if (!byID) {
      checkDocument(docOrID);
    }
    const id = byID ? docOrID : docOrID._id;
    const rev = byID ? revOrOptions : ((docOrID as { _rev?: string })._rev ?? (options as { rev?: string }).rev);
    checkID(id);
    if (rev !== undefined) {
      checkRev(rev);
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
  async putAttachment(id: string, name: string, rev: string | null | undefined, data: AttachmentContent, type: string): Promise<t.WriteResult>;
  async putAttachment(id: string, name: string, data: AttachmentContent, type: string): Promise<t.WriteResult>;
  async putAttachment(id: string, name: string, ...rest: unknown[]): Promise<t.WriteResult> {
    const withoutRev = rest.length === 2;
    const [rev, data, type] = withoutRev ? [undefined, ...rest] : rest;
    checkID(id);
    checkName(name);
    if (rev !== undefined && rev !== null) {
      checkRev(rev);
    }
    const raw = [await bytesOf(data)];
    const request = { id, name, ...(rev ? { rev } : {}), ...(type === undefined ? {} : { type }) };
    return (await this.#connection.call("putAttachment", request, { raw })) as t.WriteResult;
  }

  /** Reads an attachment: a Blob, or in Node a Buffer. */
  async getAttachment(id: string, name: string, options: t.Abortable & { rev?: string } = {}): Promise<Blob | Uint8Array> {
    checkID(id);
    checkName(name);
    checkOptions("getAttachment", options);
    checkSignal(options.signal);
    return (await this.#connection.call("getAttachment", { id, name, ...pick(options, ["rev"]) }, { signal: options.signal })) as Blob | Uint8Array;
  }

  /** Removes an attachment from a document. */
  async removeAttachment(id: string, name: string, rev: string): Promise<t.WriteResult> {
    checkID(id);
    checkName(name);
    checkRev(rev);
    return (await this.#connection.call("removeAttachment", { id, name, rev }, {})) as t.WriteResult;
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
  async bulkDocs(
    docs: (t.PostDocument<Content> | t.DeletedDocument)[] | { docs: (t.PostDocument<Content> | t.DeletedDocument)[]; new_edits?: boolean },
    options: t.BulkDocsOptions = {},
  ): Promise<(t.WriteResult | GouchError)[]> {
    checkOptions("bulkDocs", options);
    checkSignal(options.signal);
    const request = Array.isArray(docs) ? { docs } : (docs as { docs: unknown; new_edits?: boolean } | undefined);
    const list = request?.docs;
    if (!Array.isArray(list)) {
      throw badRequest("Missing JSON list of 'docs'");
    }
    list.forEach(checkDocument);
    const picked = pick({ new_edits: request?.new_edits, ...options }, ["new_edits"]);
    const prepared = prepare(list as object[]);
    const { value, raw } = prepared instanceof Promise ? await prepared : prepared;
    const extras = { data: documentsText(value), raw, signal: options.signal };
    const rows = (await this.#connection.call("bulkDocs", picked, extras)) as (t.WriteResult | EngineFailure)[];
    return rows.map((row) => ("ok" in row ? row : failure(row)));
  }

  /** Lists documents in the order of their ids. */
  async allDocs(options: t.AllDocsOptions & { keys: string[] }): Promise<t.AllDocsResult<Content, t.AllDocsRow<Content> | t.MissingRow>>;
  async allDocs(options?: t.AllDocsOptions): Promise<t.AllDocsResult<Content>>;
  async allDocs(options: t.AllDocsOptions = {}): Promise<t.AllDocsResult<Content, t.AllDocsRow<Content> | t.MissingRow>> {
    checkOptions("allDocs", options);
    checkSignal(options.signal);
    const { key, keys, startkey, endkey } = options;
    if (keys !== undefined && (key !== undefined || startkey !== undefined || endkey !== undefined)) {
      throw new GouchError({ status: 400, name: "query_parse_error", reason: "option `keys` cannot go together with `key`, `startkey` or `endkey`" });
    }
    const request = pick(options, ["startkey", "endkey", "inclusive_end", "keys", "descending", "limit", "skip", "include_docs", "conflicts", "attachments", "binary", "update_seq"]);
    if (key !== undefined) {
      Object.assign(request, { startkey: key, endkey: key, inclusive_end: true });
    }
    const result = (await this.#connection.call("allDocs", request, { signal: options.signal })) as Omit<t.AllDocsResult<Content>, "offset"> & { offset: number | null };
    const { total_rows, offset, rows, ...rest } = result;
    return { total_rows, offset: offset ?? options.skip ?? 0, rows, ...rest };
  }

  /** Reads the changes feed, once or for as long as it is not cancelled; see {@link Changes}. */
  changes(options: t.ChangesOptions = {}): Changes<Content> {
    return new Changes<Content>(this.#connection, options);
  }

  /** Tells which of these revisions are not here. */
  async revsDiff(revs: t.RevsByID, options: t.Abortable = {}): Promise<t.RevsDiffResult> {
    checkDocument(revs);
    checkSignal(options.signal);
    return (await this.#connection.call("revsDiff", {}, { data: toJSON("revsDiff", revs), signal: options.signal })) as t.RevsDiffResult;
  }

  /** Reads revisions of many documents. */
  async bulkGet(options: t.BulkGetOptions): Promise<t.BulkGetResult<Content>> {
    checkOptions("bulkGet", options);
    checkSignal(options.signal);
    const extras = { data: toJSON("bulkGet", { docs: options.docs }), signal: options.signal };
    return (await this.#connection.call("bulkGet", pick(options, ["revs", "latest", "attachments", "binary"]), extras)) as t.BulkGetResult<Content>;
  }

  /** Facts about the database. */
  async info(options: t.Abortable = {}): Promise<t.DatabaseInfo> {
    const info = (await this.#connection.call("info", {}, { signal: options.signal })) as t.DatabaseInfo;
    return { ...info, ...(this.adapter === "http" ? {} : { db_name: this.name }), adapter: this.adapter };
  }

  /** Removes the bodies of revisions that are not leaves, and gives storage back. */
  async compact(options: t.Abortable = {}): Promise<{ ok: true }> {
    return (await this.#connection.call("compact", {}, { signal: options.signal })) as { ok: true };
  }

  /** Returns when everything written is as durable as the place allows. */
  async flush(options: t.Abortable = {}): Promise<{ ok: true }> {
    return (await this.#connection.call("flush", {}, { signal: options.signal })) as { ok: true };
  }

  /** How much a local database holds, and how much storage and memory that takes. */
  async stats(options: t.Abortable = {}): Promise<t.Stats> {
    return (await this.#connection.call("stats", {}, { signal: options.signal })) as t.Stats;
  }

  /** Goes through all data of a local database and says in words what is not as it must be. It reads everything. */
  async check(options: t.Abortable = {}): Promise<t.CheckReport> {
    return (await this.#connection.call("check", {}, { signal: options.signal })) as t.CheckReport;
  }

  /** Removes a leaf as if it had never been there. It is not a deletion: it does not replicate. */
  async purge(id: string, rev: string, options: t.Abortable = {}): Promise<t.PurgeResult> {
    checkID(id);
    checkRev(rev);
    return (await this.#connection.call("purge", {}, { data: toJSON("purge", { [id]: [rev] }), signal: options.signal })) as t.PurgeResult;
  }

  /** Ends all that is going on in this instance. The data stay. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  /** Removes the database with all its data. Other instances of it can then only be closed. */
  async destroy(): Promise<{ ok: true }> {
    await this.#connection.destroy();
    return { ok: true };
  }
}
