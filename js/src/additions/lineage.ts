import { statusOf } from "./tools.js";

/** What a database knows of dumps: see the Go type replication.Lineage. */
export interface Lineage {
  /** The identities of the databases that it is a copy of. */
  origins: string[];
  /** The dumps that it has everything of, with a sequence of its own: everything up to it is in the dump; 0 when nothing can be said. */
  history: { session_id: string; last_seq: number | string }[];
}

/** The local document that it stands in. */
export const LINEAGE = "_local/gouchdb-dumps";

const LIMIT = 50;

interface Database {
  readonly _remote: boolean;
  get(id: string): Promise<object>;
  put(doc: { _id: string }): Promise<unknown>;
}

/** Changes what a database knows of dumps. One that may only be read stays as it is. */
export async function noteDump(db: Database, change: (lineage: Lineage) => Lineage): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      const was = (await db.get(LINEAGE).catch((error: unknown) => {
        if (statusOf(error) === 404) {
          return {};
        }
        throw error;
      })) as Partial<Lineage> & { _rev?: string };
      const { origins, history } = change({ origins: was.origins ?? [], history: was.history ?? [] });
      await db.put({ _id: LINEAGE, ...(was._rev === undefined ? {} : { _rev: was._rev }), origins, history: history.slice(0, LIMIT) } as { _id: string });
      return;
    } catch (error) {
      const status = statusOf(error);
      if (status === 401 || status === 403) {
        return;
      }
      if (status !== 409 || attempt === 5) {
        throw error;
      }
    }
  }
}
