// Queries in Chromium, over IndexedDB: with indexes and views that outlive the page, and where a Content Security Policy forbids text to become code.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { startChromium } from "./chromium.mjs";
import { serve } from "./serve.mjs";

const dist = new URL("../js/dist/", import.meta.url);

// The page's own script does the work: what a debugger evaluates is not under the policy.
const app = (body) => `
import GouchDB from "/browser.js";
const ids = ({ docs }) => docs.map(({ _id }) => _id).join();
const keys = ({ rows }) => rows.map(({ key }) => key).join();
const run = async () => { ${body} };
run().then((outcome) => { globalThis.outcome = outcome; }, (error) => { globalThis.outcome = { failed: String(error.stack) }; });
`;

const writing = app(`
  const db = new GouchDB("queries");
  await db.bulkDocs(Array.from({ length: 3000 }, (_, n) => ({ _id: String(n), n, kind: n % 3 })));
  await db.createIndex({ index: { fields: ["kind", "n"] } });
  await db.put({ _id: "_design/d", views: { kinds: { map: "function (doc) { emit(doc.kind, doc.n); }", reduce: "_count" } } });
  const found = await db.find({ selector: { kind: 1, n: { $lt: 8 } } });
  const least = 2997;
  return {
    found: ids(found), warning: found.warning,
    groups: (await db.query("d/kinds", { group: true })).rows.map(({ value }) => value).join(),
    closure: keys(await db.query((doc) => { if (doc.n >= least) emit(doc.n); })),
    left: Object.keys(globalThis).filter((name) => ["emit", "sum", "log", "isArray", "toJSON"].includes(name)).join(),
  };
`);

const reading = app(`
  const db = new GouchDB("queries");
  await db.put({ _id: "3000", n: 3000, kind: 1 });
  return {
    found: ids(await db.find({ selector: { kind: 1, n: { $gt: 2990 } } })),
    asItWas: (await db.query("d/kinds", { key: 1, update: false })).rows[0].value,
    now: (await db.query("d/kinds", { key: 1 })).rows[0].value,
  };
`);

const forbidden = app(`
  const db = new GouchDB("forbidden");
  await db.bulkDocs([{ _id: "a", n: 1 }, { _id: "b", n: 2 }]);
  await db.put({ _id: "_design/d", views: { v: { map: "function (doc) { emit(doc.n); }" } } });
  const refused = await db.query("d/v").catch(({ status, name, reason }) => ({ status, name, reason }));
  const factor = 10;
  return {
    refused,
    closure: keys(await db.query((doc, emit) => emit(doc.n * factor))),
    byName: keys(await db.query({ map: (doc) => emit(-doc.n), reduce: false })),
    reduced: (await db.query({ map: (doc) => emit(null, doc.n), reduce: (keys, values) => sum(values) })).rows[0].value,
    found: ids(await db.find({ selector: { n: { $gt: 1 } } })),
  };
`);

const page = (script, policy = "") => `<!doctype html><title>queries</title>${policy && `<meta http-equiv="Content-Security-Policy" content="${policy}">`}<script type=module src=${script}></script>`;

let files, browser;
before(async () => {
  files = await serve({
    "/writing": page("/writing.js"),
    "/writing.js": writing,
    "/reading": page("/reading.js"),
    "/reading.js": reading,
    "/forbidden": page("/forbidden.js", "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'"),
    "/forbidden.js": forbidden,
    "/browser.js": new URL("browser.js", dist),
    "/gouchdb.wasm": new URL("gouchdb.wasm", dist),
  });
  browser = await startChromium();
});
after(async () => {
  await browser?.close();
  await files?.close();
});

async function outcomeOf(path) {
  const opened = await browser.context.newPage();
  await opened.goto(files.url + path);
  await opened.waitForFunction(() => globalThis.outcome, undefined, { timeout: 60_000 });
  const outcome = await opened.evaluate(() => globalThis.outcome);
  await opened.close();
  return outcome;
}

test("indexes and views, in one page and the next", { timeout: 120_000 }, async () => {
  assert.deepEqual(await outcomeOf("/writing"), { found: "1,4,7", groups: "1000,1000,1000", closure: "2997,2998,2999", left: "", warning: undefined });
  assert.deepEqual(await outcomeOf("/reading"), { found: "2992,2995,2998,3000", asItWas: 1000, now: 1001 });
});

test("without 'unsafe-eval' in its policy a page has functions and finds, and is told why it has no views", { timeout: 120_000 }, async () => {
  const { refused, ...rest } = await outcomeOf("/forbidden");
  assert.equal(refused?.status, 501, JSON.stringify(rest));
  assert.match(refused.reason, /Content Security Policy.*unsafe-eval/);
  assert.deepEqual(rest, { closure: "10,20", byName: "-2,-1", reduced: 3, found: "b" });
});
