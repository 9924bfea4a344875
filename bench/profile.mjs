// Profiles this project's workloads in headless Chromium, with the names of Go's functions: who takes the time. See docs/performance.md.
//
//   node profile.mjs WORKLOAD [--times 3] [--depth 40] [--save FILE]
//
// The engine is built anew, unstripped; everything else is js/dist as it is. A saved profile can be loaded into Chromium's developer tools.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

import { buildWasm } from "../scripts/build-js.mjs";
import { startChromium } from "../wasm_exec_test/chromium.mjs";
import { filesFor } from "./contenders.mjs";
import { workloads } from "./page/workloads.js";
import { serve } from "./serve.mjs";

const { values: options, positionals: [workload] } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string", default: "3" },
    depth: { type: "string", default: "40" }, // how many functions are listed
    save: { type: "string" },
  },
});
if (!(workload in workloads)) {
  throw new Error(`which workload? There are ${Object.keys(workloads).join()}`);
}

/** The engine of the built package, with names. Its build id is the one that the package's JavaScript expects. */
async function namedEngine(script) {
  const [, id] = /"([0-9a-f]{16})"/.exec(script) ?? [];
  const folder = await mkdtemp(join(tmpdir(), "gouchdb-profile-"));
  buildWasm(join(folder, "named.wasm"), id, "", { named: true });
  const engine = await readFile(join(folder, "named.wasm"));
  await rm(folder, { recursive: true });
  return engine;
}

/** Self times of a profile, by function, in milliseconds. */
function selfTimes({ nodes, samples, timeDeltas }) {
  const functions = new Map(nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => [
    id,
    functionName || `(anonymous) ${url.split("/").pop()}:${lineNumber}`,
  ]));
  const times = new Map();
  samples.forEach((id, i) => {
    const name = functions.get(id);
    times.set(name, (times.get(name) ?? 0) + timeDeltas[i] / 1000);
  });
  return [...times].sort(([, a], [, b]) => b - a);
}

const files = await filesFor(["gouchdb"]);
files["/gouchdb/gouchdb.wasm"] = await namedEngine(String(files["/gouchdb/browser.js"]));
const server = await serve(files);
const browser = await startChromium();
const page = await browser.context.newPage();
await page.goto(server.origin("profile"));
await page.evaluate(async () => {
  const [{ newBench }, { open }] = await Promise.all([import("/bench.js"), import("/gouchdb.js")]);
  globalThis.bench = newBench(open);
  await globalThis.bench.warmUp();
});
if (!workloads[workload].fresh) {
  await page.evaluate(() => globalThis.bench.run("insert-1000", 1));
  if (workloads[workload].needs) {
    await page.evaluate(([name]) => globalThis.bench.run(name, 1), [workloads[workload].needs]);
  }
}
await page.evaluate(([name]) => globalThis.bench.run(name, 1), [workload]); // warms its code up
const session = await browser.context.newCDPSession(page);
await session.send("Profiler.enable");
await session.send("Profiler.setSamplingInterval", { interval: 100 });
const totals = new Map();
// Only what is timed is profiled, not what prepares and checks it.
await page.exposeFunction("beginProfile", () => session.send("Profiler.start"));
await page.exposeFunction("endProfile", async () => {
  const { profile } = await session.send("Profiler.stop");
  for (const [name, time] of selfTimes(profile)) {
    totals.set(name, (totals.get(name) ?? 0) + time);
  }
  if (options.save) {
    await writeFile(options.save, JSON.stringify(profile));
  }
});
const times = Number(options.times);
let took = 0;
for (let i = 0; i < times; i++) {
  took += await page.evaluate(([name, seed]) => globalThis.bench.run(name, seed, { begin: globalThis.beginProfile, end: globalThis.endProfile }), [workload, i + 2]);
}
await browser.close();
await server.close();

const all = [...totals].sort(([, a], [, b]) => b - a);
const sum = all.filter(([name]) => name !== "(program)" && name !== "(idle)").reduce((total, [, time]) => total + time, 0);
console.log(`${workload}: ${(took / times).toFixed(1)} ms each time, ${sum.toFixed(0)} ms profiled`);
for (const [name, time] of all.slice(0, Number(options.depth))) {
  console.log(`${time.toFixed(1).padStart(9)} ms ${((100 * time) / sum).toFixed(1).padStart(5)} %  ${name}`);
}
