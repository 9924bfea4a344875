// Replication beside PouchDB 9, in Node or in Chromium: all from and to the same server of this project, in turns. See docs/performance.md.
//
//   node replication.mjs [--browser] [--rounds 3] [--docs 10000] [--far 2000] [--other NAME=DIR] [--dist DIR]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { inChromium, inNode } from "./players.mjs";

const { values: options } = parseArgs({
  options: {
    browser: { type: "boolean", default: false },
    rounds: { type: "string", default: "3" },
    docs: { type: "string", default: "10000" },
    far: { type: "string", default: "2000" },
    dist: { type: "string", default: new URL("../js/dist", import.meta.url).pathname }, // the built package
    other: { type: "string", multiple: true, default: [] }, // NAME=DIR: further builds of this project, to compare them
  },
});

const builds = { gouchdb: options.dist, ...Object.fromEntries(options.other.map((pair) => pair.split("="))) };
const { players, origins, rivals, close } = await (options.browser ? inChromium : inNode)(builds);
const directory = await mkdtemp(join(tmpdir(), "gouchdb-bench-"));
const server = await startServer(["--dir", directory, "--no-auth", ...(origins.length > 0 ? ["--cors", origins.join()] : [])]);
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

const results = new Map();
async function measure(workload, name, way, work) {
  await way.count();
  const took = await work();
  const requests = await way.count();
  const row = results.get(workload) ?? results.set(workload, {}).get(workload);
  (row[name] ??= []).push({ took, requests });
  console.error(`  ${workload.padEnd(44)}${name.padEnd(20)}${took.toFixed(0).padStart(7)} ms ${String(requests).padStart(5)} requests`);
}

let number = 0;
async function fresh(way) {
  const name = `bench-${number++}`;
  const response = await fetch(`${server.url}/${name}`, { method: "PUT" });
  if (!response.ok) {
    throw new Error(`${name}: ${response.status}`);
  }
  return `${way.url}/${name}`;
}

async function round(name, way, count, where) {
  const player = players[name];
  const remote = await fresh(way);
  await player.begin(count, false);
  await measure(`push ${count} documents${where}`, name, way, () => player.push(remote));
  await measure(`pull ${count} documents${where}`, name, way, () => player.pull(remote));
  await measure(`nothing to pull${where}`, name, way, () => player.pull(remote));
  await player.end(count);
}

async function attachments(name, way, count, where) {
  const player = players[name];
  const remote = await fresh(way);
  await player.begin(count, true);
  await measure(`push ${count} documents with two attachments${where}`, name, way, () => player.push(remote));
  await measure(`pull ${count} documents with two attachments${where}`, name, way, () => player.pull(remote));
  await player.end(count);
}

try {
  const near = await proxy(0);
  const far = await proxy(50);
  const names = Object.keys(players);
  // Once for nothing, so that all code is warm.
  for (const name of names) {
    await round(name, near, 1000, ", warming up");
    await attachments(name, near, 5, ", warming up");
  }
  for (let i = 0; i < Number(options.rounds); i++) {
    for (const name of names.map((_, n) => names[(n + i) % names.length])) {
      await round(name, near, Number(options.docs), "");
      await round(name, far, Number(options.far), ", 50 ms away");
      await attachments(name, near, 50, "");
    }
  }
} finally {
  proxies.forEach((child) => child.kill());
  await server.stop();
  await close();
  await rm(directory, { recursive: true, force: true });
}

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
const names = Object.keys(players);
console.log(`| workload | ${names.map((name) => `${name} ms | requests`).join(" | ")} | times as fast |\n| --- | ${names.map(() => "---: | ---:").join(" | ")} | ---: |`);
for (const [workload, rows] of results) {
  if (!workload.includes("warming")) {
    const ratio = median(rows.gouchdb.map(({ took }, i) => Math.min(...rivals.map((rival) => rows[rival][i].took)) / took));
    const cell = (runs) => `${median(runs.map(({ took }) => took)).toFixed(0)} | ${median(runs.map(({ requests }) => requests))}`;
    console.log(`| ${workload} | ${names.map((name) => cell(rows[name])).join(" | ")} | ${ratio.toFixed(1)} |`);
  }
}
