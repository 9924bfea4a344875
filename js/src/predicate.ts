import { badRequest, notImplemented } from "./error.js";
import type { AnyContent, ReplicateOptions, StoredDocument } from "./types.js";

/** A filter that is a function. */
export type Predicate = (doc: StoredDocument<AnyContent>) => boolean;

/** The filter of a replication, undefined when there is none. */
export function predicateOf({ filter }: ReplicateOptions): Predicate | undefined {
  return filter;
}

/** Refuses filters that cannot be. */
export function checkPredicate(options: ReplicateOptions): void {
  const { filter, filter_name: name } = options as { filter?: unknown; filter_name?: unknown };
  if (typeof filter === "string") {
    throw notImplemented("option `filter`: filters in design documents are not there yet in this version of GouchDB; give a function");
  }
  if (filter !== undefined && typeof filter !== "function") {
    throw badRequest("option `filter` must be a function of a document");
  }
  if (name !== undefined && (typeof name !== "string" || name === "" || !filter)) {
    throw badRequest("option `filter_name` must be a string that is not empty, and goes together with `filter`");
  }
}

/**
 * What tells a filter from others, so that each has checkpoints of its own: the name that it was given, or else its source text. What the function
 * takes from around it does not show there.
 */
export async function predicateName({ filter, filter_name: name }: ReplicateOptions): Promise<string | undefined> {
  if (!filter || name !== undefined) {
    return name;
  }
  const source = String(filter);
  // Pages that were loaded without encryption have no crypto.subtle, whatever its type says.
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) {
    return source;
  }
  const digest = await subtle.digest("SHA-256", new TextEncoder().encode(source));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
