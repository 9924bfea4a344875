// What PouchDB leaves to plugins. It is loaded when it is called for.
export { conflicts } from "./conflicts.js";
export { resolve } from "./resolve.js";
export { upsert } from "./upsert.js";
export { importPouchDB } from "./importing.js";
export { dump } from "./dump.js";
export { load } from "./load.js";
export { allDbs, persist, storageEstimate } from "./storage.js";
