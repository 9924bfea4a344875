// Replication beside PouchDB 9 in Node: both from and to the same server of this project, in turns. See docs/performance.md.
//
//   node replication.mjs [--rounds 3] [--docs 10000] [--far 2000]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import GouchDB from "../js/dist/node.js";
import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { documents } from "./page/documents.js";

const require = createRequire(new URL("../node_test/package.json", import.meta.url));
const PouchDB = require("pouchdb").plugin(require("pouchdb-adapter-memory"));
const { values: options } = parseArgs({
  options: { rounds: { type: "string", default: "3" }, docs: { type: "string", default: "10000" }, far: { type: "string", default: "2000" } },
});

const contenders = { gouchdb: GouchDB, pouchdb: PouchDB };
const directory = await mkdtemp(join(tmpdir(), "gouchdb-bench-"));
const server = await startServer(["--dir", directory, "--no-auth"]);
const proxies = [];

async function proxy(delay) {
  const child = spawn(process.execPath, [new URL("proxy.mjs", import.meta.url).pathname, server.url, String(delay)], { stdio: ["ignore", "pipe", "inherit"] });
  proxies.push(child);
  for await (const line of createInterface({ input: child.stdout })) {
    child.stdout.resume();
    return { url: line, count: async () => Number(await (await fetch(`${line}/_proxy/count`)).text()) };
  }
  throw new Error("the proxy did not start");
}

let number = 0;
const results = new Map();
async function measure(workload, name, way, work) {
  await way.count();
  const began = performance.now();
  await work();
  const took = performance.now() - began;
  const requests = await way.count();
  const row = results.get(workload) ?? results.set(workload, {}).get(workload);
  (row[name] ??= []).push({ took, requests });
  console.error(`  ${workload.padEnd(44)}${name.padEnd(10)}${took.toFixed(0).padStart(7)} ms ${String(requests).padStart(5)} requests`);
}

async function fresh(path) {
  const response = await fetch(`${server.url}/${path}`, { method: "PUT" });
  if (!response.ok) {
    throw new Error(`${path}: ${response.status}`);
  }
}

async function round(Database, name, way, count, where) {
  const own = `bench-${number++}`;
  const remote = `${way.url}/${own}`;
  await fresh(own);
  const local = new Database(`local-${own}`, { adapter: "memory" });
  const other = new Database(`other-${own}`, { adapter: "memory" });
  const docs = documents(0, count);
  for (let i = 0; i < docs.length; i += 1000) {
    await local.bulkDocs(docs.slice(i, i + 1000));
  }
  await measure(`push ${count} documents${where}`, name, way, () => local.replicate.to(remote));
  await measure(`pull ${count} documents${where}`, name, way, () => other.replicate.from(remote));
  await measure(`nothing to pull${where}`, name, way, () => other.replicate.from(remote));
  const { doc_count } = await other.info();
  if (doc_count !== count) {
    throw new Error(`${name} has ${doc_count} documents`);
  }
  await Promise.all([local.destroy(), other.destroy()]);
}

async function attachments(Database, name, way) {
  const own = `bench-${number++}`;
  await fresh(own);
  const local = new Database(`local-${own}`, { adapter: "memory" });
  const other = new Database(`other-${own}`, { adapter: "memory" });
  await local.bulkDocs(Array.from({ length: 50 }, (_, i) => ({
    _id: `d${i}`,
    _attachments: {
      a: { content_type: "text/plain", data: Buffer.from(`text ${i}`).toString("base64") },
      b: { content_type: "image/png", data: Buffer.alloc(20_000, i).toString("base64") },
    },
  })));
  await measure("push 50 documents with two attachments", name, way, () => local.replicate.to(`${way.url}/${own}`));
  await measure("pull 50 documents with two attachments", name, way, () => other.replicate.from(`${way.url}/${own}`));
  await Promise.all([local.destroy(), other.destroy()]);
}

try {
  const near = await proxy(0);
  const far = await proxy(50);
  // Once for nothing, so that all code is warm.
  for (const [name, Database] of Object.entries(contenders)) {
    await round(Database, name, near, 500, ", warming up");
  }
  for (let i = 0; i < Number(options.rounds); i++) {
    const order = Object.entries(contenders);
    for (const [name, Database] of i % 2 === 0 ? order : order.reverse()) {
      await round(Database, name, near, Number(options.docs), "");
      await round(Database, name, far, Number(options.far), ", 50 ms away");
      await attachments(Database, name, near);
    }
  }
} finally {
  proxies.forEach((child) => child.kill());
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
console.log("| workload | GouchDB ms | requests | PouchDB ms | requests | times as fast |\n| --- | ---: | ---: | ---: | ---: | ---: |");
for (const [workload, { gouchdb, pouchdb }] of results) {
  if (!workload.includes("warming")) {
    const ratio = median(pouchdb.map(({ took }, i) => took / gouchdb[i].took));
    const cell = (runs) => `${median(runs.map(({ took }) => took)).toFixed(0)} | ${median(runs.map(({ requests }) => requests))}`;
    console.log(`| ${workload} | ${cell(gouchdb)} | ${cell(pouchdb)} | ${ratio.toFixed(1)} |`);
  }
}
