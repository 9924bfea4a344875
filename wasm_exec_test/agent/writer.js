// What the contexts do to a database: random writes, and looking at what has become of it.

/** Random numbers in [0, 1), the same ones for the same seed. */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** What a document is now: its `_rev`, or nothing where there is none. */
async function revOf(db, id) {
  try {
    return { _rev: (await db.get(id))._rev };
  } catch (error) {
    if (error.status === 404) {
      return {};
    }
    throw error;
  }
}

const SHARED = 30;

/** A writer of random changes. It reports every revision as soon as the database has acknowledged it. */
export class Writer {
  #db;
  #random;
  #name;
  #report;
  #count = 0;

  constructor(db, { name, seed, report }) {
    this.#db = db;
    this.#name = name;
    this.#random = randomFrom(seed);
    this.#report = report;
  }

  #below(n) {
    return Math.floor(this.#random() * n);
  }

  #text() {
    // Some bodies are kept in the tree, most in the log, and a few are larger than one of its records.
    const size = this.#random() < 0.02 ? 60_000 : this.#below(1200);
    return "x".repeat(size);
  }

  #own() {
    return { _id: `${this.#name}:${this.#count++}`, text: this.#text() };
  }

  #shared() {
    return `shared:${this.#below(SHARED)}`;
  }

  #acknowledge(results) {
    this.#report({ acknowledged: results.filter(({ ok }) => ok).map(({ id, rev }) => [id, rev]) });
    const failed = results.find((result) => !result.ok && result.status !== 409);
    if (failed) {
      throw failed;
    }
  }

  async #write(doc) {
    try {
      this.#acknowledge([await this.#db.put(doc)]);
    } catch (error) {
      if (error.status !== 409) {
        throw error;
      }
    }
  }

  #steps = [
    [25, async () => {
      const doc = this.#own();
      await this.#write(doc);
      await this.#db.get(doc._id); // what was acknowledged can be read
    }],
    [25, async () => {
      const _id = this.#shared();
      await this.#write({ _id, ...(await revOf(this.#db, _id)), by: this.#name, text: this.#text() });
    }],
    [10, async () => {
      const _id = this.#shared();
      const { _rev } = await revOf(this.#db, _id);
      if (_rev) {
        await this.#write({ _id, _rev, _deleted: true });
      }
    }],
    [10, () => this.#branch()],
    [10, () => this.#batch()],
    [10, () => this.#increment()],
    [8, async () => {
      const docs = Array.from({ length: 20 }, () => this.#own());
      await Promise.all(docs.map((doc) => this.#write(doc)));
    }],
    [2, () => this.#db.compact()],
  ];

  // Gives the winner a sibling, as replication would.
  async #branch() {
    const id = this.#shared();
    let current;
    try {
      current = await this.#db.get(id, { revs: true });
    } catch (error) {
      if (error.status === 404) {
        return;
      }
      throw error;
    }
    const { start, ids } = current._revisions;
    const hash = Array.from({ length: 32 }, () => this.#below(16).toString(16)).join("");
    const doc = { _id: id, _rev: `${start}-${hash}`, _revisions: { start, ids: [hash, ...ids.slice(1)] }, by: this.#name };
    const failures = await this.#db.bulkDocs([doc], { new_edits: false });
    if (failures.length > 0 && !failures[0].ok) {
      throw failures[0];
    }
    this.#report({ acknowledged: [[id, doc._rev]] });
  }

  // Documents that must be there all or not at all.
  async #batch() {
    const size = 5 + this.#below(30);
    const batch = `${this.#name}/${this.#count}`;
    const docs = Array.from({ length: size }, () => ({ ...this.#own(), batch, size }));
    this.#acknowledge(await this.#db.bulkDocs(docs));
  }

  // A document that all count up, as often as it takes.
  async #increment() {
    for (;;) {
      try {
        const { _rev, n } = await this.#db.get("counter").catch((error) => {
          if (error.status === 404) {
            return { n: 0 };
          }
          throw error;
        });
        const { id, rev } = await this.#db.put({ _id: "counter", ...(_rev ? { _rev } : {}), n: n + 1 });
        this.#report({ acknowledged: [[id, rev]], incremented: true });
        return;
      } catch (error) {
        if (error.status !== 409) {
          throw error;
        }
      }
    }
  }

  async step() {
    let choice = this.#random() * this.#steps.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, run] of this.#steps) {
      choice -= weight;
      if (choice < 0) {
        return run();
      }
    }
  }
}

/** Follows the live feed: what it has told of each document, and whether its sequences only ever rise. */
export class Follower {
  entries = {};
  last = 0;
  #wake = () => {};
  #failure;

  constructor(db) {
    db.changes({ live: true, since: 0, style: "all_docs" })
      .on("change", ({ seq, id, changes, deleted }) => {
        if (!(Number(seq) > this.last)) {
          this.#failure = new Error(`the feed tells ${seq} after ${this.last}`);
        }
        this.last = Number(seq);
        this.entries[id] = { seq, revs: changes.map(({ rev }) => rev).sort(), ...(deleted ? { deleted } : {}) };
        this.#wake();
      })
      .on("error", (error) => {
        this.#failure = error;
        this.#wake();
      });
  }

  /** Waits until the feed has come to a sequence. It comes there by being told, not by asking. */
  async reach(seq) {
    while (!this.#failure && this.last < seq) {
      await new Promise((resolve) => { this.#wake = resolve; });
    }
    if (this.#failure) {
      throw this.#failure;
    }
  }
}

/** All that can be observed of a database. */
export async function observe(db) {
  const [{ doc_count, doc_del_count, update_seq, uuid }, changes, listing] = [
    await db.info(),
    await db.changes({ style: "all_docs" }),
    await db.allDocs({ include_docs: true, conflicts: true }),
  ];
  const feed = {};
  for (const { seq, id, changes: revs, deleted } of changes.results) {
    feed[id] = { seq, revs: revs.map(({ rev }) => rev).sort(), ...(deleted ? { deleted } : {}) };
  }
  const trees = {};
  for (const id of Object.keys(feed)) {
    const revisions = new Set();
    for (const { ok } of await db.get(id, { open_revs: "all", revs: true })) {
      ok._revisions.ids.forEach((hash, i) => revisions.add(`${ok._revisions.start - i}-${hash}`));
    }
    trees[id] = [...revisions].sort();
  }
  const sequences = changes.results.map(({ seq }) => seq);
  return { info: { doc_count, doc_del_count, update_seq, uuid }, sequences, feed, trees, docs: listing.rows.map(({ doc }) => doc) };
}

/** A short text that is the same for the same value. */
export async function digest(value) {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(JSON.stringify(value)));
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
