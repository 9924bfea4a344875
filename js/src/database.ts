import { registry, tasksOf, type ActiveTasks } from "./active_tasks.js";
import { bothStyles, type Trailing } from "./callback.js";
import { Connection } from "./connection.js";
import { Emitter } from "./emitter.js";
import { badRequest } from "./error.js";
import { currentHost } from "./host.js";
import { addressOf, type DatabaseOptions } from "./name.js";
import { checkCount } from "./options.js";
import type * as t from "./types.js";

/** The events of a database. */
export interface DatabaseEvents {
  /** It is open. */
  created: [db: object];
  /** It was removed with its data, by this instance or, then with `true`, by another of the same class. */
  destroyed: [byAnother?: boolean];
  /** It was closed. */
  closed: [];
}

/** The events of the class. */
export interface ClassEvents {
  /** A database of that name was opened. */
  created: [name: string];
  /** A database of that name was removed. */
  destroyed: [name: string];
}

/** What the class emits, and those made of it with `defaults`. */
export const classEvents = new Emitter<ClassEvents>();

/** Methods that are there in both styles, with the first argument that may be a callback. All of them work when taken off the database. */
const styles: Record<string, number> = {
  put: 1, post: 1, get: 1, remove: 1, bulkDocs: 1, bulkGet: 1, allDocs: 0, revsDiff: 1, purge: 2,
  putAttachment: 4, getAttachment: 2, removeAttachment: 3,
  info: 0, id: 0, compact: 0, viewCleanup: 0, flush: 0, stats: 0, check: 0, close: 0, destroy: 0,
  query: 1, find: 1, explain: 1, createIndex: 1, deleteIndex: 1, getIndexes: 0,
  upsert: 2, putIfNotExists: 1, resolve: 2, conflicts: Infinity, dump: Infinity,
  fetch: Infinity, type: Infinity, changes: Infinity, sync: Infinity, liveFind: Infinity,
};

// The methods as this package made them.
const builtIn = new WeakSet<object>();

/** Notes the methods of a class as this package made them. */
export function noteBuiltIn(prototype: object): void {
  for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value === "function") {
      builtIn.add(value as object);
    }
  }
}

/** Whether none of these methods was replaced, by a subclass, a plugin or on the instance. */
export function isAsBuilt(db: object, names: readonly string[]): boolean {
  return names.every((name) => builtIn.has((db as Record<string, object>)[name] ?? {}));
}

type Methods = Record<string, ((...args: unknown[]) => unknown) | undefined>;

const connections = new WeakMap<object, Connection>();

// Instances by the database that they are of: when one removes it, the others hear of it.
const instances = new Map<string, Set<Database>>();

/** The connection below a database. */
export function connectionOf(db: object): Connection {
  const connection = connections.get(db);
  if (!connection) {
    throw badRequest("this is not a database of this package");
  }
  return connection;
}

/** A database as it is opened, asked about and closed; what it holds is the business of the classes that build on this. */
export class Database extends Emitter<DatabaseEvents> {
  /** The name, or for a remote database the URL without credentials. */
  readonly name: string;
  /** Which adapter it uses: `"indexeddb"`, `"file"`, `"memory"` or `"http"`. */
  readonly adapter: string;
  /** Replications under way: call it for those of this database, or use PouchDB's list. */
  readonly activeTasks: ActiveTasks;
  /** PouchDB's replicator looks at this. @internal */
  readonly _remote: boolean;
  /** Plugins look at this. @internal */
  declare readonly __opts: DatabaseOptions;
  readonly #key: string;

  static {
    noteBuiltIn(this.prototype);
  }

  /** @internal */
  constructor(nameOrOptions: string | DatabaseOptions, more: DatabaseOptions = {}) {
    super();
    const options = typeof nameOrOptions === "string" ? { ...more, name: nameOrOptions } : { ...more, ...(nameOrOptions as DatabaseOptions | undefined) };
    checkCount("revs_limit", options.revs_limit, 1);
    const address = addressOf(nameOrOptions, more, currentHost());
    this.adapter = address.adapter;
    this._remote = this.adapter === "http";
    this.name = this._remote ? address.shown : options.name ?? "";
    const { username, password = "" } = address;
    Object.defineProperty(this, "__opts", { value: username ? { auth: { username, password }, ...options } : options });
    this.#key = `${address.adapter}:${address.name}`;
    const connection = new Connection(address, options.revs_limit);
    connections.set(this, connection);
    const method = this as unknown as Methods;
    for (const [name, from] of Object.entries(styles)) {
      const original = method[name];
      if (original) {
        const value = bothStyles(this, original, from);
        Object.defineProperty(this, name, { value, writable: true, configurable: true });
        if (builtIn.has(original)) {
          builtIn.add(value);
        }
      }
    }
    this.activeTasks = Object.assign(() => tasksOf(address.shown, address.name), registry);
    connection.handle().then(
      () => {
        this.#opened();
      },
      () => {
        // Whoever uses the database is told.
      },
    );
  }

  #opened(): void {
    const same = instances.get(this.#key) ?? new Set();
    instances.set(this.#key, same.add(this));
    this.emit("created", this);
    classEvents.emit("created", this.name);
  }

  /** @internal */
  protected async ask<Result>(operation: string, options: object, signal?: AbortSignal, data?: string): Promise<Result> {
    return (await connectionOf(this).call(operation, options, { signal, data })) as Result;
  }

  /** Which adapter it uses; same as `adapter`. */
  type(): string {
    return this.adapter;
  }

  /** What tells this database from all others: replication is remembered under it. */
  id(...rest: Trailing<t.Abortable, string>): Promise<string>;
  async id(options: t.Abortable = {}): Promise<string> {
    return this.ask("id", {}, options.signal);
  }

  /** Facts about the database. */
  info(...rest: Trailing<t.Abortable, t.DatabaseInfo>): Promise<t.DatabaseInfo>;
  async info(options: t.Abortable = {}): Promise<t.DatabaseInfo> {
    const info = await this.ask<t.DatabaseInfo>("info", {}, options.signal);
    return {
      ...info,
      ...(this._remote ? {} : { db_name: this.name }),
      auto_compaction: !this._remote && this.__opts.auto_compaction === true,
      adapter: this.adapter,
    };
  }

  /** Removes the bodies of revisions that are not leaves, and gives storage back. */
  compact(...rest: Trailing<t.CompactOptions, { ok: true }>): Promise<{ ok: true }>;
  async compact(options: t.CompactOptions = {}): Promise<{ ok: true }> {
    return this.ask("compact", {}, options.signal);
  }

  /** Returns when everything written is as durable as the place allows. */
  flush(...rest: Trailing<t.Abortable, { ok: true }>): Promise<{ ok: true }>;
  async flush(options: t.Abortable = {}): Promise<{ ok: true }> {
    return this.ask("flush", {}, options.signal);
  }

  /** How much a local database holds, and how much storage and memory that takes. */
  stats(...rest: Trailing<t.Abortable, t.Stats>): Promise<t.Stats>;
  async stats(options: t.Abortable = {}): Promise<t.Stats> {
    return this.ask("stats", {}, options.signal);
  }

  /** Goes through all data of a local database and says in words what is not as it must be. It reads everything. */
  check(...rest: Trailing<t.Abortable, t.CheckReport>): Promise<t.CheckReport>;
  async check(options: t.Abortable = {}): Promise<t.CheckReport> {
    return this.ask("check", {}, options.signal);
  }

  /**
   * Sends a request to a remote database, with its credentials and headers. A path is below the database, and one that begins with a slash
   * below the server.
   */
  async fetch(path: string, options: RequestInit = {}): Promise<Response> {
    const { address } = connectionOf(this);
    if (!this._remote) {
      throw badRequest("only remote databases can fetch");
    }
    const { auth, fetch = globalThis.fetch } = this.__opts;
    const headers = new Headers({ ...address.headers, ...Object.fromEntries(new Headers(options.headers)) });
    if (auth) {
      headers.set("authorization", `Basic ${btoa(String.fromCharCode(...new TextEncoder().encode(`${auth.username}:${auth.password}`)))}`);
    }
    const base = address.name.replace(/\/*$/, "/");
    const url = path.startsWith("/") ? new URL(`..${path}`, base) : base + path;
    return fetch(String(url), { credentials: "include", ...options, headers });
  }

  /** Ends all that is going on in this instance. The data stay. */
  close(...rest: Trailing<object, void>): Promise<void>;
  async close(): Promise<void> {
    const { isOpen } = connectionOf(this);
    await connectionOf(this).close();
    if (isOpen) {
      this.#forget();
      this.emit("closed");
    }
  }

  /** Removes the database with all its data. Other instances of it can then only be closed. */
  destroy(...rest: Trailing<object, { ok: true }>): Promise<{ ok: true }>;
  async destroy(): Promise<{ ok: true }> {
    await connectionOf(this).destroy();
    const others = instances.get(this.#key) ?? new Set<Database>();
    instances.delete(this.#key);
    this.emit("destroyed");
    classEvents.emit("destroyed", this.name);
    for (const other of others) {
      if (other !== this) {
        other.emit("destroyed", true);
      }
    }
    return { ok: true };
  }

  #forget(): void {
    const same = instances.get(this.#key);
    if (same?.delete(this) && same.size === 0) {
      instances.delete(this.#key);
    }
  }
}
