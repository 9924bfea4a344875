// A library as its authors wrote it over PouchDB's types: options and answers in variables, parameters and fields of their own, in all of its namespaces.
// The import is all that is changed.
import PouchDB from "pouchdb";

interface Note {
  kind: "note";
  title: string;
  tags: string[];
  stars: number;
  author?: { name: string; mail?: string };
}
type NoteDocument = PouchDB.Core.ExistingDocument<Note>;
type NoteOrNothing = PouchDB.Core.Document<Note> & PouchDB.Core.GetMeta;

interface Settings {
  name: string;
  local?: PouchDB.Configuration.LocalDatabaseConfiguration;
  remote?: PouchDB.Configuration.RemoteDatabaseConfiguration;
  replication?: PouchDB.Replication.ReplicateOptions;
  sync?: PouchDB.Replication.SyncOptions;
  changes?: PouchDB.Core.ChangesOptions;
}

const defaults: PouchDB.Replication.ReplicateOptions = { live: true, retry: true, batch_size: 50, batches_limit: 5, heartbeat: 10_000, timeout: false, checkpoint: "target" };
const always: PouchDB.Core.ChangesOptions = { live: true, since: "now", include_docs: true, timeout: false, limit: false, heartbeat: false, return_docs: false, batch_size: 20, seq_interval: 10 };
const both: PouchDB.Replication.SyncOptions = { ...defaults, push: { filter: (doc) => !doc._deleted }, pull: { doc_ids: ["a"], query_params: { a: 1 }, view: "x/y" } };
const filtered: PouchDB.Core.ChangesOptions = { filter: (doc, params) => doc.kind === params.query.kind, query_params: { kind: "note" } };
const selected: PouchDB.Core.ChangesOptions = { selector: { kind: "note", stars: { $gt: 3 } }, style: "all_docs" };

export function configured(overrides: Partial<Settings>): Settings {
  return { name: "notes", ...overrides, sync: { ...both, ...overrides.sync } };
}

abstract class Store<Content extends {}> {
  protected constructor(protected readonly db: PouchDB.Database<Content>) {}

  async read(id: PouchDB.Core.DocumentId): Promise<(Content & PouchDB.Core.IdMeta & PouchDB.Core.GetMeta) | undefined> {
    try {
      return await this.db.get(id);
    } catch (thrown) {
      const error = thrown as PouchDB.Core.Error;
      if (error.status !== 404 || error.reason === "deleted") {
        throw error;
      }
      return undefined;
    }
  }

  async write(doc: PouchDB.Core.PutDocument<Content>): Promise<PouchDB.Core.RevisionId> {
    const options: PouchDB.Core.PutOptions = { force: false };
    const { ok, id, rev }: PouchDB.Core.Response = await this.db.put(doc, options);
    console.log(ok, id);
    return rev;
  }

  async writeAll(docs: Array<PouchDB.Core.PutDocument<Content>>): Promise<PouchDB.Core.Error[]> {
    const options: PouchDB.Core.BulkDocsOptions = { new_edits: true };
    const rows: Array<PouchDB.Core.Response | PouchDB.Core.Error> = await this.db.bulkDocs(docs, options);
    return rows.filter((row): row is PouchDB.Core.Error => "error" in row);
  }

  async page(options: PouchDB.Core.AllDocsWithinRangeOptions): Promise<PouchDB.Core.AllDocsResponse<Content>> {
    return this.db.allDocs({ ...options, include_docs: true, limit: 10, skip: 1, update_seq: true });
  }

  async several(keys: string[]): Promise<PouchDB.Core.AllDocsWithKeysResponse<Content>> {
    const options: PouchDB.Core.AllDocsWithKeysOptions = { keys, include_docs: true };
    return this.db.allDocs(options);
  }

  async one(key: PouchDB.Core.DocumentKey): Promise<number> {
    const options: PouchDB.Core.AllDocsWithKeyOptions = { key };
    return (await this.db.allDocs(options)).total_rows;
  }

  async size(): Promise<PouchDB.Core.DatabaseInfo> {
    return this.db.info();
  }

  async end(): Promise<void> {
    await this.db.compact({ interval: 500 });
    await this.db.viewCleanup();
    await this.db.close();
  }
}

export class Notes extends Store<Note> {
  private feed: PouchDB.Core.Changes<Note> | null = null;
  private running: PouchDB.Replication.Sync<Note> | null = null;
  private readonly replications: Array<PouchDB.Replication.Replication<Note>> = [];

  constructor(settings: Settings, private readonly remote: PouchDB.Database<Note>) {
    super(new PouchDB<Note>(settings.name, settings.local));
  }

  static connect(url: string, configuration: PouchDB.Configuration.RemoteDatabaseConfiguration): PouchDB.Database<Note> {
    const options: PouchDB.Configuration.DatabaseConfiguration = { ...configuration, adapter: "http", fetch: (input, init) => PouchDB.fetch(input as string, init) };
    return new PouchDB(url, options);
  }

  async prepare(): Promise<PouchDB.Find.Index[]> {
    const index: PouchDB.Find.CreateIndexOptions = { index: { fields: ["kind", "stars"], name: "stars", ddoc: "by-stars", type: "json", partial_filter_selector: { kind: "note" } } };
    const { result }: PouchDB.Find.CreateIndexResponse<Note> = await this.db.createIndex(index);
    console.log(result);
    const { indexes }: PouchDB.Find.GetIndexesResponse<Note> = await this.db.getIndexes();
    for (const { ddoc, name } of indexes) {
      if (ddoc !== null && name === "old") {
        const old: PouchDB.Find.DeleteIndexOptions = { ddoc, name };
        await this.db.deleteIndex(old);
      }
    }
    return indexes;
  }

  async best(stars: number): Promise<NoteDocument[]> {
    const selector: PouchDB.Find.Selector = { kind: "note", stars: { $gte: stars }, $or: [{ title: { $regex: "^a" } }, { "author.name": { $exists: true } }] };
    const request: PouchDB.Find.FindRequest<Note> = { selector, sort: [{ stars: "desc" }], fields: ["_id", "_rev", "title"], limit: 5, skip: 0, use_index: ["by-stars", "stars"] };
    const response: PouchDB.Find.FindResponse<Note> = await this.db.find(request);
    if (response.warning) {
      console.warn(response.warning);
    }
    return response.docs;
  }

  static condition(least: number): PouchDB.Find.ConditionOperators {
    return { $gte: least, $type: "number" };
  }

  async tagged(tag: string): Promise<string[]> {
    const options: PouchDB.Query.Options<Note, number> = { key: tag, include_docs: true, reduce: false, stale: "ok" };
    const response: PouchDB.Query.Response<{}> = await this.db.query<number, Note>((doc, emit) => doc.tags.forEach((each) => emit!(each, doc.stars)), options);
    return response.rows.map(({ id }) => id);
  }

  async averages(): Promise<Record<string, number>> {
    const view: PouchDB.Filter<Note, number> = { map: (doc, emit) => { emit!(doc.author?.name, doc.stars); }, reduce: "_sum" };
    const { rows } = await this.db.query<number, Note>(view, { group: true, group_level: 1, startkey: "a", endkey: ["z"], inclusive_end: true });
    return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
  }

  watch(listener: (doc: NoteDocument | undefined, deleted: boolean) => void): void {
    this.feed = this.db.changes(always);
    this.feed.on("change", (change: PouchDB.Core.ChangesResponseChange<Note>) => listener(change.doc, change.deleted === true));
    this.feed.on("complete", ({ last_seq }: PouchDB.Core.ChangesResponse<Note>) => console.log(last_seq)).on("error", (error) => console.error(error));
    void this.db.changes(filtered).then(({ results }) => console.log(results.length));
    void this.db.changes(selected);
  }

  replicate(settings: Settings): void {
    const push = this.db.replicate.to<Note>(this.remote, defaults);
    const pull: PouchDB.Replication.Replication<Note> = this.db.replicate.from(this.remote, settings.replication);
    this.replications.push(push, pull, PouchDB.replicate<Note>(this.db, "copy", { doc_ids: ["a"] }));
    push.on("change", (info: PouchDB.Replication.ReplicationResult<Note>) => console.log(info.docs.length, info.last_seq))
      .on("denied", (error) => console.warn(error))
      .on("paused", (error) => console.log(error))
      .on("active", () => console.log("active"))
      .on("complete", (info: PouchDB.Replication.ReplicationResultComplete<Note>) => console.log(info.status, info.docs_written));
  }

  sync(settings: Settings): Promise<PouchDB.Replication.SyncResultComplete<Note>> {
    this.running = this.db.sync<Note>(this.remote, settings.sync ?? both);
    this.running.on("change", ({ direction, change }: PouchDB.Replication.SyncResult<Note>) => console.log(direction, change.docs_read));
    const again: PouchDB.Replication.Sync<Note> = PouchDB.sync(this.db, this.remote, both);
    again.cancel();
    return this.running;
  }

  stop(): void {
    this.feed?.cancel();
    this.running?.cancel();
    this.replications.forEach((replication) => replication.cancel());
    this.db.removeAllListeners();
  }

  async picture(doc: PouchDB.Core.RemoveDocument, picture: PouchDB.Core.AttachmentData): Promise<PouchDB.Core.Attachments> {
    const name: PouchDB.Core.AttachmentId = "picture";
    await this.db.putAttachment(doc._id, name, doc._rev, picture, "image/png");
    const options: PouchDB.Core.GetOptions = { attachments: true, binary: true, revs: true, revs_info: true, conflicts: true, latest: true };
    const read: NoteOrNothing = await this.db.get(doc._id, options);
    const { _attachments = {}, _revisions, _revs_info } = read;
    console.log(_revisions?.ids.length, _revs_info?.map(({ status }) => status));
    const attachment = _attachments[name] as PouchDB.Core.StubAttachment | PouchDB.Core.FullAttachment;
    if ("stub" in attachment && attachment.stub) {
      console.log(attachment.length, attachment.digest);
    }
    const removed: PouchDB.Core.RemoveAttachmentResponse = await this.db.removeAttachment(doc._id, name, read._rev);
    console.log(removed.rev);
    return _attachments;
  }

  async versions(id: string): Promise<string[]> {
    const options: PouchDB.Core.GetOpenRevisions = { open_revs: "all", revs: true };
    const revisions: Array<PouchDB.Core.Revision<Note>> = (await this.db.get(id, options)) as Array<PouchDB.Core.Revision<Note>>;
    const request: PouchDB.Core.BulkGetOptions = { docs: [{ id }], revs: true };
    const { results }: PouchDB.Core.BulkGetResponse<Note> = await this.db.bulkGet(request);
    const lacking: PouchDB.Core.RevisionDiffResponse = await this.db.revsDiff({ [id]: ["1-a"] });
    return [...revisions.map(({ ok }) => ok._rev), ...results.map((row) => row.id), ...(lacking[id]?.missing ?? [])];
  }

  remove(doc: PouchDB.Core.RemoveDocument, callback: PouchDB.Core.Callback<PouchDB.Core.Response>): void {
    this.db.remove(doc, {}, callback);
    this.db.get(doc._id, null, (error, found) => console.log(error?.status, found?.title));
    this.db.info((error, info) => console.log(error, info?.doc_count));
  }
}

// Classes, and what is done to them.
export function classWith(plugin: PouchDB.Plugin): PouchDB.Static {
  PouchDB.plugin(plugin);
  PouchDB.on("created", (name: string) => console.log(name, PouchDB.version));
  return PouchDB;
}

export function forTests(PouchClass: PouchDB.Static): PouchDB.Database<Note> {
  const Memory = PouchClass.defaults({ adapter: "memory", prefix: "test-", auto_compaction: true, size: 10 });
  const db: PouchDB.Database<Note> = new Memory<Note>("notes");
  const untyped: PouchDB.Database = new PouchClass("anything");
  void untyped.put({ _id: "a", whatever: 1 }).then(() => untyped.get("a")).then((doc) => untyped.remove(doc));
  void untyped.post({ title: "x" }).then(({ id }) => untyped.get<Note>(id)).then((note) => note.tags.length);
  return db;
}

export async function anyDatabase(db: PouchDB.Database<any>): Promise<unknown> {
  const { rows } = await db.allDocs({ include_docs: true });
  return rows.map((row) => row.doc);
}
