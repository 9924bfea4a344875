// What contexts have reported of their writes, and what must therefore be found in the database.
import assert from "node:assert/strict";

export class Ledger {
  acknowledged = new Map(); // id -> revisions
  count = 0;
  increments = 0;
  #waiting = [];

  /** Takes the reports of an agent. With `counted` false they are waited for, but nothing relies on them: the agent may be killed before what it says is logged. */
  listenTo(agent, counted = true) {
    agent.on("report", ({ acknowledged = [], incremented = false }) => {
      this.count += acknowledged.length;
      for (const [id, rev] of counted ? acknowledged : []) {
        this.acknowledged.set(id, (this.acknowledged.get(id) ?? new Set()).add(rev));
      }
      if (incremented) {
        this.increments++;
      }
      this.#waiting = this.#waiting.filter(({ count, resolve }) => this.count < count || resolve());
    });
  }

  /** Waits until that many revisions more have been acknowledged. */
  more(count) {
    return new Promise((resolve) => this.#waiting.push({ count: this.count + count, resolve }));
  }

  /**
   * Compares with all that can be observed of a database (see agent/writer.js).
   * @param {object} state
   * @param {number} unanswered how many writers may have written something that was not acknowledged any more
   */
  verify(state, unanswered) {
    this.verifyRevisions(state);
    const { info, trees, docs } = state;
    // Each revision was written by one write, which took one sequence.
    const revisions = Object.values(trees).reduce((sum, tree) => sum + tree.length, 0);
    assert.equal(revisions, Number(info.update_seq), "one sequence for each revision");

    const found = docs.find(({ _id }) => _id === "counter")?.n ?? 0;
    assert.ok(found >= this.increments, `${this.increments} increments were acknowledged, ${found} are there`);
    assert.ok(found <= this.increments + unanswered, `${this.increments} increments were acknowledged, but ${found} are there`);
  }

  /** What holds also where writes are acknowledged before they are logged, and two contexts that write at the same time make a conflict. */
  verifyRevisions({ info, sequences, feed, trees, docs }) {
    const lost = [...this.acknowledged].flatMap(([id, revs]) => [...revs].filter((rev) => !trees[id]?.includes(rev)).map((rev) => `${id} ${rev}`));
    assert.deepEqual(lost, [], "acknowledged revisions are lost");

    const numbers = sequences.map(Number);
    assert.deepEqual(numbers, [...new Set(numbers)].sort((a, b) => a - b), "sequences in the feed rise and are given once");
    assert.equal(numbers.at(-1), Number(info.update_seq));
    assert.equal(info.doc_count, docs.length);
    assert.equal(info.doc_count + info.doc_del_count, Object.keys(feed).length);

    const batches = {};
    for (const { batch, size } of docs.filter((doc) => doc.batch)) {
      (batches[batch] ??= []).push(size);
    }
    for (const [batch, sizes] of Object.entries(batches)) {
      assert.equal(sizes.length, sizes[0], `batch ${batch} is there in part`);
    }
  }
}
