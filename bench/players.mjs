// Who replicates in the benchmark, each as an object with the methods of page/replication.js: databases in memory in Node, or in IndexedDB in pages of Chromium.
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { startChromium } from "../wasm_exec_test/chromium.mjs";
import { filesFor } from "./contenders.mjs";
import { couchLike } from "./contenders/couch-like.js";
import { newReplications } from "./page/replication.js";
import { serve } from "./serve.mjs";

const asURL = (directory) => pathToFileURL(`${resolve(directory)}/`);

/** @param {Record<string, string>} builds directories of the built package, by name */
export async function inNode(builds) {
  const require = createRequire(new URL("../node_test/package.json", import.meta.url));
  const classes = {};
  for (const [name, directory] of Object.entries(builds)) {
    classes[name] = (await import(new URL("node.js", asURL(directory)).href)).default;
  }
  classes.pouchdb = require("pouchdb").plugin(require("pouchdb-adapter-memory"));
  const players = Object.entries(classes).map(([name, Database]) => [name, newReplications((own) => couchLike(new Database(own, { adapter: "memory" })))]);
  return { players: Object.fromEntries(players), origins: [], rivals: ["pouchdb"], close: () => {} };
}

/** @param {Record<string, string>} builds directories of the built package, by name */
export async function inChromium(builds) {
  const rivals = ["pouchdb-idb", "pouchdb-indexeddb"];
  const browser = await startChromium();
  const servers = [];
  const origins = [];
  const players = {};
  for (const name of [...Object.keys(builds), ...rivals]) {
    const file = name in builds ? "gouchdb" : name;
    const server = await serve(await filesFor([file], name in builds ? asURL(builds[name]) : undefined));
    servers.push(server);
    origins.push(server.origin(name));
    const page = await browser.context.newPage();
    await page.goto(server.origin(name));
    await page.evaluate(async (script) => {
      const [{ newReplications }, { open }] = await Promise.all([import("/replication.js"), import(script)]);
      globalThis.player = newReplications(open);
    }, `/${file}.js`);
    const method = (called) => (...args) => page.evaluate(([called, args]) => globalThis.player[called](...args), [called, args]);
    players[name] = Object.fromEntries(["begin", "push", "pull", "end"].map((called) => [called, method(called)]));
  }
  const close = async () => {
    await browser.close();
    await Promise.all(servers.map((server) => server.close()));
  };
  return { players, origins, rivals, close };
}
