import { Connection } from "./connection.js";
import { connectionOf, Database, isAsBuilt } from "./database.js";
import { badRequest } from "./error.js";
import type { DatabaseOptions } from "./name.js";
import { pick } from "./options.js";
import { methods, nameOf } from "./peers.js";

/**
 * A database to replicate with: an instance, the name or URL of one, or any object with PouchDB's public methods, such as a database of PouchDB's.
 */
export type Target = object | string;

/** A database that takes part in a replication, and whether it was opened for that alone. */
export interface Peer {
  connection: Connection;
  temporary: boolean;
  /** What the caller goes on using, of a database that another engine has opened for the replication. */
  own?: Connection;
  /** Keeps an object alive that the engine asks by its name. */
  object?: object;
}

/** The peer that a replication is given. Names are opened by the class that replicates, with its defaults. */
export function peerOf(aClass: unknown, target: Target, options: object): Peer {
  if (typeof target === "string") {
    const own = pick(options as DatabaseOptions, ["adapter", "auth", "fetch", "headers", "prefix", "skip_setup"]);
    const opened = new (aClass as new (name: string, options: DatabaseOptions) => object)(target, own);
    return { connection: connectionOf(opened), temporary: true };
  }
  if (typeof target !== "object" || (target as object | null) === null) {
    throw badRequest("replication needs a database, or the name or URL of one");
  }
  if (target instanceof Database && isAsBuilt(target, methods)) {
    return { connection: connectionOf(target), temporary: false };
  }
  const name = nameOf(target);
  const shown = (target as { name?: unknown }).name;
  return { connection: new Connection({ adapter: "peer", name, shown: typeof shown === "string" ? shown : `peer ${name}` }), temporary: true, object: target };
}
