// The contenders as a page loads them: bundled and minified, this project's as it is published.
import { readFile } from "node:fs/promises";
import { build } from "esbuild";

const root = new URL("../", import.meta.url);
const here = new URL("./", import.meta.url);

export const contenders = {
  gouchdb: { title: "GouchDB" },
  "pouchdb-idb": { title: "PouchDB `idb`" },
  "pouchdb-indexeddb": { title: "PouchDB `indexeddb`" },
  dexie: { title: "Dexie" },
};

/** Those that the aims are about: the better one counts, workload by workload. */
export const rivals = ["pouchdb-idb", "pouchdb-indexeddb"];

async function bundle(entry) {
  const { outputFiles } = await build({
    entryPoints: [new URL(entry, here).pathname],
    bundle: true,
    minify: true,
    format: "esm",
    platform: "browser",
    mainFields: ["browser", "module", "main"],
    define: { global: "globalThis", "process.env.NODE_ENV": '"production"' },
    external: ["/gouchdb/*"],
    write: false,
    logLevel: "warning",
  });
  return outputFiles[0].contents;
}

/**
 * What a server has to serve, by path: files as bytes, read once, so that a build in the meantime changes nothing.
 * @param {string[]} names of contenders
 * @param {URL} dist the built package
 */
export async function filesFor(names, dist = new URL("js/dist/", root)) {
  const files = {
    "/": "<!doctype html><meta charset=utf-8><link rel=icon href=data:,><title>bench</title>",
    "/bench.js": await bundle("page/bench.js"),
    "/documents.js": await bundle("page/documents.js"),
    "/replication.js": await bundle("page/replication.js"),
  };
  for (const name of names) {
    files[`/${name}.js`] = await bundle(`contenders/${name}.js`);
  }
  for (const name of ["browser.js", "gouchdb.wasm"]) {
    files[`/gouchdb/${name}`] = await readFile(new URL(name, dist));
  }
  return files;
}
