import { useEffect, useState } from "react";
import type { GouchError } from "./error.js";
import type { GouchDB } from "./gouchdb.js";
import type { LiveFindRequest } from "./live_find.js";
import type { FoundDocument } from "./query_types.js";
import type { AnyContent, ReplicationStatus, StoredDocument, SyncOptions } from "./types.js";

/** What {@link useFind} looks for, in the words of `db.find`. */
export type FindRequest<Content extends object> = Omit<LiveFindRequest<Content>, "signal">;

/** What {@link useFind} has found. */
export interface FindState<Doc extends object> {
  /** The documents, as they are now. While another request is being answered for the first time, they are those of the one before. */
  docs: readonly Doc[];
  /** Until the first answer. */
  loading: boolean;
  /** With documents: why the database cannot be asked for now. Without: why there is nothing. */
  error?: GouchError;
}

/** What {@link useDoc} knows of a document. */
export interface DocState<Content extends object> {
  /** The document as it is now; undefined when there is none, or no longer. */
  doc?: StoredDocument<Content>;
  /** Until the first answer. */
  loading: boolean;
  error?: GouchError;
}

/** How the sync of {@link useSync} stands. */
export interface SyncState {
  /** `"active"` while documents are on their way, `"paused"` when all have arrived, `"waiting"` to try again after an error. */
  state: "active" | "paused" | "waiting" | "stopped";
  /** What went wrong last, unless all is well again. */
  error?: GouchError;
  push?: ReplicationStatus;
  pull?: ReplicationStatus;
}

/**
 * The result of a Mango query, which follows the database.
 *
 * The request may be a new object at every rendering; what counts is what it says. Without one, nothing is looked for.
 *
 * @example
 * ```tsx
 * const { docs } = useFind(db, { selector: { done: false }, sort: ["due"] });
 * return <ul>{docs.map((task) => <li key={task._id}>{task.title}</li>)}</ul>;
 * ```
 */
export function useFind<Content extends object, const Request extends FindRequest<Content>>(
  db: GouchDB<Content>,
  request: Request | null | undefined,
): FindState<FoundDocument<Content, Request["fields"]>> {
  type State = FindState<FoundDocument<Content, Request["fields"]>>;
  const key = keyOf(request);
  const [found, setFound] = useState<State & { db?: unknown; key?: string | undefined }>({ docs: [], loading: true });
  useEffect(() => {
    if (!request) {
      return;
    }
    let current = true;
    const set = (state: State) => {
      if (current) {
        setFound({ ...state, db, key });
      }
    };
    const fail = (error: GouchError) => {
      set({ docs: [], loading: false, error });
    };
    const live = db.liveFind(request, ({ error }) => {
      set({ docs: [...live.result], loading: false, ...(error ? { error } : {}) });
    });
    live.ready.catch(fail);
    live.done.catch(fail);
    return () => {
      current = false;
      live.cancel();
    };
  }, [db, key]);
  if (!request) {
    return { docs: [], loading: false };
  }
  const { db: of, key: answered, ...state } = found;
  return of === db && answered === key ? state : { docs: of === db ? state.docs : [], loading: true };
}

// What a request or options say; functions say nothing.
function keyOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, member: unknown) => (member instanceof RegExp ? String(member) : member));
}

/**
 * A document, which follows the database. Without an id, none is looked for.
 *
 * @example
 * ```tsx
 * const { doc, loading } = useDoc(db, "milk");
 * if (loading) return null;
 * return doc ? <b>{doc.title}</b> : <i>no milk</i>;
 * ```
 */
export function useDoc<Content extends object = AnyContent>(db: GouchDB<Content>, id: string | null | undefined): DocState<Content> {
  const [known, setKnown] = useState<DocState<Content> & { db?: unknown; id?: string }>({ loading: true });
  useEffect(() => {
    if (!id) {
      return;
    }
    let seen = false;
    let current = true;
    const set = (state: Omit<DocState<Content>, "loading">) => {
      if (current) {
        setKnown({ ...state, loading: false, db, id });
      }
    };
    // The feed begins with the document as it is, if there is one.
    const feed = db.changes({ live: true, since: 0, doc_ids: [id], include_docs: true });
    feed.on("change", ({ doc, deleted }) => {
      seen = true;
      set(deleted || !doc ? {} : { doc });
    });
    feed.on("error", (error) => {
      set({ error });
    });
    db.get(id).catch((error: unknown) => {
      if (!seen) {
        set((error as GouchError).status === 404 ? {} : { error: error as GouchError });
      }
    });
    return () => {
      current = false;
      feed.cancel();
    };
  }, [db, id]);
  if (!id) {
    return { loading: false };
  }
  const { db: of, id: answered, ...state } = known;
  return of === db && answered === id ? state : { loading: true };
}

/**
 * Syncs with another database for as long as the component is there: live, and trying again, unless the options say otherwise. Without another database
 * it does not.
 *
 * The options may be a new object at every rendering; what counts is what they say. Functions among them are those of the first.
 *
 * @example
 * ```tsx
 * const { state, error } = useSync(db, "https://example.com/todo");
 * return <p>{error ? `offline: ${error.message}` : state}</p>;
 * ```
 */
export function useSync<Content extends object = AnyContent>(db: GouchDB<Content>, remote: object | string | null | undefined, options: SyncOptions<Content> = {}): SyncState {
  const key = keyOf(options);
  const [status, setStatus] = useState<SyncState>({ state: "stopped" });
  useEffect(() => {
    if (!remote) {
      return;
    }
    let current = true;
    const sync = db.sync(remote, { live: true, retry: true, ...options });
    const tell = (state: SyncState["state"], error?: GouchError) => {
      if (current) {
        setStatus({ state, ...(error ? { error } : {}), push: sync.push.status, pull: sync.pull.status });
      }
    };
    tell("active");
    sync
      .on("active", () => {
        tell("active");
      })
      .on("change", () => {
        tell("active");
      })
      .on("paused", (error) => {
        tell(error ? "waiting" : "paused", error);
      })
      .on("complete", () => {
        tell("stopped");
      })
      .on("error", (error) => {
        tell("stopped", error);
      });
    return () => {
      current = false;
      sync.cancel();
      setStatus({ state: "stopped" });
    };
  }, [db, remote, key]);
  return status;
}
