import type { Conflict, ConflictsOptions } from "./additions/conflicts.js";
import type { Merge } from "./additions/resolve.js";
import type { Tools } from "./additions/tools.js";
import type { Change, UpsertResult } from "./additions/upsert.js";
import { optionsAndCallback, tell, type Trailing } from "./callback.js";
import { Conflicts } from "./conflicts.js";
import { connectionOf, noteBuiltIn } from "./database.js";
import { asError, badID, engineError, GouchError } from "./error.js";
import { askEngines, currentHost } from "./host.js";
import { checkOptions, checkSignal } from "./options.js";
import { Queries } from "./queries.js";
import type * as t from "./types.js";

const tools: Tools = {
  call: (db, operation, options, data, raw, signal) => connectionOf(db).call(operation, options, { data, raw, signal }),
  ask: askEngines,
  host: currentHost,
  fail: (failure) => new GouchError(failure),
};

type Runs = typeof import("./additions/index.js");
type Given<Run> = Run extends (...args: [...infer Args, Tools]) => unknown ? Args : never;

/** Runs what is loaded when it is called for: not every page wants it. */
export async function addition<Name extends keyof Runs>(name: Name, ...args: Given<Runs[Name]>): Promise<Awaited<ReturnType<Runs[Name]>>> {
  const runs = await import("./additions/index.js").catch((error: unknown) => {
    throw engineError("engine_unavailable", `additions.js cannot be loaded (in a service worker, import gouchdb/service-worker): ${asError(error).message}`, error);
  });
  return await (runs[name] as (...args: unknown[]) => ReturnType<Runs[Name]>)(...args, tools);
}

/** A database with what PouchDB leaves to plugins, and what is rarely used. */
export class Additions<Content extends object = t.AnyContent> extends Queries<Content> {
  static {
    noteBuiltIn(this.prototype);
  }

  /**
   * Changes a document, or makes it when it is not there: the function gets what is there, or `{}`, and returns the new document, or something that counts as
   * false to leave it. When somebody else was faster, it is called again with what that one has written. It may be async.
   *
   * @example
   * ```ts
   * await db.upsert("visits", (doc) => ({ count: (doc.count ?? 0) + 1 }));
   * ```
   */
  upsert<Model extends object = Content>(id: string, change: Change<NoInfer<Model>>, ...rest: Trailing<t.Abortable, UpsertResult>): Promise<UpsertResult>;
  async upsert(id: string, change: Change<Content>, options: t.Abortable = {}): Promise<UpsertResult> {
    check("upsert", options);
    return addition("upsert", this as never, id, change as never, options);
  }

  /** Writes a document unless there is one of that id. */
  putIfNotExists(doc: t.NewDocument<Content>, ...rest: Trailing<t.Abortable, UpsertResult>): Promise<UpsertResult>;
  putIfNotExists(id: string, doc: t.PostDocument<Content>, ...rest: Trailing<t.Abortable, UpsertResult>): Promise<UpsertResult>;
  async putIfNotExists(idOrDoc: string | { _id?: unknown }, ...rest: unknown[]): Promise<UpsertResult> {
    const [id, doc] = typeof idOrDoc === "string" ? [idOrDoc, rest.shift()] : [(idOrDoc as { _id?: unknown } | undefined)?._id, idOrDoc];
    if (typeof id !== "string") {
      throw badID();
    }
    return this.upsert(id, ({ _rev }) => (_rev === undefined ? (doc as t.PostDocument<Content>) : false), rest[0] as t.Abortable | undefined);
  }

  /** Lists documents of which there are several current revisions; see {@link Conflicts}. */
  conflicts(...rest: Trailing<ConflictsOptions, Conflict[]>): Conflicts {
    const [options, callback] = optionsAndCallback(rest);
    check("conflicts", options);
    const conflicts = new Conflicts(options, (signal) => addition("conflicts", this as never, options, signal));
    tell(conflicts, callback);
    return conflicts;
  }

  /**
   * Ends a conflict: the function gets the current revisions, the winner first, and the last one that they have in common, if it is still there, and returns the
   * document that takes their place, or something that counts as false to leave them. The others are deleted in the same step; when
   * somebody has written meanwhile, the function is called again.
   *
   * @example
   * ```ts
   * await db.resolve("milk", (versions, base) => ({ ...versions[0], tags: [...new Set(versions.flatMap(({ tags }) => tags))] }));
   * ```
   */
  resolve(id: string, merge: Merge<Content>, ...rest: Trailing<t.Abortable, UpsertResult>): Promise<UpsertResult>;
  async resolve(id: string, merge: Merge<Content>, options: t.Abortable = {}): Promise<UpsertResult> {
    check("resolve", options);
    return addition("resolve", this as never, id, merge as never, options);
  }

  /**
   * Writes the whole database as lines of JSON: all current revisions with their ancestry, attachments, and local documents with the checkpoints of replications.
   *
   * @example
   * ```ts
   * const backup = await new Response(db.dump()).blob();
   * await GouchDB.load(backup, "copy");
   * ```
   */
  dump(options: t.Abortable = {}): ReadableStream<Uint8Array> {
    check("dump", options);
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    addition("dump", this as never, writable, options)
      .catch((error: unknown) => writable.abort(error))
      .catch(() => {
        // Nobody reads it any more.
      });
    return readable;
  }
}

/** Refuses options that cannot be. */
export function check(method: string, options: t.Abortable): void {
  checkOptions(method, options);
  checkSignal(options.signal);
}
