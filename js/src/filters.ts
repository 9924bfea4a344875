import { badRequest } from "./error.js";
import type { AnyContent, FeedFilter, ReplicateOptions, StoredDocument } from "./types.js";

const BUILTIN: Record<string, keyof FeedFilter> = { _doc_ids: "doc_ids", _selector: "selector", _view: "view" };

/** A filter that is a function, with the request that it gets; undefined when there is none. */
export function predicateOf({ filter, query_params: query = {} }: FeedFilter): ((doc: StoredDocument<AnyContent>) => boolean) | undefined {
  return typeof filter === "function" ? (doc) => filter(doc, { query }) : undefined;
}

/** Refuses filters that cannot be. */
export function checkFilter(options: FeedFilter): void {
  const { filter, view, selector, query_params: query } = options as Record<string, unknown>;
  if (filter !== undefined && typeof filter !== "function" && (typeof filter !== "string" || filter === "")) {
    throw badRequest("option `filter` must be a function of a document, or the name of a filter");
  }
  if (view !== undefined && (typeof view !== "string" || view === "")) {
    throw badRequest("option `view` must be the name of a view");
  }
  for (const [name, value] of Object.entries({ selector, query_params: query })) {
    if (value !== undefined && (typeof value !== "object" || value === null || Array.isArray(value))) {
      throw badRequest(`option \`${name}\` must be an object`);
    }
  }
  const named = typeof filter === "string" ? filter : undefined;
  const needed = named === undefined ? undefined : BUILTIN[named];
  if (needed !== undefined && options[needed] === undefined) {
    throw badRequest(`option \`filter: "${String(named)}"\` needs option \`${needed}\``);
  }
  const given = (["doc_ids", "selector", "view"] as const).filter((name) => options[name] !== undefined);
  if (named !== undefined && needed === undefined) {
    given.unshift("filter" as never);
  }
  if (given.length > 1) {
    throw badRequest(`options \`${given.slice(0, 2).join("` and `")}\` exclude each other`);
  }
}

/** What the engine is told of a filter, unless it is a function, which is asked here. */
export function filterRequest({ doc_ids, selector, view, filter, query_params }: FeedFilter): Record<string, unknown> {
  const request: Record<string, unknown> = {};
  if (doc_ids !== undefined) {
    request.doc_ids = doc_ids;
  } else if (selector !== undefined) {
    request.selector = selector;
  } else if (view !== undefined) {
    request.view = qualified(view);
  }
  if (filter === "_design") {
    request.design_docs = true;
  } else if (typeof filter === "string" && BUILTIN[filter] === undefined) {
    request.design_filter = qualified(filter);
    request.query_params = query_params;
  }
  return request;
}

// Like PouchDB, takes "name" for "name/name".
function qualified(name: string): string {
  return name.includes("/") ? name : `${name}/${name}`;
}

/** Refuses a name for what is not a filter function. */
export function checkFilterName({ filter, filter_name: name }: ReplicateOptions): void {
  if (name !== undefined && (typeof name !== "string" || name === "" || typeof filter !== "function")) {
    throw badRequest("option `filter_name` must be a string that is not empty, and goes together with a function as `filter`");
  }
}

/**
 * What tells a filter function from others, so that each has checkpoints of its own: the name that it was given, or else its source text and its query. What
 * the function takes from around it does not show there.
 */
export async function predicateName({ filter, filter_name: name, query_params: query }: ReplicateOptions): Promise<string | undefined> {
  if (typeof filter !== "function" || name !== undefined) {
    return name;
  }
  const source = query === undefined ? String(filter) : `${String(filter)} ${JSON.stringify(query)}`;
  // Pages that were loaded without encryption have no crypto.subtle, whatever its type says.
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) {
    return source;
  }
  const digest = await subtle.digest("SHA-256", new TextEncoder().encode(source));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
