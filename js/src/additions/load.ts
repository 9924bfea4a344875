import type { Attachments } from "../attachments.js";
import type { Failure } from "../error.js";
import type { Abortable, DatabaseInfo } from "../types.js";
import { FORMAT } from "./dump.js";
import { LINEAGE, noteDump, type Lineage } from "./lineage.js";
import { linesOf, type DumpSource } from "./lines.js";
import { statusOf, type Tools } from "./tools.js";

/** What has been loaded of a dump. */
export interface LoadProgress {
  docs: number;
  revisions: number;
  attachments: number;
  local_docs: number;
}

/** Options of {@link GouchDB.load}. */
export interface LoadOptions extends Abortable {
  /** Is told of each batch that has been written. */
  onProgress?: (progress: LoadProgress) => void;
}

interface Database {
  readonly _remote: boolean;
  info(): Promise<DatabaseInfo>;
  flush(): Promise<unknown>;
  get(id: string): Promise<object>;
  put(doc: { _id: string }): Promise<unknown>;
  close(): Promise<void>;
}

interface Line {
  gouchdb_dump?: unknown;
  id?: unknown;
  session_id?: unknown;
  local?: { _id?: unknown };
  seq?: unknown;
  doc?: { _id?: unknown; _attachments?: Attachments };
  data?: unknown;
  end?: Record<string, unknown>;
}

// What is written at once: revisions, and bytes of them.
const REVISIONS = 500;
const BYTES = 4 << 20;

/** See {@link GouchDB.load}. */
export async function load(aClass: new (name: string) => object, source: DumpSource, to: string | object, options: LoadOptions, tools: Tools): Promise<LoadProgress> {
  const db = (typeof to === "string" ? new aClass(to) : to) as Database;
  try {
    return await new Loading(db, source, options, tools).run();
  } finally {
    if (db !== to) {
      await db.close();
    }
  }
}

class Loading {
  readonly #db: Database;
  readonly #options: LoadOptions;
  readonly #tools: Tools;
  readonly #lines: AsyncGenerator<string, void, undefined>;
  readonly #result: LoadProgress = { docs: 0, revisions: 0, attachments: 0, local_docs: 0 };
  #number = 0;
  #text = ""; // the line that came last
  #fresh = false; // it is local, and was empty
  #lineage: Partial<Lineage> = {}; // of the database that was dumped
  #marks: number[] = []; // sequences that its checkpoints speak of, ascending once all are known
  #last: unknown;
  #texts: string[] = []; // of documents that are to be written
  #contents: Uint8Array[] = []; // of their attachments, in their order
  #bytes = 0;

  constructor(db: Database, source: DumpSource, options: LoadOptions, tools: Tools) {
    this.#db = db;
    this.#options = options;
    this.#tools = tools;
    this.#lines = linesOf(source, (reason) => this.#damaged(`line ${this.#number + 1} ${reason}`));
  }

  async run(): Promise<LoadProgress> {
    try {
      const head = await this.#begin();
      let line: Line | undefined;
      do {
        line = await this.#next();
        if (!line) {
          throw this.#damaged(`it ends early, after line ${this.#number}`);
        }
        await this.#take(line);
      } while (!line.end);
      if (await this.#next()) {
        throw this.#at("comes after the end");
      }
      await this.#settle(head);
      return this.#result;
    } finally {
      await this.#lines.return();
    }
  }

  #damaged(reason: string): Error {
    return this.#tools.fail({ status: 400, name: "damaged_dump", reason });
  }

  #at(reason: string): Error {
    return this.#damaged(`line ${this.#number} ${reason}`);
  }

  // The next line, undefined at the end.
  async #next(): Promise<Line | undefined> {
    this.#options.signal?.throwIfAborted();
    const { value, done } = await this.#lines.next();
    if (done) {
      return undefined;
    }
    this.#number++;
    this.#text = value;
    let line: unknown;
    try {
      line = JSON.parse(value);
    } catch (error) {
      throw this.#at(`is not JSON: ${(error as Error).message}`);
    }
    if (typeof line !== "object" || line === null || Array.isArray(line)) {
      throw this.#at("is not an object");
    }
    return line;
  }

  async #begin(): Promise<Line> {
    const none = this.#damaged("it does not begin as a dump does");
    const head = await this.#next().catch((error: unknown) => {
      throw statusOf(error) === 400 ? none : error;
    });
    if (!head) {
      throw this.#damaged("there is nothing in it");
    }
    if (typeof head.gouchdb_dump !== "number") {
      throw none;
    }
    if (head.gouchdb_dump !== FORMAT) {
      throw this.#damaged(`its format ${head.gouchdb_dump} is not known here, only ${FORMAT}`);
    }
    const { doc_count: count, doc_del_count: deleted } = await this.#db.info();
    this.#fresh = !this.#db._remote && count + deleted === 0;
    return head;
  }

  async #take({ local, doc, seq, end }: Line): Promise<void> {
    if (local) {
      await this.#local(local);
    } else if (doc) {
      await this.#revision(doc, Number(seq));
    } else if (end) {
      await this.#flush();
      for (const name of ["revisions", "attachments", "local_docs"] as const) {
        if (end[name] !== this.#result[name]) {
          throw this.#at(`tells of ${String(end[name])} ${name}, and there were ${this.#result[name]}`);
        }
      }
    } else {
      throw this.#at("is of no kind that is known here");
    }
  }

  // The text of the document in the line that came last, as it is: JavaScript does not know all numbers.
  #textOf(doc: object): string {
    const head = /^\{"(?:seq":(?:\d+|"[^"\\]*"),"doc|local)":(?=\{)/.exec(this.#text);
    return head ? this.#text.trimEnd().slice(head[0].length, -1) : JSON.stringify(doc);
  }

  async #local(doc: { _id?: unknown }): Promise<void> {
    const { _id: id } = doc;
    if (typeof id !== "string" || !id.startsWith("_local/")) {
      throw this.#at("is not a local document");
    }
    this.#result.local_docs++;
    this.#marks.push(...sequencesIn(doc));
    if (id === LINEAGE) {
      this.#lineage = doc as Partial<Lineage>;
    } else if (!this.#db._remote && (this.#fresh || !(await this.#has(id)))) {
      await this.#write([this.#textOf(doc)], [], {});
    }
  }

  async #has(id: string): Promise<boolean> {
    try {
      await this.#db.get(id);
      return true;
    } catch (error) {
      if (statusOf(error) === 404) {
        return false;
      }
      throw error;
    }
  }

  async #revision(doc: NonNullable<Line["doc"]>, seq: number): Promise<void> {
    await this.#passed(seq);
    this.#result.revisions++;
    if (doc._id !== this.#last) {
      this.#last = doc._id;
      this.#result.docs++;
    }
    this.#texts.push(this.#textOf(doc));
    this.#bytes += this.#text.length;
    for (const attachment of Object.values(doc._attachments ?? {})) {
      const { length } = attachment;
      if (!("follows" in attachment) || typeof length !== "number") {
        throw this.#at("has an attachment that does not follow");
      }
      await this.#content(length);
      this.#bytes += length;
      this.#result.attachments++;
    }
    if (this.#texts.length >= REVISIONS || this.#bytes >= BYTES) {
      await this.#flush();
    }
  }

  async #content(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      const line = await this.#next();
      if (!line) {
        throw this.#damaged("it ends within an attachment");
      }
      if (typeof line.data !== "string") {
        throw this.#at(`should go on with an attachment, of which ${left} bytes are missing`);
      }
      const part = fromBase64(line.data);
      if (!part) {
        throw this.#at("is not base64");
      }
      left -= part.length;
      if (left < 0 || part.length === 0) {
        throw this.#at("has another length than the attachment should have");
      }
      this.#contents.push(part);
    }
  }

  // What came after a sequence which a checkpoint speaks of must get a greater one here too. The copies never have greater ones than the originals, since each
  // revision takes one.
  async #passed(seq: number): Promise<void> {
    if (!this.#fresh) {
      return;
    }
    if (this.#last === undefined) {
      this.#marks.sort((a, b) => a - b);
    }
    let mark: number | undefined;
    while (this.#marks[0] !== undefined && this.#marks[0] < seq) {
      mark = this.#marks.shift();
    }
    if (mark !== undefined) {
      await this.#flush();
      await this.#tools.call(this.#db, "succeed", { update_seq: mark });
    }
  }

  async #flush(): Promise<void> {
    const [texts, contents] = [this.#texts, this.#contents];
    this.#texts = [];
    this.#contents = [];
    this.#bytes = 0;
    if (texts.length > 0) {
      await this.#write(texts, contents, { new_edits: false });
      this.#options.onProgress?.({ ...this.#result });
    }
  }

  async #write(texts: string[], contents: Uint8Array[], options: object): Promise<void> {
    const rows = (await this.#tools.call(this.#db, "bulkDocs", options, `[${texts.join()}]`, contents)) as object[];
    const failure = rows.find((row) => "status" in row);
    if (failure) {
      const { id, ...reason } = failure as Failure & { id: string };
      throw this.#tools.fail({ ...reason, docId: id });
    }
  }

  // Notes in the database what it is a copy of, once all of it is there for good.
  async #settle({ id, session_id: session }: Line): Promise<void> {
    const mark = this.#marks.reduce((most, seq) => Math.max(most, seq), 0);
    if (this.#fresh && mark > 0) {
      // What is written from now on comes after everything that checkpoints speak of.
      await this.#tools.call(this.#db, "succeed", { update_seq: mark });
    }
    await this.#db.flush();
    if (typeof session !== "string") {
      return;
    }
    const { update_seq: seq } = await this.#db.info();
    const { origins = [], history = [] } = this.#lineage;
    await noteDump(this.#db, (was) =>
      this.#fresh
        ? { origins: [String(id), ...origins], history: [{ session_id: session, last_seq: seq }, ...history] }
        : { ...was, history: [{ session_id: session, last_seq: 0 }, ...was.history] }, // it has what the dump has, and more
    );
  }
}

// The sequences that a checkpoint speaks of. Those of other databases do no harm.
function sequencesIn(doc: object): number[] {
  const { source_last_seq: source, last_seq: last, history } = doc as Record<string, unknown>;
  const sessions = Array.isArray(history) ? (history as { recorded_seq?: unknown; last_seq?: unknown }[]) : [];
  return [source, last, ...sessions.flatMap(({ recorded_seq: recorded, last_seq: seq }) => [recorded, seq])].filter((seq) => typeof seq === "number" && seq > 0) as number[];
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
