// Runs workloads in a page, for the contender that the page was loaded for.
import { checkDocument, documentOf, documents, idOf } from "./documents.js";
import { workloads } from "./workloads.js";

/** A bench for one contender: warm it up, then run workloads, in their order. */
export function newBench(open) {
  let kept;
  let names = 0;
  const nextName = () => `bench-${++names}`;

  async function fresh(options) {
    const name = nextName();
    const db = open(name, options);
    await db.ready();
    return { name, db };
  }

  // Code that has not been run yet is slow code, in all of them.
  async function warmUp() {
    const { db } = await fresh();
    await db.insert(documents(0, 1000));
    for (let n = 1000; n < 1100; n++) {
      await db.put(documentOf(n));
    }
    for (let n = 0; n < 300; n++) {
      await db.get(idOf(n));
    }
    await db.list({ docs: true });
    await db.list({ docs: false });
    await db.changes?.({ docs: true });
    await db.destroy();
  }

  async function time(db, workload, seed, around) {
    const input = await workload.prepare?.(db, seed);
    await around?.begin();
    const start = performance.now();
    const answers = await workload.run(db, input);
    const took = performance.now() - start;
    await around?.end();
    await workload.check(db, answers, input);
    return took;
  }

  async function timeReopening(seed, around) {
    const n = (seed * 7919) % 10_000;
    await kept.db.close();
    await around?.begin();
    const start = performance.now();
    kept.db = open(kept.name);
    const doc = await kept.db.get(idOf(n));
    const took = performance.now() - start;
    await around?.end();
    checkDocument(doc, n);
    return took;
  }

  /** Returns milliseconds, or undefined when the contender has no such thing. `around` is told when what is timed begins and ends. */
  async function run(name, seed, around) {
    const workload = workloads[name];
    if (workload.fresh) {
      const own = await fresh(workload.options);
      const took = await time(own.db, workload, seed, around);
      if (workload.keep) {
        kept = own;
      } else {
        await own.db.destroy();
      }
      return took;
    }
    if (workload.possible && !workload.possible(kept.db)) {
      return undefined;
    }
    const times = [];
    for (let i = 0; i < (workload.repeat ?? 1); i++) {
      times.push(await (workload.reopen ? timeReopening(seed + i, around) : time(kept.db, workload, seed + i, around)));
    }
    return times.sort((a, b) => a - b)[times.length >> 1];
  }

  return { warmUp, run };
}
