// Callbacks as PouchDB's users write them: with both arguments, with the error alone, with none, or with types of their own.
import GouchDB, { type GouchError, type WriteResult } from "gouchdb";
import { expectTypeOf } from "expect-type";

interface Task {
  title: string;
}

const db = new GouchDB<Task>("todo");

// What is not spelt out is told.
db.get("milk", (error, task) => {
  if (error) {
    expectTypeOf(error).toEqualTypeOf<GouchError>();
    expectTypeOf(task).toEqualTypeOf<undefined>();
  } else {
    expectTypeOf(task.title).toEqualTypeOf<string>();
  }
});
db.put({ _id: "milk", title: "Milk" }, {}, function (error, result) {
  if (!error) {
    expectTypeOf(result).toEqualTypeOf<WriteResult>();
  }
});

// The error alone.
db.put({ _id: "milk", title: "Milk" }, (error) => {
  expectTypeOf(error).toEqualTypeOf<GouchError | null>();
});
db.get("milk", { rev: "1-a" }, (error) => error?.status);
db.get("milk", { open_revs: "all" }, (error) => error?.status);
db.allDocs((error) => error?.status);
db.allDocs({ keys: ["milk"] }, (error) => error?.status);
db.bulkDocs([{ title: "Milk" }], (error) => error?.status);
db.bulkGet({ docs: [] }, (error) => error?.status);
db.remove("milk", "1-a", (error) => error?.status);
db.removeAttachment("milk", "photo", "1-a", (error) => error?.status);
db.putAttachment("milk", "photo", "AA==", "image/png", (error) => error?.status);
db.find({ selector: {} }, (error) => error?.status);
db.query("tasks/open", (error) => error?.status);
db.changes((error) => error?.status);
db.replicate.to("https://example.com/todo", (error) => error?.status);
db.sync("https://example.com/todo", { live: true }, (error) => error?.status);
db.info(() => undefined);
db.compact((error) => error?.status);
db.close((error) => error?.status);
db.destroy((error) => error?.status);

// Types of PouchDB's, where what is not there is null.
db.info((error: GouchError | null, info: { doc_count: number } | null) => [error, info]);
db.remove({ _id: "milk", _rev: "1-a" }, (_error: unknown, removed: { ok: boolean } | null | undefined) => removed?.ok);

// Options are still options.
// @ts-expect-error there is no such option
db.allDocs({ include_doc: true }, (error) => error?.status);
// @ts-expect-error a callback is a function
db.info({}, "callback");
