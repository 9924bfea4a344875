// The same random scripts on PouchDB and on GouchDB, both in memory: results, errors and events are equal, but for the differences named.
import assert from "node:assert/strict";
import { test } from "node:test";
import PouchDB from "pouchdb";
import memoryAdapter from "pouchdb-adapter-memory";
import find from "pouchdb-find";
import { differences } from "./differences.mjs";
import { run } from "./differential.mjs";
import { importPackage } from "./installed.mjs";

const { default: GouchDB } = await importPackage();
PouchDB.plugin(memoryAdapter).plugin(find);
const classes = [PouchDB.defaults({ adapter: "memory" }), GouchDB.defaults({ adapter: "memory" })];
const seeds = process.env.DIFFERENTIAL_SEED ? [Number(process.env.DIFFERENTIAL_SEED)] : Array.from({ length: Number(process.env.SEEDS ?? 200) }, (_, seed) => seed);
const STEPS = 60;

let count = 0;
const settledBy = new Set();

test("random scripts", { timeout: 120_000 }, async (t) => {
  t.mock.method(console, "warn", () => {}); // PouchDB's, about attachments without a type
  for (const seed of seeds) {
    const transcripts = [];
    for (const Class of classes) {
      const makeAnother = () => new Class(`differential-${count++}`);
      transcripts.push(await run(seed, STEPS, makeAnother(), makeAnother));
    }
    const [pouch, gouch] = transcripts;
    for (const [step, p] of pouch.entries()) {
      const g = gouch[step];
      for (const { name, settle } of differences) {
        if (settle(p.call, p, g)) {
          settledBy.add(name);
        }
      }
      assert.deepEqual(g, p, `seed ${seed} (DIFFERENTIAL_SEED=${seed}), step ${step}: ${p.call}`);
    }
  }
});

test("every difference that is named is there", { skip: seeds.length < 200 }, () => {
  assert.deepEqual(differences.filter(({ sometimes }) => !sometimes).map(({ name }) => name).filter((name) => !settledBy.has(name)), []);
});
