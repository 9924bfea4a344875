import type { Abortable, AllDocsResult, AllDocsRow, AnyContent, Change, ChangesOptions, MissingRow, Seq } from "../types.js";
import type { Tools } from "./tools.js";

/** A document of which there is more than one current revision. */
export interface Conflict {
  id: string;
  /** The winner, which reads show; empty when the document was purged. */
  rev: string;
  /** The others. None, in a list that is live, once the conflict has been resolved. */
  conflicts: string[];
}

/** Options of {@link GouchDB.conflicts}. */
export interface ConflictsOptions extends Abortable {
  /** Goes on with conflicts that come, change and are resolved, until it is cancelled. */
  live?: boolean;
}

interface Database {
  allDocs(options: object): Promise<AllDocsResult<AnyContent, AllDocsRow<AnyContent> | MissingRow>>;
  changes(options: ChangesOptions): AsyncIterable<Change<AnyContent>>;
}

interface Page {
  results: { id: string }[];
  last_seq: Seq;
  pending: number;
}

// Changes that are gone through at once.
const BATCH = 1000;

/** Lists the conflicts that there are and, live, what becomes of them. */
export async function* conflicts(db: Database, { live }: ConflictsOptions, signal: AbortSignal, { call }: Tools): AsyncGenerator<Conflict, void, undefined> {
  const known = new Map<string, string>();
  let since: Seq = 0;
  for (let more = true; more; ) {
    // Only documents with several leaves are told of; some of those may be deleted.
    const page = (await call(db, "changes", { since, limit: BATCH, style: "all_docs", leaves: 2 })) as Page;
    signal.throwIfAborted();
    yield* news(await lookAt(db, page.results.map(({ id }) => id), signal), known);
    more = page.pending > 0 && page.last_seq !== since;
    since = page.last_seq;
  }
  if (!live) {
    return;
  }
  for await (const { id, changes } of db.changes({ since, live: true, style: "all_docs", signal })) {
    if (changes.length > 1 || known.has(id)) {
      yield* news(await lookAt(db, [id], signal), known);
    }
  }
}

async function lookAt(db: Database, keys: string[], signal: AbortSignal): Promise<Conflict[]> {
  if (keys.length === 0) {
    return [];
  }
  const { rows } = await db.allDocs({ keys, include_docs: true, conflicts: true, signal });
  return rows.map((row) => {
    const { doc, value } = row as Partial<AllDocsRow<AnyContent>>; // one that was purged meanwhile has neither
    return { id: row.key, rev: value?.rev ?? "", conflicts: doc?._conflicts ?? [] };
  });
}

// What has not been told of yet.
function* news(found: Conflict[], known: Map<string, string>): Generator<Conflict, void, undefined> {
  for (const conflict of found) {
    const { id, rev, conflicts: losers } = conflict;
    const state = losers.length > 0 ? [rev, ...losers].join() : undefined;
    if (known.get(id) === state) {
      continue;
    }
    if (state === undefined) {
      known.delete(id);
    } else {
      known.set(id, state);
    }
    yield conflict;
  }
}
