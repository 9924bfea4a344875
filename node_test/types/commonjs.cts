// What require() gives: the class, with everything else on it.
import GouchDB = require("gouchdb");
import react = require("gouchdb/react");
import inline = require("gouchdb/inline");

interface Task {
  title: string;
}

declare module "gouchdb" {
  interface GouchDB<Content extends object> {
    count(field: keyof Content): Promise<number>;
  }
}

const db = new GouchDB<Task>("todo");
export const same: GouchDB<Task> = new inline.GouchDB<Task>("todo");
export const others: GouchDB.GouchDB<Task>[] = [db, GouchDB<Task>("todo"), new GouchDB.GouchDB<Task>("todo"), new GouchDB.default<Task>("todo")];
export const inMemory: GouchDB<Task> = new (GouchDB.defaults({ adapter: "memory" }).plugin({ count: () => Promise.resolve(1) }))<Task>("todo");
export const found = react.useFind(db, { selector: { title: "Milk" } }).docs[0]?.title.length;
export const failure = new GouchDB.GouchError({ status: 404, name: "not_found", reason: "missing" }).status;
export const replication: GouchDB.Replication<Task> = db.replicate.to("https://example.com/todo");
export const options: GouchDB.Replication.ReplicateOptions = { live: true };

class Tasks extends GouchDB<Task> {
  async titles(): Promise<string[]> {
    const { rows } = await this.allDocs({ include_docs: true });
    return rows.flatMap(({ doc }) => doc?.title ?? []);
  }
}

export async function main(): Promise<void> {
  const task: GouchDB.StoredDocument<Task> & GouchDB.Core.ExistingDocument<Task> = await new Tasks("todo").get("milk");
  // @ts-expect-error there is no such member
  void task.colour;
  // @ts-expect-error a task has a title
  await db.put({ _id: "milk" });
  await db.count("title").catch((error: unknown) => error instanceof GouchDB.GouchError && db instanceof GouchDB);
  void ((database: GouchDB.Database<Task>) => database)(db);
}
