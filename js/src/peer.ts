import { Connection } from "./connection.js";
import { connectionOf, Database } from "./database.js";
import { badRequest } from "./error.js";
import type { DatabaseOptions } from "./name.js";
import { pick } from "./options.js";

/** A database to replicate with: an instance, or the name or URL of one. */
export type Target = object | string;

/** A database that takes part in a replication, and whether it was opened for that alone. */
export interface Peer {
  connection: Connection;
  temporary: boolean;
}

/** The peer that a replication is given. Names are opened by the class that replicates, with its defaults. */
export function peerOf(aClass: unknown, target: Target, options: object): Peer {
  if (typeof target === "string") {
    const own = pick(options as DatabaseOptions, ["adapter", "auth", "fetch", "headers", "prefix", "skip_setup"]);
    const opened = new (aClass as new (name: string, options: DatabaseOptions) => object)(target, own);
    return { connection: connectionOf(opened), temporary: true };
  }
  if (!(target instanceof Database)) {
    throw badRequest("replication needs a database, or the name or URL of one");
  }
  return { connection: connectionOf(target), temporary: false };
}
