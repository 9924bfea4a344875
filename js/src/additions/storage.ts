import type { DatabaseOptions } from "../name.js";
import type { Tools } from "./tools.js";

/** Which databases are asked for: those that a class with these options would open. */
export type DatabasesOptions = Pick<DatabaseOptions, "adapter" | "prefix">;

/** How much room there is for databases. */
export interface StorageEstimate {
  /** Bytes in use: by all that the origin stores, in Node by the databases in this directory. */
  usage: number;
  /** Bytes that there may be. */
  quota: number;
  /** Whether the browser keeps them when it runs out of space. */
  persisted: boolean;
}

// As the Go package indexeddb has it.
const INDEXEDDB_PREFIX = "gouchdb:";

/** See {@link GouchDB.allDbs}. */
export async function allDbs({ adapter, prefix = "" }: DatabasesOptions, { ask, fail, host }: Tools): Promise<string[]> {
  const { localAdapter, storage } = host();
  const chosen = adapter ?? localAdapter;
  const within = (names: string[], before: string): string[] => names.filter((name) => name.startsWith(before) && name !== before).map((name) => name.slice(before.length));
  switch (chosen) {
    case "memory":
      return within((await ask("databases")).flat() as string[], prefix).sort();
    case "file":
      if (storage) {
        return (await storage.list(prefix)).sort();
      }
      break;
    case "indexeddb":
    case "idb":
      if (typeof indexedDB !== "undefined" && "databases" in indexedDB) {
        const found = await indexedDB.databases();
        return within(found.flatMap(({ name }) => name ?? []), INDEXEDDB_PREFIX + prefix).sort();
      }
  }
  throw fail({ status: 501, name: "not_implemented", reason: `databases of the adapter ${JSON.stringify(chosen)} cannot be listed here` });
}

/** See {@link GouchDB.storageEstimate}. */
export async function storageEstimate({ prefix = "" }: DatabasesOptions, { fail, host }: Tools): Promise<StorageEstimate> {
  const { storage } = host();
  if (storage) {
    return { ...(await storage.estimate(prefix)), persisted: true };
  }
  const manager = managerOf();
  if (!manager) {
    throw fail({ status: 501, name: "not_implemented", reason: "storage cannot be estimated here: browsers do it for pages that came over HTTPS or from this machine" });
  }
  const [{ usage = 0, quota = 0 }, persisted] = await Promise.all([manager.estimate(), manager.persisted()]);
  return { usage, quota, persisted };
}

/** See {@link GouchDB.persist}. */
export async function persist(_: object, { host }: Tools): Promise<boolean> {
  if (host().storage) {
    return true;
  }
  const manager = managerOf() as Partial<StorageManager> | undefined;
  // Workers may only ask whether it is so.
  return (await (manager?.persist ?? manager?.persisted)?.call(manager)) ?? false;
}

function managerOf(): StorageManager | undefined {
  return typeof navigator === "undefined" ? undefined : (navigator as { storage?: StorageManager }).storage;
}
