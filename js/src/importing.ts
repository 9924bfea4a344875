import { connectionOf } from "./database.js";
import { GouchError } from "./error.js";
import { checkOptions, checkSignal } from "./options.js";
import type { ImportProgress, ImportResult, ImportTarget } from "./pouchdb/import.js";

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

/** Copies a database of PouchDB's; see {@link GouchDB.importPouchDB}. */
export async function importPouchDB(aClass: new (name: string) => object, name: string, options: ImportOptions): Promise<ImportResult> {
  checkOptions("importPouchDB", options);
  checkSignal(options.signal);
  const { to = name, prefix = "_pouch_", onProgress, signal } = options;
  const { importPouchDB: run } = await import("./pouchdb/import.js"); // few pages need it, and those once
  const db = typeof to === "string" ? new aClass(to) : to;
  const connection = connectionOf(db);
  try {
    return await run(prefix + name, {
      target: db as ImportTarget,
      succeed: (request) => connection.call("succeed", request),
      fail: (failure) => new GouchError(failure),
      onProgress,
      signal,
    });
  } finally {
    if (db !== to) {
      await connection.close();
    }
  }
}
