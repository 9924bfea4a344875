import type { Abortable, DocumentMeta, StoredDocument } from "./types.js";

/** The types of values, as `$type` names them. */
export type TypeName = "null" | "boolean" | "number" | "string" | "array" | "object";

/** What can be asked of a value of that type. */
export interface Operators<Value> {
  $eq?: Value | null;
  $ne?: Value | null;
  $lt?: Value | null;
  $lte?: Value | null;
  $gt?: Value | null;
  $gte?: Value | null;
  $in?: readonly (Value | null)[];
  $nin?: readonly (Value | null)[];
  $exists?: boolean;
  $type?: TypeName;
  $mod?: [divisor: number, remainder: number];
  /** A pattern, or two with the same meaning: JavaScript's and CouchDB's syntax have much in common. */
  $regex?: string | RegExp;
  $beginsWith?: string;
  $size?: number;
  $all?: Value extends readonly (infer Element)[] ? readonly Element[] : readonly unknown[];
  $elemMatch?: Value extends readonly (infer Element)[] ? Condition<Element> : never;
  $allMatch?: Value extends readonly (infer Element)[] ? Condition<Element> : never;
  $keyMapMatch?: Condition<string>;
  $not?: Condition<Value>;
  $and?: readonly Condition<Value>[];
  $or?: readonly Condition<Value>[];
  $nor?: readonly Condition<Value>[];
}

/** A value that must be equal, a pattern that must match, operators that must hold, or conditions of the members of an object. */
export type Condition<Value> = Value | RegExp | Operators<Value> | (Value extends readonly unknown[] ? never : Value extends object ? Selector<Value> : never);

/** Which documents are meant: conditions of fields, all of which must hold. A field inside of others is named by its path, `"address.city"`. */
export type Selector<Content extends object> = { [Field in keyof Content]?: Condition<Exclude<Content[Field], undefined>> } & {
  [path: `${string}.${string}`]: Condition<unknown>;
} & {
  _id?: Condition<string>;
  $and?: readonly Selector<Content>[];
  $or?: readonly Selector<Content>[];
  $nor?: readonly Selector<Content>[];
  $not?: Selector<Content>;
};

/** The name of a field, or the path to one. */
export type FieldName<Content extends object> = (keyof Content & string) | "_id" | "_rev" | `${string}.${string}`;

/** The order of one field: its name, for ascending, or with a direction. */
export type SortField<Content extends object> = FieldName<Content> | Partial<Record<FieldName<Content>, "asc" | "desc">>;

/** What `find` and `explain` take. */
export interface FindRequest<Content extends object, Fields = readonly FieldName<Content>[] | undefined> {
  selector: Selector<Content>;
  /** Only these fields of the documents. */
  fields?: Fields;
  sort?: readonly SortField<Content>[];
  /** How many documents at most. Without it a local database answers all, a remote one 25. */
  limit?: number;
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
  ? Pick<StoredDocument<Content>, Extract<Name, keyof StoredDocument<Content>>> & Partial<DocumentMeta>
  : StoredDocument<Content>;

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

export interface CreateIndexRequest<Content extends object> extends IndexNames {
  index: IndexDefinition<Content> & IndexNames;
}

export interface CreateIndexResult {
  id: string;
  name: string;
  result: "created" | "exists";
}

export interface IndexDescription {
  /** Null for the index of ids. */
  ddoc: string | null;
  name: string;
  type: "json" | "special";
  partitioned?: boolean;
  def: { fields: Record<string, "asc" | "desc">[]; partial_filter_selector?: object };
}

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

export interface QueryOptions extends Abortable {
  /** Only this key. */
  key?: unknown;
  /** These keys, in this order. */
  keys?: readonly unknown[];
  startkey?: unknown;
  endkey?: unknown;
  /** Among the rows with `startkey`, the id of the first. */
  startkey_docid?: string;
  /** Among the rows with `endkey`, the id of the last. */
  endkey_docid?: string;
  /** `false` leaves rows with `endkey` itself out. */
  inclusive_end?: boolean;
  descending?: boolean;
  limit?: number;
  skip?: number;
  /** `false` shows the rows of a view that has a reduce function. With functions: the reduce function. */
  reduce?: boolean | ReduceFunction | string;
  /** One result for each key. */
  group?: boolean;
  /** One result for each beginning of that length that keys, which are arrays, have in common. */
  group_level?: number;
  include_docs?: boolean;
  /** With `include_docs`: adds `_conflicts`. */
  conflicts?: boolean;
  /** With `include_docs`: adds the contents of attachments. */
  attachments?: boolean;
  /** With `attachments`: as Blobs, in Node as Buffers, rather than as base64. */
  binary?: boolean;
  update_seq?: boolean;
  /** Answers from the view as it is; with `"lazy"` it is brought up to date afterwards. */
  update?: boolean | "lazy";
  /** PouchDB's word for `update`: `"ok"` is `false`, `"update_after"` is `"lazy"`. */
  stale?: "ok" | "update_after";
}

export interface ViewRow<Content extends object, Value = unknown> {
  /** Not there in a result of a reduce function. */
  id: string;
  key: unknown;
  value: Value;
  /** With `include_docs`: the document, or the one that the value names by its `_id`; null when it is not there. */
  doc?: StoredDocument<Content> | null;
}

export interface QueryResult<Content extends object, Value = unknown> {
  rows: ViewRow<Content, Value>[];
  /** Rows of the view; not there in a result of a reduce function. */
  total_rows: number;
  /** Rows before the first one. */
  offset: number;
  update_seq?: number | string;
}
