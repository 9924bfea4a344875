import { addition, Additions, check } from "./additions.js";
import type { ImportOptions } from "./additions/importing.js";
import type { DumpSource } from "./additions/lines.js";
import type { LoadOptions, LoadProgress } from "./additions/load.js";
import type { DatabasesOptions, StorageEstimate } from "./additions/storage.js";
import { registry, tasksOf, type ActiveTasks } from "./active_tasks.js";
import { version } from "./build_id.js";
import { optionsAndCallback, tell, type Trailing } from "./callback.js";
import { Changes } from "./changes.js";
import { classEvents, connectionOf, noteBuiltIn, type ClassEvents } from "./database.js";
import { Emitter } from "./emitter.js";
import { badRequest, notImplemented } from "./error.js";
import { init, type Loading } from "./host.js";
import { LiveFind, type LiveFindRequest, type LiveUpdate } from "./live_find.js";
import { isAdapter, type DatabaseOptions } from "./name.js";
import { checkOptions } from "./options.js";
import { peerOf, type Target } from "./peer.js";
import type { ImportResult } from "./pouchdb/import.js";
import { Queries } from "./queries.js";
import type { FoundDocument } from "./query_types.js";
import { Replication } from "./replication.js";
import { Sync } from "./sync.js";
import type * as t from "./types.js";

/** Replication with another database, in one direction. */
export interface Replicate<Content extends object> {
  /** Copies what the other database lacks. */
  to: <Model extends object = Content>(target: Target, ...rest: Trailing<t.ReplicateOptions<Model>, t.ReplicationResult>) => Replication<NoInfer<Model>>;
  /** Fetches what this database lacks. */
  from: <Model extends object = Content>(source: Target, ...rest: Trailing<t.ReplicateOptions<Model>, t.ReplicationResult>) => Replication<NoInfer<Model>>;
}

/** Methods of a plugin, which databases are given, or a function that gets the class. */
export type Plugin = Record<string, unknown> | ((gouchDB: GouchDBConstructor) => void);

// What the class is made of; {@link GouchDB} is this, and more.
class GouchDBClass<Content extends object = t.AnyContent> extends Additions<Content> {
  /** The version of this package. */
  static readonly version: string = version;
  /** What `defaults` was told. @internal */
  static readonly __defaults: DatabaseOptions = {};
  /** Replications under way in this page or process: call it, or use PouchDB's list. */
  static readonly activeTasks: ActiveTasks = Object.assign(() => tasksOf(), registry);

  /** Replication with another database. */
  readonly replicate: Replicate<Content>;

  /**
   * Opens a database, and creates it when it is not there. What goes wrong later, such as a server that cannot be reached, is told by
   * the calls.
   *
   * @param nameOrOptions - A name, a URL, or options with a `name`.
   * @throws GouchError when an option cannot be.
   */
  constructor(nameOrOptions: string | DatabaseOptions, options: DatabaseOptions = {}) {
    super(nameOrOptions, options);
    this.replicate = {
      to: (target, ...rest) => this.#class.replicate(this, target, ...rest),
      from: (source, ...rest) => this.#class.replicate(source, this, ...rest),
    };
  }

  static {
    noteBuiltIn(this.prototype);
  }

  get #class(): GouchDBConstructor {
    return this.constructor as unknown as GouchDBConstructor;
  }

  /**
   * Loads the engine now, and from elsewhere than beside this module if `wasm` says so. Only needed where the file cannot be found
   * by itself, or to be quicker at the first use.
   *
   * @example
   * ```ts
   * await GouchDB.init({ wasm: "/assets/gouchdb.wasm" });
   * ```
   */
  static async init(options: Loading = {}): Promise<void> {
    checkOptions("init", options);
    await init(options);
  }

  /**
   * Copies a database that PouchDB 7, 8 or 9 has kept in IndexedDB, with either of its adapters: all revisions with their trees, conflicts,
   * attachments and local documents, so that replication goes on from its checkpoints. The original is left as it is.
   *
   * @example
   * ```ts
   * const { docs, problems } = await GouchDB.importPouchDB("todo");
   * ```
   */
  static async importPouchDB(this: unknown, name: string, options: ImportOptions = {}): Promise<ImportResult> {
    check("importPouchDB", options);
    return addition("importPouchDB", (this ?? GouchDB) as GouchDBConstructor, name, options);
  }

  /**
   * Makes a database of a dump, or adds what it has to one that is there. A new database goes on with the replications of the one that was dumped, from where
   * that one stood.
   *
   * @example
   * ```ts
   * const { docs } = await GouchDB.load(await fetch("/todo.ndjson"), "todo");
   * ```
   */
  static async load(this: unknown, source: DumpSource, to: string | object, options: LoadOptions = {}): Promise<LoadProgress> {
    check("load", options);
    return addition("load", (this ?? GouchDB) as GouchDBConstructor, source, to, options);
  }

  /** The names of the databases that there are: those that begin with the prefix, without it. */
  static allDbs(this: unknown, ...rest: Trailing<DatabasesOptions, string[]>): Promise<string[]> {
    return overall(this, "allDbs", rest);
  }

  /** How much storage is used, how much there may be, and whether it is kept when the browser runs out of space. */
  static storageEstimate(this: unknown, ...rest: Trailing<DatabasesOptions, StorageEstimate>): Promise<StorageEstimate> {
    return overall(this, "storageEstimate", rest);
  }

  /** Asks the browser to keep what is stored, and tells whether it does. In a worker it only tells. */
  static persist(this: unknown, ...rest: Trailing<object, boolean>): Promise<boolean> {
    return overall(this, "persist", rest);
  }

  /**
   * A class like this one, whose databases have these options unless they are given others.
   *
   * @example
   * ```ts
   * const MemoryDB = GouchDB.defaults({ adapter: "memory" });
   * const db = new MemoryDB("todo");
   * ```
   */
  static defaults(this: GouchDBConstructor | undefined, defaults: DatabaseOptions): GouchDBConstructor {
    checkOptions("defaults", defaults);
    const Parent = (this ?? GouchDB) as typeof GouchDBClass;
    return callable(
      class<Content extends object> extends Parent<Content> {
        static override readonly __defaults = { ...Parent.__defaults, ...defaults };

        constructor(nameOrOptions: string | DatabaseOptions, options: DatabaseOptions = {}) {
          super(...((typeof nameOrOptions === "object" ? [{ ...defaults, ...nameOrOptions }] : [nameOrOptions, { ...defaults, ...options }]) as [string]));
        }
      },
    );
  }

  /**
   * Adds methods to all databases, or calls a function with the class, which may do as it likes. Returns the class.
   *
   * @example
   * ```ts
   * import upsert from "pouchdb-upsert";
   *
   * GouchDB.plugin(upsert);
   * ```
   */
  static plugin(this: GouchDBConstructor | undefined, plugin: Plugin): GouchDBConstructor {
    const target = this ?? GouchDB;
    if (typeof plugin === "function") {
      plugin(target);
    } else if (typeof plugin !== "object" || (plugin as unknown) === null || Object.keys(plugin).length === 0) {
      throw badRequest(`Invalid plugin: got ${JSON.stringify(plugin)}, expected an object with methods or a function`);
    } else {
      // What pouchdb-find and pouchdb-mapreduce bring is built in; theirs keep their indexes in databases of PouchDB's.
      const built = "createIndex" in plugin || "viewCleanup" in plugin ? Queries.prototype : {};
      Object.assign((target as { prototype?: object }).prototype ?? {}, Object.fromEntries(Object.entries(plugin).filter(([name]) => !Object.hasOwn(built, name))));
    }
    return target;
  }

  /** PouchDB's adapters announce themselves here. Those of the names that there are are built in; others cannot be added. */
  static adapter(name: string): void {
    if (!isAdapter(name)) {
      throw notImplemented(`the adapter ${JSON.stringify(name)} cannot be added: storage is built in`);
    }
  }

  /** The place's own `fetch`, for functions given as the option `fetch` to send a request with in the end. */
  static fetch(url: string | URL | Request, options?: RequestInit): Promise<Response> {
    return globalThis.fetch(url, options);
  }

  /** Copies what `target` lacks from `source`. */
  static replicate<Content extends object = t.AnyContent>(
    this: unknown,
    source: Target,
    target: Target,
    ...rest: Trailing<t.ReplicateOptions<Content>, t.ReplicationResult>
  ): Replication<Content> {
    const [options, callback] = optionsAndCallback(rest as Trailing<t.ReplicateOptions, t.ReplicationResult>);
    const replication = new Replication<Content>(peerOf(this ?? GouchDB, source, options), peerOf(this ?? GouchDB, target, options), options);
    tell(replication, callback);
    return replication;
  }

  /** Replicates in both directions. */
  static sync<Content extends object = t.AnyContent>(this: unknown, a: Target, b: Target, ...rest: Trailing<t.SyncOptions<Content>, t.SyncResult>): Sync<Content> {
    const [options, callback] = optionsAndCallback(rest as Trailing<t.SyncOptions, t.SyncResult>);
    const sync = new Sync<Content>(peerOf(this ?? GouchDB, a, options), peerOf(this ?? GouchDB, b, options), options);
    tell(sync, callback);
    return sync;
  }

  /** Replicates in both directions. `push` in the result is from here to the other. */
  sync<Model extends object = Content>(other: Target, ...rest: Trailing<t.SyncOptions<Model>, t.SyncResult>): Sync<NoInfer<Model>> {
    return this.#class.sync<Model>(this, other, ...rest);
  }

  /** Reads the changes feed, once or for as long as it is not cancelled; see {@link Changes}. */
  changes<Model extends object = Content>(...rest: Trailing<t.ChangesOptions<Model>, t.ChangesResult<NoInfer<Model>>>): Changes<NoInfer<Model>> {
    const [options, callback] = optionsAndCallback(rest as Trailing<t.ChangesOptions, t.ChangesResult<Model>>);
    const changes = new Changes<Model>(connectionOf(this), options);
    tell(changes, callback);
    return changes;
  }

  /** Finds documents, and keeps the result as a find would answer now; see {@link LiveFind}. */
  liveFind<const Request extends LiveFindRequest<Content>>(
    request: Request,
    onChange?: (update: LiveUpdate<FoundDocument<Content, Request["fields"]>>) => void,
  ): LiveFind<FoundDocument<Content, Request["fields"]>> {
    return new LiveFind(connectionOf(this), request, onChange);
  }
}

/** The class, which can be called without `new`, and emits events. */
export type GouchDBConstructor = Pick<typeof GouchDBClass, Exclude<keyof typeof GouchDBClass, "prototype">> &
  Emitter<ClassEvents> & {
    new <Content extends object = t.AnyContent>(nameOrOptions: string | DatabaseOptions, options?: DatabaseOptions): GouchDB<Content>;
    <Content extends object = t.AnyContent>(nameOrOptions: string | DatabaseOptions, options?: DatabaseOptions): GouchDB<Content>;
  };

// Something about all databases of a class, in both styles.
function overall<Result>(aClass: unknown, name: "allDbs" | "storageEstimate" | "persist", rest: Trailing<DatabasesOptions, Result>): Promise<Result> {
  const [options, callback] = optionsAndCallback(rest);
  checkOptions(name, options);
  const { __defaults } = (aClass ?? GouchDB) as typeof GouchDBClass;
  const answer = addition(name, { ...__defaults, ...options }) as Promise<Result>;
  tell(answer, callback);
  return answer;
}

/** Lets a class be called without `new`, as PouchDB's is, and emit events. */
function callable(aClass: typeof GouchDBClass): GouchDBConstructor {
  const both = new Proxy(aClass, { apply: (target, _, args) => Reflect.construct(target, args) as unknown });
  Object.defineProperty(aClass.prototype, "constructor", { value: both, writable: true, configurable: true });
  for (const name of Object.getOwnPropertyNames(Emitter.prototype) as (keyof Emitter<ClassEvents>)[]) {
    if (name as string !== "constructor") {
      Object.defineProperty(aClass, name, { value: classEvents[name].bind(classEvents), writable: true, configurable: true });
    }
  }
  return both as unknown as GouchDBConstructor;
}

/**
 * A database: local in this browser or process, or a remote CouchDB.
 *
 * It can be used at once; calls wait until the engine has been loaded and the database is open.
 *
 * @example
 * ```ts
 * import GouchDB from "gouchdb";
 *
 * const db = new GouchDB<{ title: string }>("todo");
 * await db.put({ _id: "milk", title: "Buy milk" });
 * const { title } = await db.get("milk");
 * await db.sync("https://user:password@example.com/todo");
 * ```
 */
// eslint-disable-next-line @typescript-eslint/no-empty-object-type -- an interface, so that plugins can declare what they add
export interface GouchDB<Content extends object = t.AnyContent> extends GouchDBClass<Content> {}

/** See the type of the same name. */
export const GouchDB: GouchDBConstructor = callable(GouchDBClass);
