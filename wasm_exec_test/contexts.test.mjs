// One database in many contexts of one origin: tabs, workers, a shared worker and a service worker write at random and are killed at random.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { inTime, killRenderer, startLab } from "./agents.mjs";
import { randomFrom } from "./agent/writer.js";
import { seedFor } from "../node_test/seed.mjs";
import { Ledger } from "./ledger.mjs";

const soak = Number(process.env.SOAK_SECONDS ?? 0) * 1000;
const kinds = ["tab", "worker", "sharedWorker", "serviceWorker", "tab"];

// Runs in a context: opens the database, follows its feed, and begins to write at random until it is told to stop.
async function begin({ database, seed, durability }, { GouchDB, Writer, Follower, name, report }) {
  const db = new GouchDB(database, { durability });
  globalThis.db = db;
  globalThis.follower = new Follower(db);
  const writer = new Writer(db, { name, seed, report });
  globalThis.written = (async () => {
    while (!globalThis.stop) {
      await writer.step();
    }
  })();
  globalThis.written.catch(() => {}); // told by end
  await db.info();
}

async function end() {
  globalThis.stop = true;
  await globalThis.written;
  await globalThis.db.flush();
}

// Runs in a context that has come to rest: waits until it has been told of everything, and tells what it sees, in short.
async function settle(seq, { observe, digest }) {
  await globalThis.follower.reach(seq);
  const state = await observe(globalThis.db);
  const { entries } = globalThis.follower;
  const told = Object.fromEntries(Object.keys(state.feed).map((id) => [id, entries[id]]));
  return { state: await digest(state), feedEqual: JSON.stringify(told) === JSON.stringify(state.feed) && Object.keys(entries).length === Object.keys(state.feed).length };
}

async function lookAfresh(database, { GouchDB, observe, digest }) {
  const db = new GouchDB(database);
  const state = await observe(db);
  return { state, digest: await digest(state) };
}

const now = "performance.timeOrigin + performance.now()"; // the same clock in all contexts of a browser

// Runs in a context: tells when each change arrives.
async function tell({ database, clock }, { GouchDB, report }) {
  globalThis.db = new GouchDB(database);
  globalThis.clock = (0, eval)(`() => ${clock}`);
  globalThis.db.changes({ live: true, since: 0 }).on("change", ({ id }) => report({ heard: id, at: globalThis.clock() }));
  await globalThis.db.info();
}

for (const features of [[], ["IdbSqliteBackingStore"]]) {
  describe(`many contexts ${features}`, () => {
    let lab;
    before(async () => { lab = await startLab({ features }); });
    after(() => lab?.close());

    // One database, written by five contexts while others are killed and begun.
    async function round(database, seed, { durability = "relaxed", kills = 6 } = {}) {
      const random = randomFrom(seed);
      const pick = (list) => list[Math.floor(random() * list.length)];
      const ledger = new Ledger();
      const early = durability === "memory-first";
      const reported = new Map(); // agent -> what it alone has reported
      const agents = new Set();
      let count = 0;
      async function start(kind) {
        const agent = await lab[kind](`${kind}-${database}-${count++}`);
        agents.add(agent);
        agent.gone.then(() => agents.delete(agent));
        ledger.listenTo(agent, !early);
        reported.set(agent, new Ledger());
        reported.get(agent).listenTo(agent);
        await inTime(agent.run(begin, { database, durability, seed: Math.floor(random() * 2 ** 31) }), `${agent.name} begins`).catch((error) => {
          if (error.name !== "gone") { // its process may have been the one to be killed
            throw error;
          }
        });
        return agent;
      }
      // A process may take several contexts with it, or none.
      async function replaceMissing() {
        const missing = [...kinds];
        for (const { kind } of agents) {
          missing.splice(missing.indexOf(kind), 1);
        }
        await Promise.all(missing.map(start));
      }
      await replaceMissing();
      for (let i = 0; i < kills; i++) {
        await inTime(ledger.more(20 + Math.floor(random() * 120)), "writes");
        const victim = pick([...agents]);
        const how = pick([...Object.keys(victim.killers), "sigkill"]);
        if (how === "sigkill") {
          await killRenderer(lab.browser, random);
        } else {
          await victim.kill(how);
        }
        await replaceMissing();
      }
      await inTime(ledger.more(100), "writes");
      await replaceMissing(); // of some it is told late that they are gone
      await inTime(ledger.more(50), "writes");
      const survivors = [...agents];
      assert.ok(survivors.length >= 4, `${survivors.length} contexts are left`);
      await Promise.all(survivors.map((agent) => inTime(agent.run(end), `${agent.name} ends`)));

      const fresh = await lab.tab(`fresh-${database}`);
      const { state, digest } = await inTime(fresh.run(lookAfresh, database), "a fresh context");
      if (early) { // what a context was told that was killed later is not held against anybody
        survivors.forEach((agent) => reported.get(agent).verifyRevisions(state));
      } else {
        ledger.verify(state, count - survivors.length);
      }
      const seen = await Promise.all(survivors.map((agent) => inTime(agent.run(settle, Number(state.info.update_seq)), `${agent.name} settles`)));
      assert.deepEqual(seen, survivors.map(() => ({ state: digest, feedEqual: true })));
      const [report] = await lab.check(database);
      assert.deepEqual(report.Problems, null);
      assert.equal(report.Documents, Object.keys(state.feed).length);
      await Promise.all([...agents, fresh].map((agent) => agent.kill(Object.keys(agent.killers).at(-1))));
      return { acknowledged: ledger.count, killed: count - survivors.length };
    }

    test("random writers, killed at random, leave the same state everywhere", { timeout: 110_000 + soak }, async (t) => {
      const seed = seedFor(t);
      const until = Date.now() + soak;
      let rounds = 0;
      do {
        t.diagnostic(`seed ${seed + rounds}: ${JSON.stringify(await round(`many-${rounds}`, seed + rounds))}`);
        rounds++;
      } while (Date.now() < until);
    });

    test("the same with memory-first: nothing is lost that a context has flushed", { timeout: 110_000 }, async (t) => {
      const seed = seedFor(t);
      t.diagnostic(JSON.stringify(await round("early", seed, { durability: "memory-first", kills: 3 })));
    });

    test("changes reach every other context at once, from and to workers too", { timeout: 60_000 }, async (t) => {
      const agents = await Promise.all(kinds.slice(0, 4).map((kind) => lab[kind](`${kind}-latency`)));
      const heard = new Map(); // id and name -> when, or who waits for it
      for (const agent of agents) {
        agent.on("report", ({ heard: id, at }) => {
          const key = `${id} ${agent.name}`;
          const waiting = heard.get(key);
          heard.set(key, at);
          waiting?.(at);
        });
      }
      const arrival = (id, agent) => heard.get(`${id} ${agent.name}`) ?? new Promise((resolve) => heard.set(`${id} ${agent.name}`, resolve));
      await Promise.all(agents.map((agent) => agent.run(tell, { database: "latency", clock: now })));
      const all = [];
      for (const from of agents) {
        const delays = new Map(agents.map((agent) => [agent, []]));
        for (let i = 0; i < 15; i++) {
          const id = `${from.name}:${i}`;
          const began = await from.run(async (_id) => {
            const at = globalThis.clock();
            await globalThis.db.put({ _id });
            return at;
          }, id);
          await Promise.all(agents.map(async (to) => {
            delays.get(to).push(await inTime(arrival(id, to), `${id} reaches ${to.name}`) - began);
          }));
        }
        for (const [to, list] of delays) {
          t.diagnostic(`${from.kind} to ${from === to ? "itself" : to.kind}: ${distribution(list)}`);
        }
        all.push(...[...delays].filter(([to]) => to !== from).flatMap(([, list]) => list));
      }
      t.diagnostic(`from the call of put to the others' change event: ${distribution(all)}`);
      // It takes a few milliseconds. Much more only happens to what is not told, and found out later.
      assert.ok(median(all) < 300, `half of the changes take ${median(all)} ms`);
      await Promise.all(agents.map((agent) => agent.kill(Object.keys(agent.killers)[0])));
    });
  });
}

function median(list) {
  return list.toSorted((a, b) => a - b)[list.length >> 1];
}

function distribution(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1);
  return `least ${at(0)} ms, half ${at(0.5)}, nine in ten ${at(0.9)}, most ${at(1)}`;
}
