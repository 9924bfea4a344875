// What the compiler knows of documents that are written and read.
import { expectTypeOf } from "expect-type";
import GouchDB, { GouchError, type AnyContent, type Attachments, type FoundRev, type OpenRev, type StoredDocument, type WriteResult } from "gouchdb";

interface Task {
  title: string;
  done?: boolean;
}

interface Note {
  text: string;
}

const db = new GouchDB<Task>("todo");
const anything = new GouchDB("anything");

export async function reading(): Promise<void> {
  const task = await db.get("milk");
  expectTypeOf(task).toEqualTypeOf<StoredDocument<Task>>();
  expectTypeOf(task).toMatchTypeOf<{ _id: string; _rev: string; title: string; done?: boolean; _attachments?: Attachments; _conflicts?: string[] }>();
  expectTypeOf(await db.get("milk", { open_revs: "all" })).toEqualTypeOf<FoundRev<Task>[]>();
  expectTypeOf(await db.get("milk", { open_revs: ["1-a"], latest: true })).toEqualTypeOf<OpenRev<Task>[]>();

  // A database of several kinds: each call may say which one it means.
  expectTypeOf(await db.get<Note>("note")).toEqualTypeOf<StoredDocument<Note>>();
  expectTypeOf((await db.allDocs<Note>({ include_docs: true })).rows[0]?.doc).toEqualTypeOf<StoredDocument<Note> | null | undefined>();
  // @ts-expect-error what is wanted says nothing of what is there
  const note: StoredDocument<Note> = await db.get("note");
  void note;

  expectTypeOf((await anything.get("x")).whatever).toBeUnknown();
  expectTypeOf(await anything.get("x")).toEqualTypeOf<StoredDocument<AnyContent>>();

  const { rows } = await db.allDocs({ keys: ["a"] });
  for (const row of rows) {
    if (row.error) {
      expectTypeOf(row.error).toEqualTypeOf<"not_found">();
    } else {
      expectTypeOf(row.value.rev).toBeString();
    }
  }
  for (const { docs } of (await db.bulkGet({ docs: [{ id: "a" }] })).results) {
    for (const answer of docs) {
      if ("ok" in answer) {
        expectTypeOf(answer.ok).toEqualTypeOf<StoredDocument<Task>>();
      } else {
        expectTypeOf(answer.error.reason).toBeString();
      }
    }
  }
}

export async function writing(): Promise<void> {
  expectTypeOf(await db.put({ _id: "milk", title: "Milk" })).toEqualTypeOf<WriteResult>();
  await db.put({ ...(await db.get("milk")), done: true }, { force: true });
  await db.post({ title: "Milk", _attachments: { "a.txt": { content_type: "text/plain", data: new Blob([]) } } });
  await db.put<Note>({ _id: "note", text: "" });
  await db.put({ _id: "_design/tasks", views: { open: { map: "function (doc) { emit(doc.title); }", reduce: "_count" } }, language: "javascript" });
  await db.put({ _id: "_local/settings", dark: true });
  // @ts-expect-error a task has a title
  await db.put({ _id: "milk" });
  // @ts-expect-error which is a string
  await db.put({ _id: "milk", title: 5 });
  // @ts-expect-error and a task has nothing else
  await db.put({ _id: "milk", title: "Milk", colour: "white" });
  // @ts-expect-error put needs an id
  await db.put({ title: "Milk" });
  // @ts-expect-error there is no such option
  await db.put({ _id: "milk", title: "Milk" }, { forced: true });
  await anything.put({ _id: "x", any: ["thing"] });

  const answers = await db.bulkDocs([{ title: "a" }, { _id: "gone", _rev: "1-a", _deleted: true }, { _id: "_design/d", views: {} }]);
  expectTypeOf(answers).toEqualTypeOf<(WriteResult | GouchError)[]>();
  for (const answer of answers) {
    if ("error" in answer) {
      expectTypeOf(answer.status).toBeNumber();
    } else {
      expectTypeOf(answer).toEqualTypeOf<WriteResult>();
    }
  }
  // @ts-expect-error a title is a string
  await db.bulkDocs([{ _id: "a", title: 5 }]);
  await db.remove(await db.get("milk"));
  await db.remove("milk", "1-a");
  // @ts-expect-error of which revision?
  await db.remove("milk");
}

export function callbacks(): void {
  db.get("milk", (error, task) => {
    if (error) {
      expectTypeOf(error).toEqualTypeOf<GouchError>();
    } else {
      expectTypeOf(task).toEqualTypeOf<StoredDocument<Task>>();
    }
  }).catch(() => undefined);
  db.allDocs({ include_docs: true }, (error, answer) => {
    expectTypeOf((error ?? answer).toString).toBeFunction();
    expectTypeOf(answer?.rows[0]?.doc?.title).toEqualTypeOf<string | undefined>();
  }).catch(() => undefined);
}

// A function that makes a new document of an old one, for one of several kinds.
export async function upserting(): Promise<void> {
  await anything.upsert<{ count: number }>("visits", ({ count = 0 }) => ({ count: count + 1 }));
  await db.upsert("milk", (task) => ({ title: task.title ?? "Milk", done: true }));
  // @ts-expect-error a task has a title
  await db.upsert("milk", () => ({ done: true }));
}
