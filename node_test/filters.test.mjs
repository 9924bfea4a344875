// Filters of the changes feed and of replication with the npm package, on databases here and on a server.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { startServer } from "../wasm_exec_test/gouchdb-server.mjs";
import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();

let count = 0;
const memory = () => new GouchDB(`filters-${count++}`, { adapter: "memory" });
const ids = (rows) => rows.map(({ id }) => id);

describe("filters", { timeout: 60_000 }, () => {
  let directory, server;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "gouchdb-filters-"));
    server = await startServer(["--dir", directory, "--no-auth"]);
  });
  after(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });
  const remote = () => new GouchDB(`${server.url}/filters-${count++}`);

  for (const limit of [1, 3]) {
    test(`${limit} batches in flight`, async () => {
      const source = remote();
      await source.bulkDocs(Array.from({ length: 20 }, (_, n) => ({ _id: `d${n}` })));
      let begun = 0;
      let fetched = 0;
      let most = 0;
      let enough;
      const asked = new Promise((resolve) => { enough = resolve; });
      const watched = new GouchDB(source.name, {
        fetch: async (url, options) => {
          const { pathname } = new URL(url);
          if (pathname.endsWith("/_changes")) {
            begun++;
            most = Math.max(most, begun - fetched);
            if (begun === limit) {
              enough();
            }
          } else if (pathname.endsWith("/_bulk_get")) {
            await asked;
            const response = await GouchDB.fetch(url, options);
            fetched++;
            return response;
          }
          return GouchDB.fetch(url, options);
        },
      });
      const { docs_written } = await memory().replicate.from(watched, { batch_size: 2, batches_limit: limit });
      assert.equal(docs_written, 20);
      assert.equal(most, limit);
    });
  }

  for (const [place, open] of Object.entries({ local: memory, remote: () => remote() })) {
    const filters = { rest: "function (doc, req) { return doc.n % 2 == req.query.rest; }", broken: "function (doc) { return doc.no.such; }" };
    const views = { odd: { map: "function (doc) { if (doc.n % 2) emit(doc.n); }" } };
    const filled = async () => {
      const db = open();
      await db.bulkDocs([...Array.from({ length: 10 }, (_, n) => ({ _id: `d${n}`, n })), { _id: "_design/d", filters, views }]);
      return db;
    };
    const odd = {
      selector: { selector: { n: { $mod: [2, 1] } } },
      "selector by its name": { filter: "_selector", selector: { n: { $mod: [2, 1] } } },
      function: { filter: ({ n }) => n % 2 },
      "function with a query": { filter: ({ n }, { query }) => n % 2 === query.rest, query_params: { rest: 1 } },
      view: { view: "d/odd" },
      "function of a design document": { filter: "d/rest", query_params: { rest: 1 } },
      ids: { doc_ids: ["d1", "d3", "d5", "d7", "d9"] },
    };

    for (const [name, options] of Object.entries(odd)) {
      test(`${place}: changes by ${name}`, async () => {
        const db = await filled();
        const { results, last_seq } = await db.changes(options);
        assert.deepEqual(ids(results), ["d1", "d3", "d5", "d7", "d9"]);
        assert.ok(results.every((row) => !("doc" in row)));
        assert.deepEqual((await db.changes({ ...options, since: last_seq })).results, []);
        const limited = await db.changes({ ...options, limit: 2, include_docs: true });
        assert.deepEqual(limited.results.map(({ doc }) => doc.n), [1, 3]);
        assert.deepEqual(ids((await db.changes({ ...options, since: limited.last_seq })).results), ["d5", "d7", "d9"]);
        assert.deepEqual(ids((await db.changes({ ...options, descending: true, limit: 2 })).results), ["d9", "d7"]);

        const seen = [];
        for await (const { id, seq } of db.changes({ ...options, live: true, batch_size: 2 })) {
          seen.push(id);
          if (id === "d9") {
            await db.put({ ...(await db.get("d2")), n: 2 });
            await db.put({ ...(await db.get("d3")), n: 13 });
          }
          if (seen.length === 6) {
            assert.ok(seq);
            break;
          }
        }
        assert.deepEqual(seen, ["d1", "d3", "d5", "d7", "d9", "d3"]);
      });

      test(`${place}: replication by ${name}`, async () => {
        const source = await filled();
        const target = memory();
        assert.equal((await source.replicate.to(target, options)).docs_written, 5);
        assert.deepEqual(ids((await target.allDocs()).rows), ["d1", "d3", "d5", "d7", "d9"]);
        assert.equal((await source.replicate.to(target, options)).docs_read, 0);
        assert.equal((await source.replicate.to(target)).docs_written, 6, "without the filter the rest comes");
      });
    }

    test(`${place}: design documents only`, async () => {
      const db = await filled();
      assert.deepEqual(ids((await db.changes({ filter: "_design" })).results), ["_design/d"]);
      const target = memory();
      assert.equal((await target.replicate.from(db, { filter: "_design" })).docs_written, 1);
    });

    test(`${place}: what cannot be is told`, async () => {
      const db = await filled();
      await assert.rejects(async () => db.changes({ filter: "nope/f" }), { status: 404 });
      await assert.rejects(async () => db.changes({ filter: "d/nope" }), { status: 404, reason: /nope/ });
      await assert.rejects(async () => db.changes({ filter: "d" }), { status: 404 }); // d/d
      await assert.rejects(async () => db.changes({ filter: "d/broken" }), /such/);
      await assert.rejects(async () => db.changes({ view: "d/v" }), { status: 404, reason: /json key: v/ });
      await assert.rejects(async () => db.changes({ selector: { $nope: 1 } }), { status: 400, message: /\$nope/ });
      await assert.rejects(async () => db.changes({ filter: () => { throw new TypeError("mine"); } }), /mine/);
      await assert.rejects(async () => memory().replicate.from(db, { filter: "nope/f" }), { status: 404 });
      await assert.rejects(async () => memory().replicate.from(db, { selector: { $nope: 1 } }), { status: 400 });
    });
  }
});

test("where a replication begins, and which side remembers", async () => {
  const source = memory();
  await source.bulkDocs([{ _id: "a" }, { _id: "b" }, { _id: "c" }]);
  await source.bulkDocs([{ _id: "x", _rev: "1-a" }, { _id: "x", _rev: "1-b" }], { new_edits: false });
  for (const [checkpoint, again] of [[false, 5], ["source", 0], ["target", 0], [true, 0]]) {
    const target = memory();
    assert.equal((await source.replicate.to(target, { checkpoint, batch_size: 2, batches_limit: 1 })).docs_written, 5);
    const [{ last_seq }] = [await source.changes()];
    const second = await source.replicate.to(target, { checkpoint, batch_size: 2 });
    assert.equal(second.last_seq, last_seq);
    assert.equal(second.docs_read, 0);
    await target.purge("a", (await target.get("a"))._rev);
    assert.equal((await source.replicate.to(target, { checkpoint })).docs_written, again === 0 ? 0 : 1, `checkpoint: ${checkpoint}`);
  }
  assert.equal((await source.replicate.to(memory(), { since: 2 })).docs_written, 3);
  assert.equal((await source.replicate.to(memory(), { style: "main_only" })).docs_written, 4);
});
