// What a large database costs at open: time, and the engine's memory. See docs/performance.md.
//
//   node memory.mjs [--count 100000] [--rounds 3] [--dist DIR]
//
// The database is written in one page and opened in others, each with an engine of its own that has opened nothing else. WebAssembly memory only
// grows, so its size after the opening is the most that the opening ever needed, the collector's garbage included.
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

import { startChromium } from "../wasm_exec_test/chromium.mjs";
import { filesFor } from "./contenders.mjs";
import { serve } from "./serve.mjs";

const { values: options } = parseArgs({
  options: {
    count: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    dist: { type: "string" },
  },
});
const count = Number(options.count);

const server = await serve(await filesFor(["gouchdb"], options.dist && pathToFileURL(`${resolve(options.dist)}/`)));
const browser = await startChromium();

async function inNewPage(body) {
  const page = await browser.context.newPage();
  await page.goto(server.origin("gouchdb"));
  await page.evaluate(async () => {
    const start = WebAssembly.instantiate;
    WebAssembly.instantiate = async (...given) => {
      const instance = await start(...given);
      globalThis.engineMemory = instance.exports.mem;
      return instance;
    };
    globalThis.documents = await import("/documents.js");
    globalThis.open = (await import("/gouchdb.js")).open;
    const empty = open("empty"); // starts the engine
    await empty.ready();
    await empty.close();
  });
  const result = await page.evaluate(body, count);
  await page.close();
  return result;
}

await inNewPage(async (count) => {
  const db = open("large");
  for (let from = 0; from < count; from += 1000) {
    const answers = await db.insert(documents.documents(from, Math.min(from + 1000, count)));
    if (!answers.every(db.written)) {
      throw new Error("a write failed");
    }
  }
  await db.close();
});

const results = [];
for (let round = 0; round < Number(options.rounds); round++) {
  results.push(await inNewPage(async (count) => {
    const before = engineMemory.buffer.byteLength;
    const start = performance.now();
    const db = open("large");
    await db.get("nothing").catch(() => undefined);
    const opened = performance.now() - start;
    const after = engineMemory.buffer.byteLength;
    documents.checkDocument(await db.get(documents.idOf(count - 1)), count - 1);
    for (let n = 0; n < 1000; n++) {
      const i = (n * 7919) % count;
      documents.checkDocument(await db.get(documents.idOf(i)), i);
    }
    return { opened, before, after, used: engineMemory.buffer.byteLength };
  }));
}
await browser.close();
await server.close();

const mb = (bytes) => (bytes / 2 ** 20).toFixed(0);
console.log(`| ${count} documents | open, ms | engine before, MB | after the open | after 1,000 gets | bytes a document |`);
console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
results.forEach(({ opened, before, after, used }, i) => {
  console.log(`| round ${i + 1} | ${opened.toFixed(0)} | ${mb(before)} | ${mb(after)} | ${mb(used)} | ${((after - before) / count).toFixed(0)} |`);
});
