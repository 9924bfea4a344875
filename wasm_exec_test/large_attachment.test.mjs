// A large attachment in a page: from a Blob into IndexedDB, to a server, back into another database, and out as a Blob, in bounded memory.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startChromium } from "./chromium.mjs";
import { startServer } from "./gouchdb-server.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);
const MEGABYTES = process.env.SOAK_SECONDS ? 200 : 64;

let files, server, browser;
before(async () => {
  files = await serve({
    "/": `<!doctype html><title>large</title><script type=module>
      // The engine's memory is to be looked at.
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = async (...args) => {
        const made = await instantiate.apply(WebAssembly, args);
        globalThis.memory = (made.instance ?? made).exports.mem;
        return made;
      };
      const { default: GouchDB } = await import('/browser.js');
      globalThis.GouchDB = GouchDB;
    </script>`,
    "/browser.js": new URL("browser.js", dist),
    "/gouchdb.wasm": new URL("gouchdb.wasm", dist),
  });
  server = await startServer(["--memory", "--no-auth", "--cors", files.url]);
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  await files?.close();
});

test(`an attachment of ${MEGABYTES} MB`, { timeout: 300_000 }, async (t) => {
  const page = await browser.context.newPage();
  await page.goto(files.url);
  await page.waitForFunction(() => globalThis.GouchDB);
  const outcome = await page.evaluate(async ([url, megabytes]) => {
    const source = new Blob(Array.from({ length: megabytes }, (_, i) => {
      const piece = new Uint8Array(2 ** 20);
      for (let at = 0, x = i + 1; at < piece.length; at += 4) {
        x = (Math.imul(x, 1664525) + 1013904223) | 0;
        piece[at] = x >>> 24;
        piece[at + 1] = x >>> 16;
      }
      return new Blob([piece]);
    }));
    const same = async (a, b) => {
      for (let at = 0; at < a.size; at += 2 ** 20) {
        const [left, right] = await Promise.all([a, b].map(async (blob) => new Uint8Array(await blob.slice(at, at + 2 ** 20).arrayBuffer())));
        if (left.length !== right.length || left.some((byte, i) => byte !== right[i])) return false;
      }
      return a.size === b.size;
    };
    const db = new GouchDB("one");
    const other = new GouchDB("two");
    await db.put({ _id: "small" });
    const { rev } = await db.putAttachment("film", "film.mp4", source, "video/mp4");
    const afterPut = memory.buffer.byteLength;
    await db.replicate.to(`${url}/films`);
    await other.replicate.from(`${url}/films`);
    const afterPull = memory.buffer.byteLength;
    const back = await other.getAttachment("film", "film.mp4", { rev });
    return { afterPut, afterPull, atEnd: memory.buffer.byteLength, type: back.type, same: await same(source, back) };
  }, [server.url, MEGABYTES]);
  t.diagnostic(JSON.stringify(outcome));
  assert.equal(outcome.same, true);
  assert.equal(outcome.type, "video/mp4");
  assert.ok(outcome.atEnd < 160 * 2 ** 20, "the engine's memory is bounded, whatever the length");
});
