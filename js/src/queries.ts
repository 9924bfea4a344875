import type { Trailing } from "./callback.js";
import { connectionOf, noteBuiltIn } from "./database.js";
import { Documents } from "./documents.js";
import { toJSON } from "./engine.js";
import { badRequest } from "./error.js";
import { checkOptions, checkSignal, pick } from "./options.js";
import type * as q from "./query_types.js";
import type { FieldName } from "./selector_types.js";
import { lend, send, takeBack } from "./scripts.js";
import type { Abortable, AnyContent } from "./types.js";

type Script = Parameters<typeof lend>[0];

/** A database as it is queried. */
export class Queries<Content extends object = AnyContent> extends Documents<Content> {
  static {
    noteBuiltIn(this.prototype);
  }

  /**
   * Finds the documents that a selector matches: with an index when there is a fitting one, else by reading all, which `warning` then says.
   *
   * @example
   * ```ts
   * await db.createIndex({ index: { fields: ["type", "price"] } });
   * const { docs } = await db.find({ selector: { type: "book", price: { $lt: 20 } }, sort: ["type", "price"] });
   * ```
   */
  find<const Fields extends readonly FieldName<Content>[] | undefined = undefined>(
    request: q.FindRequest<Content, Fields>,
    ...rest: Trailing<Abortable, q.FindResult<q.FoundDocument<Content, Fields>>>
  ): Promise<q.FindResult<q.FoundDocument<Content, Fields>>>;
  async find(request: q.FindRequest<Content>, options: Abortable = {}): Promise<unknown> {
    return this.#post("find", this.#unlimited(request), options);
  }

  /** Tells how `find` would answer: with which index, and what of it would be read. */
  explain(request: q.FindRequest<Content>, ...rest: Trailing<Abortable, q.Explanation>): Promise<q.Explanation>;
  async explain(request: q.FindRequest<Content>, options: Abortable = {}): Promise<q.Explanation> {
    const explanation = (await this.#post("explain", this.#unlimited(request), options)) as q.Explanation;
    return { ...explanation, ...(this._remote ? {} : { dbname: this.name }) };
  }

  // To find all is what PouchDB's users expect here; a server has its own opinion.
  #unlimited<Request>(request: Request): Request {
    return this._remote || typeof request !== "object" || request === null || Array.isArray(request) ? request : { limit: 2 ** 31 - 1, ...request };
  }

  /** Makes an index of documents by fields of theirs, unless it is there. It is a design document, and replicates. */
  createIndex(request: q.CreateIndexRequest<Content>, ...rest: Trailing<Abortable, q.CreateIndexResult>): Promise<q.CreateIndexResult>;
  async createIndex(request: q.CreateIndexRequest<Content>, options: Abortable = {}): Promise<q.CreateIndexResult> {
    checkOptions("createIndex", request);
    // PouchDB's users give the names beside the fields, or the fields without an index around them.
    const { fields, ...plain } = request as q.CreateIndexRequest<Content> & { fields?: unknown };
    const { ddoc, name, type, ...index } = (plain.index as q.CreateIndexRequest<Content>["index"] | undefined) ?? {};
    const names = pick({ ddoc, name, type }, ["ddoc", "name", "type"]);
    return (await this.#post("createIndex", { type: "json", ...plain, ...names, index: { ...index, ...(fields === undefined ? {} : { fields }) } }, options)) as q.CreateIndexResult;
  }

  /** Lists the indexes, beginning with the one of ids, which every database has. */
  getIndexes(...rest: Trailing<Abortable, q.GetIndexesResult>): Promise<q.GetIndexesResult>;
  async getIndexes(options: Abortable = {}): Promise<q.GetIndexesResult> {
    return this.ask("getIndexes", {}, options.signal);
  }

  /** Removes an index, as `getIndexes` shows it. */
  deleteIndex(index: { ddoc: string | null; name: string; type?: string }, ...rest: Trailing<Abortable, { ok: true }>): Promise<{ ok: true }>;
  async deleteIndex(index: { ddoc: string | null; name: string; type?: string }, options: Abortable = {}): Promise<{ ok: true }> {
    checkOptions("deleteIndex", index);
    for (const name of ["ddoc", "name"] as const) {
      if (typeof index[name] !== "string" || index[name] === "") {
        throw badRequest(`You must supply an index.${name} when deleting`);
      }
    }
    return (await this.#post("deleteIndex", pick(index, ["ddoc", "name", "type"]), options)) as { ok: true };
  }

  async #post(operation: string, request: unknown, options: Abortable): Promise<unknown> {
    checkOptions(operation, request);
    checkSignal(options.signal);
    return this.ask(operation, {}, options.signal, toJSON(operation, patternsAsText(request)));
  }

  /**
   * Queries a view of a design document, `"ddoc/view"`, or functions. A view is kept, and brought up to date by what has changed. Functions
   * read all documents each time, since what they take from around them may be something else by then; their sources, as text, are kept like a view, until
   * `viewCleanup`.
   *
   * @example
   * ```ts
   * const { rows } = await db.query((doc, emit) => emit(doc.type, doc.price), { reduce: "_sum", group: true });
   * ```
   */
  query<Value = unknown, Model extends object = Content>(
    view: string | q.MapFunction<NoInfer<Model>> | q.ViewFunctions<NoInfer<Model>>,
    ...rest: Trailing<q.QueryOptions, q.QueryResult<NoInfer<Model>, Value>>
  ): Promise<q.QueryResult<NoInfer<Model>, Value>>;
  async query(view: string | q.MapFunction<never> | q.ViewFunctions<never>, options: q.QueryOptions = {}): Promise<unknown> {
    checkOptions("query", options);
    checkSignal(options.signal);
    const request = queryOptions(options);
    if (typeof view === "string") {
      const [ddoc = "", name = ddoc] = view.split("/", 2);
      return shaped(await this.ask("query", { ...request, ddoc, view: name }, options.signal));
    }
    const { map, reduce } = functionsOf(view, options);
    const lent: string[] = [];
    const elsewhere = connectionOf(this).address.place === "worker"; // where only the text of a function can go
    const named = (script: unknown) => {
      if (typeof script === "function" && elsewhere) {
        return send(script as Script);
      }
      if (typeof script === "function") {
        lent.push(lend(script as Script));
        return lent.at(-1);
      }
      return script as string;
    };
    try {
      const functions = { map: named(map), ...(reduce ? { reduce_function: named(reduce) } : {}), transient: typeof map === "function" || typeof reduce === "function" };
      return shaped(await this.ask("query", { ...request, ...functions }, options.signal));
    } finally {
      lent.forEach(takeBack);
    }
  }

  /** Removes what is stored for views and indexes that no design document has any more. */
  viewCleanup(...rest: Trailing<Abortable, { ok: true }>): Promise<{ ok: true }>;
  async viewCleanup(options: Abortable = {}): Promise<{ ok: true }> {
    checkSignal(options.signal);
    return (await connectionOf(this).call("viewCleanup", {}, { signal: options.signal })) as { ok: true };
  }
}

const plain = [
  "key", "keys", "startkey", "endkey", "startkey_docid", "endkey_docid", "inclusive_end", "descending", "limit", "skip", "group", "group_level",
  "include_docs", "conflicts", "attachments", "binary", "update_seq",
] as const; // prettier-ignore

// As the engine takes them.
function queryOptions(options: q.QueryOptions): Record<string, unknown> {
  const { reduce, stale, update = stale === "ok" ? false : stale === "update_after" ? "lazy" : undefined } = options;
  if (stale !== undefined && (stale as unknown) !== "ok" && (stale as unknown) !== "update_after") {
    throw badRequest('option `stale` must be "ok" or "update_after"');
  }
  return {
    ...pick(options, plain),
    ...(reduce === false ? { reduce } : {}),
    ...(update === undefined ? {} : { update: String(update) }),
  };
}

function functionsOf(view: unknown, { reduce }: q.QueryOptions): { map: unknown; reduce: unknown } {
  const functions = (typeof view === "function" ? { map: view } : view) as Partial<q.ViewFunctions<object>> | null | undefined;
  const map: unknown = functions?.map;
  const reducer: unknown = functions?.reduce ?? (typeof reduce === "boolean" ? undefined : reduce);
  if (typeof map !== "function" && (typeof map !== "string" || map === "")) {
    throw badRequest("query needs the name of a view, a map function, or an object with one");
  }
  if (reducer && typeof reducer !== "function" && typeof reducer !== "string") {
    throw badRequest("a reduce function must be a function, its source or the name of a built-in one");
  }
  return { map, reduce: reducer };
}

// The members in the order in which they are known; the engine has counted when the rows are out.
function shaped({ total_rows, offset, rows, ...rest }: q.QueryResult<object>): unknown {
  return { ...((total_rows as number | undefined) === undefined ? {} : { total_rows, offset }), rows, ...rest };
}

/** Patterns may be given as JavaScript has them, with or without the operator. */
export function patternsAsText(value: unknown, operator?: string): unknown {
  if (value instanceof RegExp) {
    const flags = value.flags.replace(/[^ims]/g, "");
    const text = (flags ? `(?${flags})` : "") + value.source;
    return operator === "$regex" ? text : { $regex: text };
  }
  if (Array.isArray(value)) {
    return value.map((element) => patternsAsText(element));
  }
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) {
    return value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, patternsAsText(member, name)]));
}
