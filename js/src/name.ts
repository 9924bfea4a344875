import { badRequest } from "./error.js";
import { numberOf, type Fetch } from "./fetches.js";

/** The adapters, by PouchDB's names. `"idb"` means `"indexeddb"`. */
export type AdapterName = "memory" | "indexeddb" | "idb" | "file" | "http" | "https";

/** Options of a database. */
export interface DatabaseOptions {
  /** The name, when it is not the first argument. A URL is a remote database. */
  name?: string;
  /** By default `"http"` for URLs, and for names `"indexeddb"` in browsers and `"file"` in Node. */
  adapter?: AdapterName;
  /** Put before the name of a local database. */
  prefix?: string;
  /**
   * What a write that was acknowledged survives. `"strict"` waits until it is on the disk; `"relaxed"` leaves the last moment to the system:
   * a loss of power may undo the last writes, the end of a page or process does not. `"memory-first"` writes a few milliseconds later,
   * many at a time: quickest, and the end of a page or process may undo these milliseconds, unless `flush` was waited for. By default
   * strict in Node and relaxed in browsers.
   */
  durability?: "strict" | "relaxed" | "memory-first";
  /**
   * How many bytes of log a database may have for one that lives before it compacts itself in the background: 2 unless set, at least 1.2;
   * negative: only `compact()` does it.
   */
  compaction_ratio?: number;
  /** Runs the engine and the storage in a Web Worker, so that they never keep the page waiting. All databases with this option share one worker. */
  worker?: boolean;
  /** How many revisions of each document are remembered: 1000 unless it was set otherwise. */
  revs_limit?: number;
  /** Removes the bodies of revisions that are not leaves by itself. */
  auto_compaction?: boolean;
  /** Accepted, as PouchDB has it: how much room its storage in WebSQL shall have, in megabytes. It changes nothing. */
  size?: number;
  /** `false` names new revisions at random: the same edit made in two places is then a conflict. Otherwise they are made of what they hold, as CouchDB makes them. */
  deterministic_revs?: boolean;
  /** For remote databases: sends the requests, in place of the place's own `fetch`. */
  fetch?: Fetch;
  /** For remote databases: user and password, also taken from the URL. */
  auth?: { username: string; password: string };
  /** For remote databases: headers of every request. */
  headers?: Record<string, string>;
  /** For remote databases: `true` does not create the database when it is not there. */
  skip_setup?: boolean;
}

/** A database to be opened: what the engine gets to know. */
export interface Address {
  adapter: "memory" | "indexeddb" | "file" | "http" | "peer";
  name: string;
  /** What `db.name` is: without credentials. */
  shown: string;
  username?: string;
  password?: string;
  headers?: Record<string, string>;
  create?: boolean;
  /** The number of the function that sends its requests. */
  fetch?: number;
  auto_compaction?: boolean;
  random_revs?: boolean;
  durability?: string;
  compaction_ratio?: number;
  /** Which engine has it: by default the one in this context. */
  place?: "worker";
}

/** What the place that the package runs in has to say about names. */
export interface Naming {
  /** The adapter for names that are not URLs. */
  readonly localAdapter: "indexeddb" | "file" | "memory";
  /** Where the file of a database is; there are no files in browsers. */
  readonly pathOf?: (name: string) => string;
}

const adapters: Record<AdapterName, Address["adapter"]> = {
  memory: "memory",
  indexeddb: "indexeddb",
  idb: "indexeddb",
  file: "file",
  http: "http",
  https: "http",
};

/** Whether there is an adapter of that name. */
export function isAdapter(name: string): name is AdapterName {
  return Object.hasOwn(adapters, name);
}

/** Makes an address of the constructor's arguments. What cannot be is an error that names it. */
export function addressOf(nameOrOptions: string | DatabaseOptions, more: DatabaseOptions, { localAdapter, pathOf }: Naming): Address {
  const options: DatabaseOptions = typeof nameOrOptions === "string" ? { ...more, name: nameOrOptions } : { ...more, ...(nameOrOptions as DatabaseOptions | undefined) };
  const { name, adapter, prefix = "", durability, compaction_ratio: ratio, worker = false } = options;
  if (typeof name !== "string" || name === "") {
    throw badRequest("a database needs a `name`, a string that is not empty");
  }
  if (typeof prefix !== "string") {
    throw badRequest("option `prefix` must be a string");
  }
  if (typeof worker !== "boolean") {
    throw badRequest("option `worker` must be true or false");
  }
  if (adapter !== undefined && !isAdapter(adapter)) {
    throw badRequest(`option \`adapter\`: there is none called ${JSON.stringify(adapter)}; there are ${Object.keys(adapters).join(", ")}`);
  }
  const isURL = /^https?:\/\//i.test(name);
  const chosen = adapter === undefined ? (isURL ? "http" : localAdapter) : adapters[adapter];
  const place = worker ? ({ place: "worker" } as const) : {};
  if (chosen === "http") {
    return { ...remoteAddress(prefix + name, options), ...place };
  }
  if (durability !== undefined && !["strict", "relaxed", "memory-first"].includes(durability)) {
    throw badRequest('option `durability` must be "strict", "relaxed" or "memory-first"');
  }
  if (ratio !== undefined && !(typeof ratio === "number" && Number.isFinite(ratio) && (ratio >= 1.2 || ratio < 0))) {
    throw badRequest("option `compaction_ratio` must be a number, 1.2 or greater, or negative for never");
  }
  const shown = prefix + name;
  const address = { adapter: chosen, name: shown, shown, ...(durability ? { durability } : {}), ...(ratio === undefined ? {} : { compaction_ratio: ratio }), ...(options.auto_compaction === true ? { auto_compaction: true } : {}), ...(options.deterministic_revs === false ? { random_revs: true } : {}), ...place };
  if (chosen !== "file") {
    return address;
  }
  if (!pathOf) {
    throw badRequest("option `adapter`: there are no files here");
  }
  return { ...address, name: pathOf(shown) };
}

function remoteAddress(text: string, { auth, fetch, headers, skip_setup: skipSetup }: DatabaseOptions): Address {
  let url: URL;
  try {
    url = new URL(text, typeof location === "undefined" ? undefined : location.href);
  } catch {
    throw badRequest("the URL of a remote database cannot be understood");
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw badRequest("the URL of a remote database must begin with http: or https:");
  }
  const username = auth?.username ?? decode(url.username);
  const password = auth?.password ?? decode(url.password);
  if (typeof username !== "string" || typeof password !== "string") {
    throw badRequest("option `auth` must be an object with the strings `username` and `password`");
  }
  if (headers !== undefined && Object.values(headers).some((value) => typeof value !== "string")) {
    throw badRequest("option `headers` must be an object of strings");
  }
  if (fetch !== undefined && typeof fetch !== "function") {
    throw badRequest("option `fetch` must be a function");
  }
  url.username = "";
  url.password = "";
  return {
    adapter: "http",
    name: url.href,
    shown: url.href,
    ...(username ? { username, password } : {}),
    ...(headers ? { headers } : {}),
    ...(fetch ? { fetch: numberOf(fetch) } : {}),
    create: skipSetup !== true,
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
