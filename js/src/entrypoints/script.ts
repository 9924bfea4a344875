// For <script src>: everything is on one global, GouchDB.
import { compile, setHost } from "../host.js";
import * as all from "../index.js";

// The other files are beside this one. A worker that has imported it knows only its own address.
const here = (typeof document === "undefined" ? undefined : (document.currentScript as HTMLScriptElement | null)?.src) ?? (globalThis as { location?: Location }).location?.href;

setHost({
  localAdapter: "indexeddb",
  system: {},
  load: () => compile(new URL("gouchdb.wasm", here)),
  startWorker: () => {
    const url = new URL("worker.js", here);
    // A worker's own script must come from the page's origin, but may import from elsewhere.
    return url.origin === location.origin ? new Worker(url) : new Worker(URL.createObjectURL(new Blob([`importScripts(${JSON.stringify(url.href)})`], { type: "text/javascript" })));
  },
});

const { GouchDB, default: _, ...rest } = all;
(globalThis as { GouchDB?: unknown }).GouchDB = Object.assign(GouchDB, rest);
