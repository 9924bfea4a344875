import type { Abortable, AllDocsResult, AllDocsRow, AnyContent, Change, MissingRow, Seq } from "../types.js";
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
}

interface Page {
  results: Pick<Change<AnyContent>, "id" | "changes">[];
  last_seq: Seq;
  pending: number;
  /** How many purges there have been: they leave no rows. Not told by remote databases. */
  purges?: string;
}

// Changes that are gone through at once.
const BATCH = 1000;

// One wait for further ones. A remote database is asked for signs of life meanwhile.
const WAIT = 60_000;
const HEARTBEAT = 10_000;

/** Lists the conflicts that there are and, live, what becomes of them. */
export async function* conflicts(db: Database, { live }: ConflictsOptions, signal: AbortSignal, { call }: Tools): AsyncGenerator<Conflict, void, undefined> {
  const known = new Map<string, string>();
  let since: Seq = 0;
  let purges = "0";
  for (let more = true; more; ) {
    // Only documents with several leaves are told of; some of those may be deleted.
    const page = (await call(db, "changes", { since, limit: BATCH, style: "all_docs", leaves: 2, purges })) as Page;
    signal.throwIfAborted();
    yield* news(await lookAt(db, page.results.map(({ id }) => id), signal), known);
    more = page.pending > 0 && page.last_seq !== since;
    purges = since === 0 && page.purges !== undefined ? page.purges : purges; // those that come while it reads are looked for below
    since = page.last_seq;
  }
  while (live) {
    const page: Page | undefined = await waitForMore(db, { since, purges, limit: BATCH, style: "all_docs", wait: WAIT, heartbeat: HEARTBEAT }, signal, call);
    if (!page) {
      return;
    }
    const ids = page.results.filter(({ id, changes }) => changes.length > 1 || known.has(id)).map(({ id }) => id);
    if ((page.purges ?? purges) !== purges) {
      ids.push(...known.keys());
    }
    yield* news(await lookAt(db, [...new Set(ids)], signal), known);
    ({ last_seq: since, purges = purges } = page);
  }
}

// Closing the database ends the list.
async function waitForMore(db: object, request: object, signal: AbortSignal, call: Tools["call"]): Promise<Page | undefined> {
  try {
    return (await call(db, "changes", request, undefined, undefined, signal)) as Page;
  } catch (error) {
    if ((error as Error).name === "closed") {
      return undefined;
    }
    throw error;
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
