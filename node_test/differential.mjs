// Seeded random scripts over the API, to be run on PouchDB and on GouchDB: what both answer, in a form that can be compared.

import { content, readable } from "./contents.mjs";
import { combinedOperations } from "./differential_combined.mjs";
import { moreOperations } from "./differential_more.mjs";
import { purgeOperations } from "./differential_purge.mjs";

// A generator of random numbers: the same ones for the same seed.
export function randomOf(seed) {
  let state = (seed + 1) * 0x9e3779b9;
  const next = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    below: (n) => Math.floor(next() * n),
    chance: (p) => next() < p,
    pick: (list) => list[Math.floor(next() * list.length)],
  };
}

const ids = ["a", "b", "c", "d", "Ä", "e f", "z/1", "10", "9"];
const hashes = ["0000000000000000000000000000000a", "8888888888888888888888888888888b", "ffffffffffffffffffffffffffffffff"];

// What a script knows of the database that it runs on: the revisions that writes answered, newest last.
class Knowledge {
  revs = new Map();

  learn(id, rev) {
    this.revs.set(id, [...(this.revs.get(id) ?? []), rev]);
  }

  // Nothing in the place of a tombstone: with its revision, PouchDB goes on, and CouchDB has a conflict.
  rev(id, back = 0) {
    return this.revs.get(id)?.at(-1 - back) || undefined;
  }
}

const body = (r) => r.pick([
  { n: r.below(100) },
  { text: `text ${r.below(10)}`, nested: { list: [1, null, { deep: true }], empty: {} } },
  {},
  { number: 1.5, big: 1e21, zero: 0, yes: true, no: false, none: null, string: "ä€😀\n\"" },
]);
const attachment = (r) => ({ content_type: r.pick(["text/plain", "image/png"]), data: r.pick(["", "YQ==", "b25lIHR3bw=="]) });
const flags = (r, names, p = 0.35) => Object.fromEntries(names.filter(() => r.chance(p)).map((name) => [name, true]));

// Each operation draws what it will do from r, and answers with a call. None may depend on what the database answered, but for revisions.
const is = (db, id, state) => db.get(id).then(() => false, ({ reason }) => reason === state);
const has = (db, id, name) => db.get(id).then(({ _attachments }) => name in (_attachments ?? {}), () => false);

const basicOperations = {
  put(r, known) {
    const id = r.pick(ids);
    const doc = { _id: id, ...body(r), ...(r.chance(0.15) && { _attachments: { [r.pick(["x", "y.txt"])]: attachment(r) } }) };
    const back = r.pick([0, 0, 0, 0, 1, undefined]);
    if (back !== undefined && known.rev(id, back)) {
      doc._rev = known.rev(id, back);
    }
    return ["put", [doc], (db) => db.put(doc)];
  },
  post(r) {
    const doc = { _id: r.pick(ids), ...body(r) };
    return ["post", [doc], (db) => db.post(doc)];
  },
  putOddly(r, known) {
    const doc = r.pick([undefined, null, 5, "text", [], {}, { _id: "" }, { _id: 5 }, { _id: null }, { _id: "_odd" }, { _id: "x", _rev: "odd" }, { _id: "x", _rev: "" }, { _id: "x", _rev: null }, { _id: "x", _odd: 1 },
      { _id: "x", _rev: known.rev("a") }, { _id: "x", _attachments: { _odd: { content_type: "a/b", data: "" } } }, { _id: "x", _attachments: { a: { content_type: "a/b", data: "no base64!" } } },
      { _id: "x", _attachments: { a: { stub: true, digest: "md5-rL0Y20zC+Fzt72VPzMSk2A==", length: 3, revpos: 1, content_type: "a/b" } } }, { _id: "a", _rev: "1-00000000000000000000000000000000" }, { _id: "_design/odd", language: "javascript" }]);
    const method = doc?._id === 5 ? "put" : r.pick(["put", "post"]);
    if (doc && method === "post" && !doc._id) {
      return ["post", [{}], async (_, makeAnother) => (await makeAnother().post(doc ?? {})).ok]; // an id that nobody else shall see
    }
    // A tombstone PouchDB edits with a revision that never was. That is a conflict here, as in CouchDB.
    return [method, [doc], async (db) => (doc?._rev && (await is(db, doc._id, "deleted")) ? "deleted" : db[method](doc))];
  },
  remove(r, known) {
    const id = r.pick(ids);
    const rev = known.rev(id, r.pick([0, 0, 0, 1])) ?? "1-00000000000000000000000000000001";
    return r.pick([
      ["remove", [id, rev], (db) => db.remove(id, rev)],
      ["remove", [{ _id: id, _rev: rev }], (db) => db.remove({ _id: id, _rev: rev, more: 1 })],
      ["remove", [{ _id: id }, { rev }], (db) => db.remove({ _id: id }, { rev })],
    ]);
  },
  bulkDocs(r, known) {
    // Each document once, in order, and new ones apart from others: within one write the two give sequences in another order otherwise.
    const update = r.chance(0.6);
    const chosen = [...new Set(Array.from({ length: r.below(5) }, () => r.pick(ids)))].sort();
    const docs = chosen.filter((id) => !update || known.rev(id)).map((id) => {
      const rev = update ? known.rev(id) : undefined;
      return { _id: id, ...body(r), ...(rev && { _rev: rev }), ...(r.chance(0.15) && { _deleted: true }) };
    });
    const given = r.chance(0.5) ? docs : { docs };
    return ["bulkDocs", [given], (db) => db.bulkDocs(given)];
  },
  bulkDocsOddly(r) {
    const docs = r.pick([undefined, null, 5, {}, { docs: 5 }, [5], [null], [{ _id: "ok" }, "text"], [{ _id: "ok", _rev: "odd" }], []]);
    return ["bulkDocs", [docs], (db) => db.bulkDocs(docs)];
  },
  replicated(r) {
    const id = r.pick(["r1", "r2"]);
    const hash = r.pick(hashes);
    const docs = [{ _id: id, _rev: `2-${hash}`, _revisions: { start: 2, ids: [hash, "11111111111111111111111111111111"] }, hash }];
    return ["bulkDocs", [docs, { new_edits: false }], (db) => db.bulkDocs(docs, { new_edits: false }), { learns: false }];
  },
  get(r, known) {
    const id = r.pick([...ids, "r1", "r2", "nowhere"]);
    const options = flags(r, ["revs", "revs_info", "conflicts", "attachments"]);
    if (r.chance(0.3)) {
      options.rev = known.rev(id, r.below(3)) ?? "2-8888888888888888888888888888888b";
    }
    return ["get", [id, options], (db) => db.get(id, options)];
  },
  openRevs(r, known) {
    const id = r.pick([...ids, "r1", "r2"]);
    const options = { open_revs: r.chance(0.5) ? "all" : [known.rev(id) ?? `2-${r.pick(hashes)}`, "7-00000000000000000000000000000007"], ...flags(r, ["revs"]) };
    return ["get", [id, options], async (db) => (await db.get(id, options)).sort((x, y) => (JSON.stringify(x.missing ?? x.ok._rev) < JSON.stringify(y.missing ?? y.ok._rev) ? -1 : 1))];
  },
  getOddly(r) {
    const [id, options] = r.pick([[undefined], [5], [null], ["a", { open_revs: "some" }], ["a", { open_revs: ["odd"] }], ["_local/nowhere"], ["_design/nowhere"]]);
    return ["get", [id, options], (db) => db.get(id, options)];
  },
  local(r, known) {
    const id = r.pick(["_local/x", "_local/y"]);
    const doc = { _id: id, n: r.below(9), ...(known.rev(id) && { _rev: known.rev(id) }) };
    return r.pick([["put", [doc], (db) => db.put(doc)], ["get", [id], (db) => db.get(id)]]);
  },
  allDocs(r) {
    const options = flags(r, ["include_docs", "descending", "conflicts", "attachments"], 0.25);
    const [from, to] = [r.pick(ids), r.pick(ids)];
    Object.assign(options, r.pick([{}, {}, { startkey: from }, { endkey: to }, { startkey: from, endkey: to }, { startkey: from, endkey: to, inclusive_end: false }, { key: from }, { keys: [from, to, "nowhere", from] }, { keys: [] }]));
    if (r.chance(0.3)) {
      options.limit = r.below(4);
    }
    if (r.chance(0.3)) {
      options.skip = r.below(3);
    }
    return ["allDocs", [options], (db) => db.allDocs(options)];
  },
  allDocsOddly(r) {
    const options = r.pick([{ keys: 5 }, { keys: ["a"], key: "a" }, { keys: ["a"], startkey: "a" }, { start_key: "b" }, { end_key: "b" }, { startkey: "b", endkey: "a" }]);
    return ["allDocs", [options], (db) => db.allDocs(options)];
  },
  changes(r) {
    const options = { ...flags(r, ["include_docs", "descending", "conflicts", "attachments"], 0.25), ...r.pick([{}, {}, { since: "third" }, { since: "now" }, { since: 1000 }, { limit: 2 }, { limit: 0 }, { doc_ids: ["a", "r1"] }, { style: "all_docs" }, { return_docs: false }]) };
    if (options.since !== undefined) {
      delete options.descending; // from where on is another matter in each
    }
    return ["changes", [{ ...options }], async (db) => {
      if (options.since === "third") {
        options.since = (await db.changes({ limit: 3 })).last_seq;
      }
      const events = [];
      const result = await new Promise((resolve, reject) => db.changes(options).on("change", (change) => events.push(change)).on("complete", resolve).on("error", reject));
      return { events, result };
    }];
  },
  revsDiff(r, known) {
    const id = r.pick([...ids, "r1"]);
    const revs = { [id]: [known.rev(id) ?? `2-${r.pick(hashes)}`, "7-00000000000000000000000000000007"] };
    return ["revsDiff", [revs], (db) => db.revsDiff(revs)];
  },
  bulkGet(r, known) {
    const options = { docs: [...new Set([r.pick(ids), r.pick(["r1", "nowhere"])])].map((id) => ({ id, ...(known.rev(id) && { rev: known.rev(id) }) })), ...flags(r, ["revs", "attachments", "latest"]) };
    return ["bulkGet", [options], (db) => db.bulkGet(options)];
  },
  attachments(r, known) {
    const [id, name] = [r.pick(ids), r.pick(["x", "y.txt", "nowhere"])];
    const rev = known.rev(id);
    const data = r.pick([content("one two"), "YQ=="]);
    return r.pick([
      ["putAttachment", [id, name, rev, data], async (db) => (await is(db, id, "deleted") ? "deleted" : db.putAttachment(id, name, rev, data, "text/plain"))],
      ["putAttachment", [id, name, data], async (db) => (await is(db, id, "deleted") ? "deleted" : db.putAttachment(id, name, data, "text/plain"))],
      ["getAttachment", [id, name], (db) => db.getAttachment(id, name)],
      ["getAttachment", [id, name, { rev }], (db) => db.getAttachment(id, name, rev ? { rev } : {})],
      ["removeAttachment", [id, name, rev], async (db) => (await has(db, id, name) ? db.removeAttachment(id, name, rev) : "not there")],
    ]);
  },
  info: () => ["info", [], async (db) => {
    const { doc_count, update_seq, db_name, adapter, auto_compaction } = await db.info();
    return { doc_count, update_seq, named: [db_name, adapter].join() === [db.name, db.adapter].join(), auto_compaction };
  }],
  compact: () => ["compact", [], (db) => db.compact()],
  replicate() {
    return ["replicate", [], async (db, makeAnother) => {
      const events = [];
      const copy = makeAnother();
      const result = await db.replicate.to(copy).on("change", ({ docs, last_seq }) => events.push({ docs: docs.map(({ _id }) => _id).sort(), last_seq })).on("complete", () => events.push("complete"));
      const { rows } = await copy.allDocs({ conflicts: true, include_docs: true });
      const back = await copy.replicate.to(db);
      const { ok, docs_read, docs_written, doc_write_failures, errors, status, last_seq } = result;
      return { ok, docs_read, docs_written, doc_write_failures, errors, status, last_seq, events, rows, back: [back.ok, back.docs_written] };
    }];
  },
};

const weights = { put: 8, remove: 3, get: 5, bulkDocs: 4, replicated: 2, allDocs: 4, changes: 3, attachments: 4, purged: 2 };

// Runs a script, and returns its transcript: of each step what was called and what came of it. Only one of PouchDB's adapters can
// purge: makePurging makes a database of that.
export async function run(seed, steps, db, makeAnother, makePurging) {
  const operations = { ...basicOperations, ...moreOperations(ids), ...combinedOperations(ids), ...(makePurging && purgeOperations(makePurging)) };
  const deck = Object.keys(operations).flatMap((name) => Array.from({ length: weights[name] ?? 1 }, () => name));
  const r = randomOf(seed);
  const known = new Knowledge();
  const tokens = new Map();
  const transcript = [];
  for (let step = 0; step < steps; step++) {
    const [method, args, call, { learns = true } = {}] = operations[r.pick(deck)](r, known);
    const shown = normalised(args, tokens);
    let outcome;
    try {
      const result = await readable(await call(db, makeAnother));
      if (learns) {
        learn(known, learns === true ? result : result[learns], args, method);
      }
      outcome = { result: normalised(result, tokens) };
    } catch (error) {
      outcome = { error: normalised(errorFields(error), tokens) };
    }
    transcript.push({ call: `${method} ${JSON.stringify(shown)}`, ...outcome });
  }
  return transcript;
}

function learn(known, result, args, method) {
  const docs = args[0]?.docs ?? args[0];
  for (const [i, row] of (Array.isArray(result) ? result : [result]).entries()) {
    if (row?.ok === true && row.rev) {
      const deleted = method.startsWith("remove") || (Array.isArray(docs) && docs[i]._deleted);
      known.learn(row.id, deleted ? "" : row.rev);
    }
  }
}

function errorFields(error) {
  const { status, name, message, reason, error: marked, docId, id } = error;
  return { status, name, message, reason, error: marked, docId, id };
}

// Revisions that the database made are told by when they came up first, each of its document: the two make different ones of the same
// documents, and CouchDB's do not depend on the id.
function normalised(value, tokens) {
  const made = (text) => /^\d+-[0-9a-f]{32}$/.test(text) && !/^\d+-(0{31}|1{31}|8{31}|f{31})/.test(text);
  const revision = (text, owner) => {
    const key = `${owner} ${text}`;
    if (!tokens.has(key)) {
      const [generation] = text.split("-", 1);
      const counter = `${owner} ${generation}`;
      const count = (tokens.get(counter) ?? 0) + 1;
      tokens.set(counter, count);
      tokens.set(key, `${generation}-#${count}`);
    }
    return tokens.get(key);
  };
  const walk = (part, owner, name) => {
    if (typeof part === "string") {
      return made(part) ? revision(part, owner) : part.replace(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "made up");
    }
    if (Array.isArray(part)) {
      const own = typeof part[0] === "string" && !made(part[0]) ? part[0] : (part[0]?._id ?? owner); // arguments: the id, or the document, comes first
      return part.map((member) => walk(member, own));
    }
    if (typeof part !== "object" || part === null) {
      return part;
    }
    const own = part._id ?? part.id ?? part.docId ?? part.ok?._id ?? owner ?? name;
    if (name === "_revisions") {
      return part.ids.map((id, i) => walk(`${part.start - i}-${id}`, own));
    }
    const shown = part instanceof Error || part.error === true ? errorFields(part) : part;
    const members = Object.keys(shown).filter((member) => shown[member] !== undefined).sort();
    return Object.fromEntries(members.map((member) => [member, walk(shown[member], Array.isArray(shown[member]?.missing ?? shown[member]) && !own ? member : own, member)]));
  };
  return walk(value) ?? null;
}
