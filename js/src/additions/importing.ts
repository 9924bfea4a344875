import type { ImportProgress, ImportResult, ImportTarget } from "../pouchdb/import.js";
import type { Tools } from "./tools.js";

/** Options of {@link GouchDB.importPouchDB}. */
export interface ImportOptions {
  /** The database to copy into, or its name: by default the name that it had. */
  to?: string | object;
  /** What PouchDB put before the name in IndexedDB: `"_pouch_"` unless `PouchDB.prefix` was set. */
  prefix?: string;
  /** Is told of each batch that has been copied. */
  onProgress?: (progress: ImportProgress) => void;
  /** Ends the import. What was copied stays. */
  signal?: AbortSignal;
}

/** See {@link GouchDB.importPouchDB}. */
export async function importPouchDB(aClass: new (name: string) => object, name: string, options: ImportOptions, { call, fail }: Tools): Promise<ImportResult> {
  const { to = name, prefix = "_pouch_", onProgress, signal } = options;
  const { importPouchDB: run } = await import("../pouchdb/import.js"); // few pages need it, and those once
  const db = (typeof to === "string" ? new aClass(to) : to) as ImportTarget & { close(): Promise<void> };
  try {
    return await run(prefix + name, { target: db, succeed: (request) => call(db, "succeed", request), fail, onProgress, signal });
  } finally {
    if (db !== to) {
      await db.close();
    }
  }
}
