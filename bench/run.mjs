// The benchmark: this project against PouchDB and Dexie in headless Chromium. See docs/performance.md.
//
//   node run.mjs [--rounds 3] [--only insert-1000,get-each] [--against pouchdb-idb,dexie] [--dist DIR] [--other NAME=DIR] [--json FILE]
//
// Contenders take turns workload by workload, so that what else the machine does hits all of them, and begin in another order in each round.
import { writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

import { startChromium } from "../wasm_exec_test/chromium.mjs";
import { contenders, filesFor } from "./contenders.mjs";
import { serve } from "./serve.mjs";
import { table } from "./table.mjs";
import { workloads } from "./page/workloads.js";

const { values: options } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    only: { type: "string" }, // workloads
    against: { type: "string" }, // contenders besides this project
    dist: { type: "string" }, // the built package
    other: { type: "string", multiple: true, default: [] }, // NAME=DIR: further builds of this project, to compare them
    features: { type: "string" }, // of Chromium
    json: { type: "string" },
  },
});

const coldStarts = ["cold-first", "cold-second"];
const all = [...Object.keys(workloads), ...coldStarts];
const wanted = options.only?.split(",") ?? all;
const unknown = wanted.filter((name) => !all.includes(name));
if (unknown.length > 0) {
  throw new Error(`unknown workload ${unknown.join()}: there are ${all.join()}`);
}
const others = Object.keys(contenders).filter((name) => name !== "gouchdb");
const against = options.against === undefined ? others : options.against.split(",").filter(Boolean);
const asURL = (directory) => pathToFileURL(`${resolve(directory)}/`);
const builds = { gouchdb: options.dist && asURL(options.dist), ...Object.fromEntries(options.other.map((pair) => pair.split("=")).map(([name, dir]) => [name, asURL(dir)])) };
const names = [...Object.keys(builds), ...against];
const rounds = Number(options.rounds);
const features = options.features?.split(",") ?? [];

// Workloads that read need those that write.
const needed = wanted.map((name) => workloads[name]?.needs);
const warm = Object.keys(workloads).filter((name) => wanted.includes(name) || needed.includes(name));
const steps = warm.some((name) => !workloads[name].fresh) && !warm.includes("insert-1000") ? ["insert-1000", ...warm] : warm;

const servers = {};
for (const name of names) {
  const file = name in builds ? "gouchdb" : name;
  servers[name] = await serve(await filesFor([file], builds[name]));
}
const scriptOf = (name) => `/${name in builds ? "gouchdb" : name}.js`;
const inOrder = (round) => names.map((_, i) => names[(i + round) % names.length]);

const results = {};
const note = (workload, name, took) => {
  ((results[workload] ??= {})[name] ??= []).push(took);
  console.error(`  ${workload.padEnd(14)}${name.padEnd(20)}${took === undefined ? "–" : took.toFixed(1)}`);
};

async function warmRound(round) {
  const browser = await startChromium({ features });
  const pages = {};
  for (const name of inOrder(round)) {
    const page = (pages[name] = await browser.context.newPage());
    await page.goto(servers[name].origin(name));
    await page.evaluate(async (script) => {
      const [{ newBench }, { open }] = await Promise.all([import("/bench.js"), import(script)]);
      globalThis.bench = newBench(open);
      await globalThis.bench.warmUp();
    }, scriptOf(name));
  }
  for (const [i, workload] of steps.entries()) {
    for (const name of inOrder(round + i)) {
      const took = await pages[name].evaluate(([w, seed]) => globalThis.bench.run(w, seed), [workload, round + 1]);
      if (wanted.includes(workload)) {
        note(workload, name, took ?? undefined);
      }
    }
  }
  await browser.close();
}

async function coldStart(name) {
  const browser = await startChromium({ features });
  // What the browser does for its first page of all is not the contender's.
  const first = await browser.context.newPage();
  await first.goto(servers[name].origin(`blank-${name}`));
  for (const visit of coldStarts) {
    const page = await browser.context.newPage();
    await page.goto(servers[name].origin(name));
    const took = await page.evaluate(async ([script, visit]) => {
      const { documentOf, checkDocument } = await import("/documents.js");
      const n = visit === "cold-first" ? 1 : 2;
      const start = performance.now();
      const { open } = await import(script);
      const db = open("cold");
      const answer = await db.put(documentOf(n));
      const doc = await db.get(documentOf(n)._id);
      const milliseconds = performance.now() - start;
      if (!db.written(answer)) {
        throw new Error("the put failed");
      }
      checkDocument(doc, n);
      return milliseconds;
    }, [scriptOf(name), visit]);
    if (wanted.includes(visit)) {
      note(visit, name, took);
    }
    await new Promise((resolve) => setTimeout(resolve, 2000)); // a person's pause, in which browsers keep compiled code
    await page.close();
  }
  await browser.close();
}

for (let round = 0; round < rounds; round++) {
  console.error(`round ${round + 1} of ${rounds}`);
  if (steps.length > 0) {
    await warmRound(round);
  }
  if (wanted.some((name) => coldStarts.includes(name))) {
    for (const name of inOrder(round)) {
      await coldStart(name);
    }
  }
}
await Promise.all(Object.values(servers).map((server) => server.close()));

console.log(`${cpus().length} × ${cpus()[0].model}, medians of ${rounds} rounds\n`);
console.log(table(results, names));
if (options.json) {
  await writeFile(options.json, `${JSON.stringify(results, null, 1)}\n`);
}
