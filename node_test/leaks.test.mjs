// Ten thousand live replications, begun and ended with the npm package, leave nothing behind: neither in JavaScript nor in the engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

async function held() {
  for (let i = 0; i < 3; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 10)); // finalizers run between
  }
  const { heapUsed, external } = process.memoryUsage(); // external has the engine's memory, which only ever grows
  return { heapUsed, external, handles: process.getActiveResourcesInfo().length };
}

test("thousands of live replications leave nothing", { timeout: 120_000 }, async () => {
  const [a, b] = [new GouchDB("leaks-a", { adapter: "memory" }), new GouchDB("leaks-b", { adapter: "memory" })];
  await a.bulkDocs([{ _id: "x" }, { _id: "y" }]);
  await a.replicate.to(b);
  const cycle = () => new Promise((resolve, reject) => {
    const replication = a.replicate.to(b, { live: true, checkpoint: false }).on("paused", () => {
      replication.cancel();
      replication.then(resolve, reject);
    });
  });
  const cycles = async (count) => {
    for (let i = 0; i < count; i += 10) {
      await Promise.all(Array.from({ length: 10 }, cycle));
    }
  };
  await cycles(1000);
  const before = await held();
  await cycles(10_000);
  const after = await held();
  assert.ok(after.heapUsed < before.heapUsed + 2_000_000, `${(after.heapUsed - before.heapUsed) / 10_000} bytes of JavaScript are left of each`);
  assert.ok(after.external < before.external + 4_000_000, `the engine grew by ${(after.external - before.external) / 10_000} bytes with each`);
  assert.ok(after.handles <= before.handles, "timers or sockets are left");
  assert.deepEqual(await GouchDB.activeTasks(), []);
});
