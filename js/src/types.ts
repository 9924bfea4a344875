import type { Attachments } from "./attachments.js";
import type { GouchError } from "./error.js";
import type { Selector } from "./selector_types.js";

/** What a database holds when nothing more is known of it. */
// eslint-disable-next-line @typescript-eslint/consistent-indexed-object-style -- an interface shows by its name
export interface AnyContent {
  [field: string]: unknown;
}

/** Members that the database adds to a document when asked for. */
export interface DocumentMeta {
  _deleted?: boolean;
  _attachments?: Attachments;
  _revisions?: { start: number; ids: string[] };
  _revs_info?: { rev: string; status: "available" | "missing" | "deleted" }[];
  _conflicts?: string[];
  _deleted_conflicts?: string[];
  _local_seq?: number | string;
}

/** A document as it is read: with its id and revision. */
export type StoredDocument<Content extends object> = Content & DocumentMeta & { _id: string; _rev: string };

/** A document as it is written with `put`: `_rev` is that of the revision that it follows. */
export type NewDocument<Content extends object> = Content & DocumentMeta & { _id: string; _rev?: string };

/** A document that is given an id when it has none. */
export type PostDocument<Content extends object> = Content & DocumentMeta & { _id?: string; _rev?: string };

/** A design document: functions for the database to run, and indexes. It is taken by every database, whatever its other documents are. */
export interface DesignDocument {
  _id: `_design/${string}`;
  _rev?: string;
  _deleted?: boolean;
  _attachments?: Attachments;
  /** `"javascript"` when nothing is said, `"query"` for indexes. */
  language?: string;
  /** The sources of functions, by the name of the view. */
  views?: Record<string, { map: unknown; reduce?: string; options?: object }>;
  filters?: Record<string, string>;
  [member: string]: unknown;
}

/** A document that stays where it was written, and is never replicated. */
export interface LocalDocument {
  _id: `_local/${string}`;
  _rev?: string;
  _deleted?: boolean;
  [member: string]: unknown;
}

/** Any object, when nothing is known of the content. */
export type UnknownDocument<Content extends object> = AnyContent extends Content ? object : never;

/** What may be written beside a database's own documents. */
export type OtherDocument<Content extends object> = DesignDocument | LocalDocument | (UnknownDocument<Content> & { _id: string });

/** A tombstone, as `bulkDocs` takes it. */
export interface DeletedDocument {
  _id: string;
  _rev?: string;
  _deleted: true;
}

/** What `bulkDocs` takes. */
export type BulkDocuments<Content extends object> =
  | (PostDocument<Content> | DeletedDocument | DesignDocument | LocalDocument | UnknownDocument<Content>)[]
  | { docs: (PostDocument<Content> | DeletedDocument | DesignDocument | LocalDocument | UnknownDocument<Content>)[]; new_edits?: boolean };

/** What a write answers. */
export interface WriteResult {
  ok: true;
  id: string;
  rev: string;
}

/** What a call may be ended with. */
export interface Abortable {
  /** When it is aborted, the call rejects with its reason. What a write had already done stays done. */
  signal?: AbortSignal | undefined;
}

/** How `put` and `post` write. */
export interface PutOptions extends Abortable {
  /** Writes without regard to what is there: next to a newer revision the two are in conflict. */
  force?: boolean;
  /** `false` stores the revision as it is, with the ancestry in `_revisions`, as replication does. */
  new_edits?: boolean;
}

/** How `bulkDocs` writes. */
export interface BulkDocsOptions extends Abortable {
  /** `false` stores the revisions as they are, as replication does. Then only failures are answered. */
  new_edits?: boolean;
  /** Local databases: writes all documents or, when one of them cannot be written, none. */
  atomic?: boolean;
}

/** Which revision `get` reads, and what it adds. */
export interface GetOptions extends Abortable {
  /** This revision in place of the winner. */
  rev?: string;
  /** With `rev` or `open_revs`: the newest below it. */
  latest?: boolean;
  /** Adds `_revisions`, the ancestry. */
  revs?: boolean;
  /** Adds `_revs_info`, the ancestry with what can still be read. */
  revs_info?: boolean;
  /** Adds `_conflicts`, the other leaves that are not deleted. */
  conflicts?: boolean;
  /** Adds `_deleted_conflicts`. */
  deleted_conflicts?: boolean;
  /** Adds `_local_seq`. */
  local_seq?: boolean;
  /** Adds the contents of attachments. */
  attachments?: boolean;
  /** With `attachments`: as Blobs, in Node as Buffers, rather than as base64. */
  binary?: boolean;
}

/** How `compact` goes. */
export interface CompactOptions extends Abortable {
  /** Accepted, as PouchDB has it: how often to ask a remote database whether it is done, in milliseconds. It is not waited for. */
  interval?: number;
}

/** Which revisions `get` reads when it is asked for several. */
export interface OpenRevsOptions extends Abortable {
  /** All leaves, or these revisions. */
  open_revs: "all" | string[];
  /** The newest below each. */
  latest?: boolean;
  /** Adds `_revisions`, the ancestry. */
  revs?: boolean;
  /** Adds the contents of attachments. */
  attachments?: boolean;
  /** With `attachments`: as Blobs, in Node as Buffers, rather than as base64. */
  binary?: boolean;
}

/** One of the revisions that were asked for with `open_revs`; of `"all"`, none is missing. */
export type OpenRev<Content extends object> = FoundRev<Content> | { missing: string };

/** A revision that was found. */
export interface FoundRev<Content extends object> {
  ok: StoredDocument<Content>;
}

/** Which documents `allDocs` lists, and how. */
export interface AllDocsOptions extends Abortable {
  /** Adds the documents. */
  include_docs?: boolean;
  /** With `include_docs`: adds `_conflicts`. */
  conflicts?: boolean;
  /** With `include_docs`: adds the contents of attachments. */
  attachments?: boolean;
  /** With `attachments`: as Blobs, in Node as Buffers, rather than as base64. */
  binary?: boolean;
  /** From this id on. */
  startkey?: string;
  /** Up to this id. */
  endkey?: string;
  /** Same as `startkey`. */
  start_key?: string;
  /** Same as `endkey`. */
  end_key?: string;
  /** `false` leaves `endkey` itself out. */
  inclusive_end?: boolean;
  /** Only this id. */
  key?: string;
  /** These ids, in this order; unknown and deleted ones are answered too. */
  keys?: string[];
  /** From the last down; `startkey` then comes after `endkey`. */
  descending?: boolean;
  /** So many at most. */
  limit?: number;
  /** Leaves out so many at the beginning. */
  skip?: number;
  /** Adds `update_seq` to the answer. */
  update_seq?: boolean;
}

/** A document that `allDocs` lists. */
export interface AllDocsRow<Content extends object> {
  id: string;
  key: string;
  value: { rev: string; deleted?: true };
  /** With `include_docs`; null for a deleted document. */
  doc?: StoredDocument<Content> | null;
  error?: undefined;
}

/** Answers an id in `keys` that no document has. */
export interface MissingRow {
  key: string;
  error: "not_found";
  id?: undefined;
  value?: undefined;
  doc?: undefined;
}

/** What `allDocs` answers. */
export interface AllDocsResult<Content extends object, Row = AllDocsRow<Content>> {
  /** Documents in the database that are not deleted. */
  total_rows: number;
  /** Rows before the first one. */
  offset: number;
  rows: Row[];
  update_seq?: number | string;
}

/** A position in the changes feed: a number in local databases, opaque in remote ones. */
export type Seq = number | string;

/** Answers whether a document is wanted. A deleted one has `_deleted`, and mostly nothing of what it held. `request.query` is what was given as `query_params`. */
export type FilterFunction<Content extends object = AnyContent> = (doc: StoredDocument<Partial<Content>>, request: { query: Record<string, unknown> }) => boolean;

/** Which documents a feed or a replication is about: one of these. */
export interface FeedFilter<Content extends object = AnyContent> {
  /** Only these documents. */
  doc_ids?: string[];
  /** Only what this Mango selector matches. It sees deleted documents and design documents, too. */
  selector?: Selector<Content>;
  /** Only what the map function of this view, `"ddoc/view"`, emits something for. */
  view?: string;
  /**
   * Only what this function answers true for; or the name of a filter function of a design document, `"ddoc/filter"`, or `"_design"` for design
   * documents. `"_doc_ids"`, `"_selector"` and `"_view"` are implied by the other options.
   */
  filter?: string | FilterFunction<Content>;
  /** What the filter function finds in `request.query`. */
  query_params?: Record<string, unknown>;
}

/** Which changes are read, and how. */
export interface ChangesOptions<Content extends object = AnyContent> extends Abortable, FeedFilter<Content> {
  /** Changes after this position, or after what is there `"now"`. */
  since?: Seq;
  /** So many at most; `false` for all. */
  limit?: number | false;
  /** From the newest down. */
  descending?: boolean;
  /** Adds the documents. */
  include_docs?: boolean;
  /** With `include_docs`: adds `_conflicts`. */
  conflicts?: boolean;
  /** With `include_docs`: adds the contents of attachments. */
  attachments?: boolean;
  /** With `attachments`: as Blobs, in Node as Buffers, rather than as base64. */
  binary?: boolean;
  /** `"all_docs"` lists all leaves of a document, not only the winner. */
  style?: "main_only" | "all_docs";
  /** Goes on with what comes later, until it is cancelled. */
  live?: boolean;
  /** How long one request to a remote database may wait for news, in milliseconds; by default, or with `false`, a while. */
  timeout?: number | false;
  /** How often a remote database shall give a sign of life, in milliseconds; with `false` that is chosen here: a connection that is dead is always noticed. */
  heartbeat?: number | boolean;
  /** How many changes are read at a time by live feeds and `for await`. */
  batch_size?: number;
  /** A remote database may leave out all but every nth position, which spares it work; rows without have `null`. */
  seq_interval?: number;
  /** `false` keeps `results` empty; the events tell everything. Live feeds never collect results. */
  return_docs?: boolean;
}

/** A document has changed. */
export interface Change<Content extends object> {
  seq: Seq;
  id: string;
  changes: { rev: string }[];
  deleted?: true;
  /** With `include_docs`. */
  doc?: StoredDocument<Content>;
}

/** What a changes feed has told when it is at its end. */
export interface ChangesResult<Content extends object> {
  results: Change<Content>[];
  /** Where to go on. */
  last_seq: Seq;
  /** Set when the feed was cancelled. */
  status?: "cancelled";
}

/** Revisions by document id. */
export type RevsByID = Record<string, string[]>;

/** The revisions that are not here, by document id, and those here that they may follow. Documents of which nothing is missing are left out. */
export type RevsDiffResult = Record<string, { missing: string[]; possible_ancestors?: string[] }>;

/** Which revisions `bulkGet` reads, and what it adds. */
export interface BulkGetOptions extends Abortable {
  /** The documents, and which revision of each; without `rev` the leaves. */
  docs: { id: string; rev?: string }[];
  /** Adds `_revisions`, the ancestry. */
  revs?: boolean;
  /** The newest below each revision. */
  latest?: boolean;
  /** Adds the contents of attachments. */
  attachments?: boolean;
  /** With `attachments`: as Blobs, in Node as Buffers, rather than as base64. */
  binary?: boolean;
}

/** What `bulkGet` answers: for each document asked for, in that order, what was found. */
export interface BulkGetResult<Content extends object> {
  results: {
    id: string;
    docs: ({ ok: StoredDocument<Content> } | { error: { id: string; rev: string; error: string; reason: string } })[];
  }[];
}

/** Facts about a database. */
export interface DatabaseInfo {
  db_name: string;
  doc_count: number;
  doc_del_count: number;
  update_seq: Seq;
  purge_seq: Seq;
  adapter: string;
  auto_compaction: boolean;
  /** Local databases. */
  uuid?: string;
  /** Bytes in use and occupied, 0 when not known. */
  sizes: { active: number; file: number };
}

/** What a local database holds and takes up. */
export interface Stats {
  doc_count: number;
  doc_del_count: number;
  /** Keys and values, without what was replaced. */
  live_bytes: number;
  /** The log, garbage included; 0 in memory. */
  log_bytes: number;
  /** How many times as large as what is alive the log is. It is compacted by itself when this passes 2. */
  ratio: number;
  cache_bytes: number;
  cache_limit: number;
}

/** What an integrity check found. */
export interface CheckReport {
  /** Whether there are no problems. */
  ok: boolean;
  documents: number;
  revisions: number;
  bodies: number;
  local_docs: number;
  /** Each in words. */
  problems: string[];
}

/** What was purged. */
export interface PurgeResult {
  ok: true;
  /** The leaf, and the ancestors that no other leaf has. */
  deletedRevs: string[];
  /** Whether there was no other leaf. */
  documentWasRemovedCompletely: boolean;
  /** How many purges there were, in CouchDB's terms. */
  purge_seq: Seq;
  /** CouchDB's word for what was removed: the leaf. */
  purged: RevsByID;
}

/**
 * How a replication goes. A filter that is a function judges each revision by itself, deletions too: let `doc._deleted` pass if the other side shall hear
 * of them. Other filters are applied by the source.
 */
export interface ReplicateOptions<Content extends object = AnyContent> extends Abortable, FeedFilter<Content> {
  /** Where to begin when there is no checkpoint. */
  since?: Seq;
  /** `"main_only"` leaves conflicts behind. */
  style?: "main_only" | "all_docs";
  /** How many documents are copied at a time. */
  batch_size?: number;
  /** How many batches may be fetched before they are written. */
  batches_limit?: number;
  /** Leaves conflicts behind: same as `style: "main_only"`. */
  winning_revs_only?: boolean;
  /** Accepted, as PouchDB has it: how long requests wait, and what tells that a connection is dead, is chosen here. */
  timeout?: number | false;
  /** Accepted like `timeout`. */
  heartbeat?: number | boolean;
  /** Tells a filter function from others, by default its source text: with another one the replication begins anew. */
  filter_name?: string;
  /** Goes on with what comes later, until it is cancelled. */
  live?: boolean;
  /** Which sides remember how far it got: both unless this says otherwise. */
  checkpoint?: boolean | "source" | "target";
  /** Tries again, with growing pauses, when the other side cannot be reached; together with `live`, for ever. */
  retry?: boolean;
  /** With `live` and `retry`: how long to wait before the next attempt, in milliseconds, given the last wait, 0 at first. */
  back_off_function?: (delay: number) => number;
}

/** What a replication has done. */
export interface ReplicationResult {
  ok: boolean;
  start_time: string;
  end_time?: string;
  docs_read: number;
  docs_written: number;
  doc_write_failures: number;
  /** What the documents take that were read and written, about. */
  bytes_read: number;
  bytes_written: number;
  /** Of documents: those that the target refused, or that could not be copied. */
  errors: GouchError[];
  last_seq: Seq;
  status?: "complete" | "cancelled" | "aborting";
}

/**
 * What a replication is doing: connecting, copying, waiting for changes with nothing left to do (`"paused"`), waiting to try again after an
 * error, or nothing any more.
 */
export type ReplicationState = "starting" | "active" | "paused" | "waiting" | "stopped";

/** How a replication stands. */
export interface ReplicationStatus extends ReplicationResult {
  state: ReplicationState;
  /** How many changes are known to be left. */
  pending: number;
  /** What went wrong last, unless all is well again. */
  error?: GouchError;
}

/** A replication under way, as {@link GouchDB.activeTasks} lists it, with CouchDB's names. */
export interface ReplicationTask {
  type: "replication";
  id: number;
  source: string;
  target: string;
  continuous: boolean;
  replication_id: string;
  state: ReplicationState;
  started_on?: string;
  changes_pending: number;
  docs_read: number;
  docs_written: number;
  doc_write_failures: number;
  bytes_read: number;
  bytes_written: number;
  through_seq: Seq;
  /** What went wrong last, unless all is well again. */
  error?: GouchError;
}

/** An index that is being built, or the views of a design document that are being brought up to date, as CouchDB lists them. */
export interface IndexTask {
  type: "indexer";
  database: string;
  design_document: string;
  /** The name of an index; views are updated together. */
  index?: string;
  changes_done: number;
  total_changes: number;
}

/** Something that is going on. */
export type ActiveTask = ReplicationTask | IndexTask;

/** What a replication has done so far, and the documents that it has just written. */
export interface ReplicationChange<Content extends object> extends ReplicationResult {
  /** How many changes are known to be left. */
  pending: number;
  docs: StoredDocument<Content>[];
}

/** A document that one of the sides of a sync refused. */
export interface Denied {
  /** From the local database, or to it. */
  direction: "push" | "pull";
  /** The refusal; its `docId` names the document. */
  doc: GouchError;
}

/** How two databases are brought together. */
export interface SyncOptions<Content extends object = AnyContent> extends ReplicateOptions<Content> {
  /** Options of the way there, before the common ones. */
  push?: ReplicateOptions<Content>;
  /** Options of the way back, before the common ones. */
  pull?: ReplicateOptions<Content>;
}

/** What both directions of a sync have done. */
export interface SyncResult {
  push: ReplicationResult;
  pull: ReplicationResult;
}

/** A replication's event, with the direction that it comes from. */
export interface SyncChange<Content extends object> {
  direction: "push" | "pull";
  change: ReplicationChange<Content>;
}
