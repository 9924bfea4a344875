// An app as its authors wrote it for PouchDB, with the types that the DefinitelyTyped project has for that. The import is all that is changed.
import PouchDB from "pouchdb";

interface Task {
  type: "task";
  title: string;
  done: boolean;
  due?: string;
}

type TaskDoc = PouchDB.Core.ExistingDocument<Task>;

const local = new PouchDB<Task>("tasks", { auto_compaction: true, revs_limit: 100 });
const remote = new PouchDB("https://example.com/tasks", { skip_setup: true, auth: { username: "anna", password: "secret" } });
const Memory = PouchDB.defaults({ adapter: "memory", prefix: "test-" });
const scratch: PouchDB.Database<Task> = new Memory<Task>("scratch");

export class TaskStore {
  private readonly db: PouchDB.Database<Task>;
  private sync: PouchDB.Replication.Sync<Task> | undefined;
  private feed?: PouchDB.Core.Changes<Task>;

  constructor(db: PouchDB.Database<Task> = local) {
    this.db = db;
  }

  async add(title: string): Promise<TaskDoc> {
    const response: PouchDB.Core.Response = await this.db.put({ _id: new Date().toJSON(), type: "task", title, done: false });
    return this.db.get(response.id);
  }

  async addAll(titles: string[]): Promise<string[]> {
    const docs: PouchDB.Core.PutDocument<Task>[] = titles.map((title) => ({ _id: title, type: "task", title, done: false }));
    const responses = await this.db.bulkDocs(docs);
    return responses.filter((response) => !("error" in response && response.error)).map((response) => response.id as string);
  }

  async toggle(id: string): Promise<void> {
    try {
      const doc = await this.db.get(id, { conflicts: true });
      doc.done = !doc.done;
      await this.db.put(doc);
      for (const rev of doc._conflicts ?? []) {
        await this.db.remove(id, rev);
      }
    } catch (error) {
      const { status, name } = error as PouchDB.Core.Error;
      if (status === 409 || name === "conflict") {
        return this.toggle(id);
      }
      throw error;
    }
  }

  async all(): Promise<TaskDoc[]> {
    const result: PouchDB.Core.AllDocsResponse<Task> = await this.db.allDocs({ include_docs: true, startkey: "a", endkey: "z\uffff" });
    return result.rows.map((row) => row.doc!);
  }

  async some(keys: string[]): Promise<string[]> {
    const { rows } = await this.db.allDocs<Task>({ keys, include_docs: true });
    const titles: string[] = [];
    for (const row of rows) {
      if ("doc" in row && row.doc) {
        titles.push(row.doc.title);
      }
    }
    return titles;
  }

  async open(): Promise<Task[]> {
    await this.db.createIndex({ index: { fields: ["done", "due"] } });
    const request: PouchDB.Find.FindRequest<Task> = { selector: { done: false, due: { $lte: "2030" } }, sort: ["done", "due"], limit: 20 };
    const { docs } = await this.db.find(request);
    return docs;
  }

  async titles(): Promise<string[]> {
    const { rows } = await this.db.query<string>("tasks/by_title", { reduce: false, startkey: "a", include_docs: true });
    return rows.map((row) => row.value as string);
  }

  async views(): Promise<void> {
    await this.db.put<any>({
      _id: "_design/tasks",
      views: { by_title: { map: "function (doc) { emit(doc.title, 1); }", reduce: "_sum" } },
    });
  }

  async attach(doc: TaskDoc, file: Blob): Promise<string> {
    await this.db.putAttachment(doc._id, "file", doc._rev, file, file.type);
    const options: PouchDB.Core.GetOptions = { attachments: true, binary: true };
    const { _attachments } = await this.db.get(doc._id, options);
    const attachment = _attachments?.["file"] as PouchDB.Core.FullAttachment;
    void attachment.data;
    return URL.createObjectURL((await this.db.getAttachment(doc._id, "file")) as Blob);
  }

  watch(onChange: (change: PouchDB.Core.ChangesResponseChange<Task>) => void): void {
    this.feed = this.db
      .changes({ since: "now", live: true, include_docs: true })
      .on("change", onChange)
      .on("complete", (info: PouchDB.Core.ChangesResponse<Task>) => {
        console.log(info.results.length);
      })
      .on("error", (error: any) => {
        console.error(error);
      });
  }

  start(): void {
    this.sync = this.db
      .sync<Task>(remote as PouchDB.Database<any>, { live: true, retry: true, filter: (doc) => doc.type === "task", back_off_function: (delay) => delay * 2 || 1000 })
      .on("change", (info) => {
        console.log(info.direction, info.change.docs.length);
      })
      .on("paused", (error) => {
        console.log("paused", error);
      })
      .on("active", () => {
        console.log("active");
      })
      .on("denied", (error) => {
        console.log("denied", error);
      })
      .on("error", (error) => {
        console.error(error);
      });
  }

  stop(): void {
    this.sync?.cancel();
    this.feed?.cancel();
  }

  backUp(): void {
    PouchDB.replicate(this.db, scratch, { batch_size: 50 })
      .on("complete", (info) => {
        console.log(info.docs_written, info.end_time);
      })
      .on("error", (error) => {
        console.error(error);
      });
    this.db.info((error, info) => {
      console.log(error ?? info?.doc_count);
    });
  }
}

// A database without a type, as many have.
export async function untyped(task: Task & PouchDB.Core.IdMeta): Promise<Task> {
  const db = new PouchDB("anything");
  await db.put(task);
  await db.bulkDocs([task, { _id: "more", title: 5 }]);
  const doc = await db.get<Task>(task._id);
  await db.put({ ...doc, done: true });
  const { rows } = await db.allDocs<Task>({ include_docs: true });
  console.log(rows[0]?.doc?.title);
  await db.remove(doc);
  db.get<Task>("x", {}, (error, found) => {
    if (!error && found) {
      console.log(found.title);
    }
  });
  return (await db.get(task._id)) as unknown as Task;
}
