// How a TypeScript user sees the package; compiled, not run. A line that must not compile says so.
import { useDoc, useFind, useSync } from "gouchdb/react";
import GouchDB, { GouchError, type AllDocsResult, type Change, type StoredDocument } from "gouchdb";

interface Task {
  title: string;
  done?: boolean;
}

const db = new GouchDB<Task>("todo", { adapter: "memory", revs_limit: 10 });
declare module "gouchdb" {
  interface GouchDB<Content extends object> {
    count(field: keyof Content): Promise<number>;
  }
}

const MemoryDB = GouchDB.defaults({ adapter: "memory" }).plugin({ count: () => Promise.resolve(1) });
const inMemory: GouchDB<Task> = new MemoryDB<Task>("todo");
class Tasks extends GouchDB<Task> {
  open(): Promise<Task[]> {
    return this.allDocs({ include_docs: true }).then(({ rows }) => rows.flatMap(({ doc }) => doc ?? []));
  }
}
const anything = new GouchDB({ name: "x", adapter: "idb" });

export async function main(): Promise<void> {
  await GouchDB.init({ wasm: new URL("https://example.com/gouchdb.wasm") });
  const { rev } = await db.put({ _id: "milk", title: "Milk" });
  // @ts-expect-error a task has a title
  await db.put({ _id: "milk" });
  // @ts-expect-error put needs an id
  await db.put({ title: "Milk" });
  await db.post({ title: "Milk" });
  const task: StoredDocument<Task> = await db.get("milk", { conflicts: true });
  const title: string = task.title;
  const conflicts: string[] | undefined = task._conflicts;
  // @ts-expect-error there is no such member
  void task.colour;
  await db.put({ ...task, done: true });
  for (const leaf of await db.get("milk", { open_revs: ["1-a"] })) {
    if ("ok" in leaf) {
      void leaf.ok.title.length;
    } else {
      void leaf.missing.length;
    }
  }
  const answers = await db.bulkDocs([{ title: "a" }, { _id: "milk", _rev: rev, _deleted: true }]);
  for (const answer of answers) {
    if (answer instanceof GouchError) {
      const status: number = answer.status;
      void status;
    } else {
      void answer.rev.length;
    }
  }
  const all: AllDocsResult<Task> = await db.allDocs({ include_docs: true });
  const row = (await db.allDocs({ keys: ["a"] })).rows[0];
  if (row && row.error === undefined) {
    void row.value.rev.length;
  }
  void all.rows[0]?.doc?.title.length;
  for await (const change of db.changes({ live: true, include_docs: true, since: "now" })) {
    const seen: Change<Task> = change;
    void seen.doc?.title.length;
  }
  const feed = db.changes().on("change", (change) => void change.id.length).on("error", (error) => void error.status);
  feed.cancel();
  const { results } = await feed;
  void results.length;
  const { push, pull } = await db.sync(anything).on("change", ({ direction, change }) => void [direction, change.docs[0]?.title.length]);
  void [push.docs_written + pull.docs_written, title, conflicts];
  await db.replicate.to("https://example.com/todo", { doc_ids: ["a"] });
  inMemory.get("milk", (error, doc) => {
    if (error) {
      void error.status;
    } else {
      const read: StoredDocument<Task> = doc;
      void read.title;
    }
  });
  inMemory.info((error, info) => void (error ?? info.doc_count));
  inMemory.on("destroyed", (byAnother) => void byAnother);
  GouchDB.on("created", (name: string) => void name.length);
  const open: Task[] = await new Tasks("tasks").open();
  const maybe: unknown = inMemory;
  if (maybe instanceof GouchDB) {
    void maybe.name.length;
  }
  // @ts-expect-error a field of a task
  void [open, await inMemory.count("title"), inMemory.count("colour"), GouchDB<Task>("x").name];
  const value: unknown = (await anything.get("x"))["whatever"];
  void value;
  const found = await db.find({ selector: { title: { $regex: "^M" }, done: true, $or: [{ done: false }, { _id: "a" }] }, sort: [{ title: "desc" }] });
  void [found.docs[0]?.title.length, found.docs[0]?._rev.length, found.bookmark.length, found.warning?.length];
  const cut = await db.find({ selector: { title: /^m/i }, fields: ["_id", "title"] });
  void [cut.docs[0]?.title.length, cut.docs[0]?._id.length];
  // @ts-expect-error that field was not asked for
  void cut.docs[0]?.done;
  // @ts-expect-error there is no such field
  await db.find({ selector: { colour: "red" } });
  // @ts-expect-error a title is a string
  await db.find({ selector: { title: { $gt: 5 } } });
  const { id, result } = await db.createIndex({ index: { fields: ["title", "done"], ddoc: "d" } });
  void [id.length, result === "exists", (await db.getIndexes()).indexes[0]?.def.fields.length];
  await db.deleteIndex({ ddoc: "d", name: "n" });
  const view = await db.query<string>("d/v", { startkey: ["a"], include_docs: true, stale: "ok" });
  void [view.rows[0]?.value.length, view.rows[0]?.doc?.title.length, view.total_rows + view.offset];
  await db.query((doc, emit) => {
    emit(doc.title, doc.done);
  }, { reduce: "_count", group: true });
  await db.query({ map: "(doc) => { emit(doc._id) }", reduce: (keys, values) => values.length }, (error, answer) => void (error ?? answer.rows.length));
  const { updated, rev: current } = await db.upsert("milk", ({ title: was = "", done }) => ({ title: `${was}!`, done: !done }));
  void [updated, current?.length, (await db.putIfNotExists({ _id: "tea", title: "Tea" })).id];
  // @ts-expect-error a task has a title
  await db.upsert("milk", () => ({ done: true }));
  await db.resolve("milk", async ([winner, ...others], base) => (winner ? { ...winner, title: others[0]?.title ?? base?.title ?? "" } : null));
  for await (const { id: torn, conflicts: losers } of db.conflicts({ live: true })) {
    void [torn.length, losers[0]?.length];
  }
  void (await db.conflicts())[0]?.rev.length;
  const stream: ReadableStream<Uint8Array> = db.dump();
  const { docs: loadedDocs } = await GouchDB.load(stream, db, { onProgress: ({ revisions }) => void revisions.toFixed() });
  await GouchDB.load(await fetch("https://example.com/todo.ndjson"), "todo");
  // @ts-expect-error it has to go somewhere
  await GouchDB.load(stream);
  const { usage, persisted } = await MemoryDB.storageEstimate();
  void [loadedDocs.toFixed(), (await GouchDB.allDbs({ prefix: "a" }))[0]?.length, usage.toFixed(), persisted, (await GouchDB.persist()) ? 1 : 0];
  const cleaned: { ok: true } = await db.viewCleanup();
  void cleaned;
}

export function Component(): string {
  const { docs } = useFind(db, { selector: { done: false }, fields: ["title"] });
  const { doc, loading, error } = useDoc(db, "milk");
  const { state, push } = useSync(db, "https://example.com/todo", { batch_size: 10 });
  // @ts-expect-error there is no such field
  useFind(db, { selector: { colour: "red" }, fields: ["colour"] });
  return [docs[0]?.title.length, doc?.title.length, loading, error?.status, state, push?.pending].join();
}
