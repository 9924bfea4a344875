import type { FieldName, Projection, Selector } from "./selector_types.js";
import type { Abortable, DocumentMeta, StoredDocument } from "./types.js";

/** The order of one field: its name, for ascending, or with a direction. */
export type SortField<Content extends object> = FieldName<Content> | Partial<Record<FieldName<Content>, "asc" | "desc">>;

/** What `find` and `explain` take. */
export interface FindRequest<Content extends object, Fields = readonly FieldName<Content>[] | undefined> {
  /** Which documents. */
  selector: Selector<Content>;
  /** Only these fields of the documents. */
  fields?: Fields;
  /** In this order; without one, in that of the index that answers. */
  sort?: readonly SortField<Content>[];
  /** How many documents at most. Without it a local database answers all, a remote one 25. */
  limit?: number;
  /** Leaves out so many at the beginning. */
  skip?: number;
  /** Where the page before ended. */
  bookmark?: string;
  /** This index: its design document, perhaps with its name. */
  use_index?: string | [ddoc: string] | [ddoc: string, name: string];
  /** Adds `_conflicts` to documents. */
  conflicts?: boolean;
  /** Adds what the answer cost. */
  execution_stats?: boolean;
  /** `false` answers from an index as it is. */
  update?: boolean;
}

/** What a find cost. */
export interface ExecutionStats {
  total_keys_examined: number;
  total_docs_examined: number;
  total_quorum_docs_examined: number;
  results_returned: number;
  execution_time_ms: number;
}

/** A document that was found. With `fields` it has these alone. */
export type FoundDocument<Content extends object, Fields = undefined> = Fields extends readonly (infer Name)[]
  ? (Content extends unknown ? Projection<StoredDocument<Content>, Name> : never) & Partial<DocumentMeta>
  : StoredDocument<Content>;

/** What `find` answers. */
export interface FindResult<Doc> {
  docs: Doc[];
  /** Begins the next page. */
  bookmark: string;
  /** What would make the query quicker. */
  warning?: string;
  execution_stats?: ExecutionStats;
}

/** What an index is made of. */
export interface IndexDefinition<Content extends object> {
  fields: readonly SortField<Content>[];
  /** Only documents that it matches are in the index. */
  partial_filter_selector?: Selector<Content>;
}

interface IndexNames {
  /** The design document that holds the index, `_design/` left out or not. Without one it is named after the index's definition. */
  ddoc?: string;
  name?: string;
  type?: "json";
}

/** What `createIndex` takes. */
export interface CreateIndexRequest<Content extends object> extends IndexNames {
  /** The fields, and perhaps the names here rather than beside it. */
  index: IndexDefinition<Content> & IndexNames;
}

/** What `createIndex` answers. */
export interface CreateIndexResult {
  id: string;
  name: string;
  result: "created" | "exists";
}

/** An index, as `getIndexes` shows it. */
export interface IndexDescription {
  /** Null for the index of ids. */
  ddoc: string | null;
  name: string;
  type: "json" | "special";
  partitioned?: boolean;
  def: { fields: Record<string, "asc" | "desc">[]; partial_filter_selector?: object };
}

/** What `getIndexes` answers. */
export interface GetIndexesResult {
  total_rows: number;
  indexes: IndexDescription[];
}

/** How a find is answered. */
export interface Explanation {
  dbname: string;
  index: IndexDescription;
  selector: object;
  opts: Record<string, unknown>;
  limit: number;
  skip: number;
  fields: string[] | "all_fields";
  [detail: string]: unknown;
}

/** Emits a row of a view. */
export type Emit = (key?: unknown, value?: unknown) => void;

/** Emits rows for a document. `emit` is also there by that name, as in design documents. */
export type MapFunction<Content extends object> = (doc: StoredDocument<Content>, emit: Emit) => void;

/** Makes one value of the values of many rows. `keys` are pairs of key and id, null when `values` are results of itself. */
export type ReduceFunction = (keys: [key: unknown, id: string][] | null, values: unknown[], rereduce: boolean) => unknown;

/** Functions, or their sources. */
export interface ViewFunctions<Content extends object> {
  map: MapFunction<Content> | string;
  /** A function, its source, or the name of a built-in one, such as `_sum`. */
  reduce?: ReduceFunction | string | false;
}

/** Which rows of a view are answered, and how. */
export interface QueryOptions extends Abortable {
  /** Only this key. */
  key?: unknown;
  /** These keys, in this order. */
  keys?: readonly unknown[];
  /** From this key on. */
  startkey?: unknown;
  /** Up to this key. */
  endkey?: unknown;
  /** Among the rows with `startkey`, the id of the first. */
  startkey_docid?: string;
  /** Among the rows with `endkey`, the id of the last. */
  endkey_docid?: string;
  /** `false` leaves rows with `endkey` itself out. */
  inclusive_end?: boolean;
  /** From the last down; `startkey` then comes after `endkey`. */
  descending?: boolean;
  /** So many rows at most. */
  limit?: number;
  /** Leaves out so many rows at the beginning. */
  skip?: number;
  /** `false` shows the rows of a view that has a reduce function. With functions: the reduce function. */
  reduce?: boolean | ReduceFunction | string;
  /** One result for each key. */
  group?: boolean;
  /** One result for each beginning of that length that keys, which are arrays, have in common. */
  group_level?: number;
  /** Adds the documents. */
  include_docs?: boolean;
  /** With `include_docs`: adds `_conflicts`. */
  conflicts?: boolean;
  /** With `include_docs`: adds the contents of attachments. */
  attachments?: boolean;
  /** With `attachments`: as Blobs, in Node as Buffers, rather than as base64. */
  binary?: boolean;
  /** Adds `update_seq` to the answer. */
  update_seq?: boolean;
  /** Answers from the view as it is; with `"lazy"` it is brought up to date afterwards. */
  update?: boolean | "lazy";
  /** PouchDB's word for `update`: `"ok"` is `false`, `"update_after"` is `"lazy"`. */
  stale?: "ok" | "update_after";
}

/** A row of a view, or a result of its reduce function. */
export interface ViewRow<Content extends object, Value = unknown> {
  /** Not there in a result of a reduce function. */
  id: string;
  key: unknown;
  value: Value;
  /** With `include_docs`: the document, or the one that the value names by its `_id`; null when it is not there. */
  doc?: StoredDocument<Content> | null;
}

/** What `query` answers. */
export interface QueryResult<Content extends object, Value = unknown> {
  rows: ViewRow<Content, Value>[];
  /** Rows of the view; not there in a result of a reduce function. */
  total_rows: number;
  /** Rows before the first one. */
  offset: number;
  update_seq?: number | string;
}
