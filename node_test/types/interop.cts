// As TypeScript turns it into require().
import PouchDB, { GouchError, type StoredDocument } from "gouchdb";

export const db: PouchDB.Database<{ title: string }> = new PouchDB<{ title: string }>("todo");
export const read = (): Promise<StoredDocument<{ title: string }>> => db.get("milk").catch((error: unknown) => Promise.reject(error instanceof GouchError ? error : new Error()));
