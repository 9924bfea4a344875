// What the compiler knows of events and feeds.
import { expectTypeOf } from "expect-type";
import GouchDB, { type Change, type ChangesResult, type Denied, type GouchError, type ReplicationChange, type ReplicationResult, type Seq, type StoredDocument, type SyncResult } from "gouchdb";

interface Task {
  title: string;
}

const db = new GouchDB<Task>("todo");

export async function changes(): Promise<void> {
  const feed = db.changes({ live: true, include_docs: true, selector: { title: { $gt: "a" } } })
    .on("change", (change, pending, seq) => {
      expectTypeOf(change).toEqualTypeOf<Change<Task>>();
      expectTypeOf(change.doc?.title).toEqualTypeOf<string | undefined>();
      expectTypeOf(pending).toBeNumber();
      expectTypeOf(seq).toEqualTypeOf<Seq>();
    })
    .on("complete", (result) => {
      expectTypeOf(result).toEqualTypeOf<ChangesResult<Task>>();
    })
    .on("error", (error) => {
      expectTypeOf(error).toEqualTypeOf<GouchError>();
    });
  // @ts-expect-error a feed has no such event
  feed.on("changed", () => undefined);
  // @ts-expect-error there is no such field
  db.changes({ selector: { titel: "x" } });
  db.changes({
    filter: (doc, { query }) => {
      expectTypeOf(doc.title).toEqualTypeOf<string | undefined>(); // a deletion has none
      return doc.title === query.title;
    },
    query_params: { title: "x" },
  });
  for await (const change of db.changes({ live: true })) {
    expectTypeOf(change).toEqualTypeOf<Change<Task>>();
  }
  expectTypeOf(await feed).toEqualTypeOf<ChangesResult<Task>>();
}

export async function replication(): Promise<void> {
  const replication = db.replicate.to("https://example.com/todo", { live: true, retry: true, selector: { title: "x" } })
    .on("change", (info) => {
      expectTypeOf(info).toEqualTypeOf<ReplicationChange<Task>>();
      expectTypeOf(info.docs[0]).toEqualTypeOf<StoredDocument<Task> | undefined>();
    })
    .on("paused", (error) => {
      expectTypeOf(error).toEqualTypeOf<GouchError | undefined>();
    })
    .on("active", (...nothing) => {
      expectTypeOf(nothing).toEqualTypeOf<[]>();
    })
    .on("denied", (error) => {
      expectTypeOf(error).toEqualTypeOf<GouchError>();
    })
    .on("checkpoint", ({ checkpoint }) => {
      expectTypeOf(checkpoint).toEqualTypeOf<Seq>();
    })
    .on("complete", (result) => {
      expectTypeOf(result).toEqualTypeOf<ReplicationResult>();
    });
  expectTypeOf(await replication).toEqualTypeOf<ReplicationResult>();

  const sync = db.sync("https://example.com/todo", { push: { batch_size: 10 } })
    .on("change", ({ direction, change }) => {
      expectTypeOf(direction).toEqualTypeOf<"push" | "pull">();
      expectTypeOf(change).toEqualTypeOf<ReplicationChange<Task>>();
    })
    .on("active", ({ direction }) => {
      expectTypeOf(direction).toEqualTypeOf<"push" | "pull">();
    })
    .on("denied", (denied) => {
      expectTypeOf(denied).toEqualTypeOf<Denied>();
      expectTypeOf(denied.doc).toEqualTypeOf<GouchError>();
    });
  expectTypeOf(await sync).toEqualTypeOf<SyncResult>();
  sync.push.on("change", (info) => {
    expectTypeOf(info).toEqualTypeOf<ReplicationChange<Task>>();
  });
  // @ts-expect-error a sync has no such event
  sync.on("pause", () => undefined);
  // @ts-expect-error there is no such option
  db.sync("https://example.com/todo", { lives: true });
}

export function databases(): void {
  db.on("destroyed", (byAnother) => {
    expectTypeOf(byAnother).toEqualTypeOf<boolean | undefined>();
  }).once("closed", () => undefined);
  GouchDB.on("created", (name) => {
    expectTypeOf(name).toBeString();
  });
  // @ts-expect-error the class tells no closing
  GouchDB.on("closed", () => undefined);
}
