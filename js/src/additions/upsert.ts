import type { Abortable, PostDocument, StoredDocument, WriteResult } from "../types.js";
import { statusOf, type Tools } from "./tools.js";

/** What an {@link GouchDB.upsert} or {@link GouchDB.resolve} has come to. */
export interface UpsertResult {
  /** Whether anything was written. */
  updated: boolean;
  id: string;
  /** The revision that is there now; none when there is no document. */
  rev?: string | undefined;
}

/** Makes a new document of the one that is there, `{}` when there is none. What counts as false leaves it as it is. */
export type Change<Content extends object> = (doc: Partial<StoredDocument<Content>>) => NewContent<Content> | Promise<NewContent<Content>>;

/** A document to be written, without an id; what counts as false for none. */
export type NewContent<Content extends object> = PostDocument<Content> | { _deleted: true } | false | null | undefined;

/** The methods that are called, which may have been replaced. */
interface Database<Content extends object> {
  get(id: string, options: Abortable): Promise<StoredDocument<Content>>;
  put(doc: { _id: string }, options: Abortable): Promise<WriteResult>;
}

/** See {@link GouchDB.upsert}. */
export async function upsert<Content extends object>(db: Database<Content>, id: string, change: Change<Content>, options: Abortable, { fail }: Tools): Promise<UpsertResult> {
  if (typeof change !== "function") {
    throw fail({ status: 400, name: "bad_request", reason: "upsert needs a function that makes a new document of the old one" });
  }
  for (;;) {
    const was: Partial<StoredDocument<Content>> = await db.get(id, options).catch((error: unknown) => {
      if (statusOf(error) === 404) {
        return {};
      }
      throw error;
    });
    const { _rev } = was as { _rev?: string };
    const doc = await change(was);
    if (!doc) {
      return { updated: false, id, rev: _rev };
    }
    try {
      const { rev } = await db.put({ ...doc, _id: id, _rev } as { _id: string }, options);
      return { updated: true, id, rev };
    } catch (error) {
      if (statusOf(error) !== 409) {
        throw error;
      }
    }
  }
}
