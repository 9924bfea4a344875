import { toJSON } from "./engine.js";
import { badID, badRequest, GouchError } from "./error.js";

/** Refuses what is not a document, with PouchDB's error. */
export function checkDocument(doc: unknown): asserts doc is Record<string, unknown> {
  if (typeof doc !== "object" || doc === null || Array.isArray(doc)) {
    throw badRequest("Document must be a JSON object");
  }
}

/** Refuses what is not an id, with PouchDB's errors. */
export function checkID(id: unknown): asserts id is string {
  if (id === undefined || id === null || id === "") {
    throw new GouchError({ status: 412, name: "missing_id", reason: "_id is required for puts" });
  }
  if (typeof id !== "string") {
    throw badID();
  }
  if (id.startsWith("_") && !id.startsWith("_design/") && !id.startsWith("_local/")) {
    throw badRequest("Only reserved document ids may start with underscore.", id);
  }
}

/** Refuses what is not the name of an attachment. */
export function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string") {
    throw badRequest("the name of an attachment must be a string");
  }
}

/** Refuses what is not a revision, with PouchDB's error. */
export function checkRev(rev: unknown, docID?: unknown): asserts rev is string {
  if (typeof rev !== "string" || !/^\d+-[^-]*$/.test(rev)) {
    throw badRequest("Invalid rev format", typeof docID === "string" ? docID : undefined);
  }
}

/** A document's text. */
export function documentText(doc: object): string {
  const id = (doc as { _id?: unknown })._id;
  return toJSON(typeof id === "string" ? `document ${JSON.stringify(id)}` : "the document", doc);
}

/** The text of an array of documents. */
export function documentsText(docs: readonly object[]): string {
  try {
    return toJSON("the documents", docs);
  } catch {
    return `[${docs.map(documentText).join(",")}]`; // which names the one that cannot be written
  }
}

/** The document as a new edit that asks for nobody's leave: the follower of its `_rev`, with an id of its own. */
export function forced(doc: Record<string, unknown>): Record<string, unknown> {
  checkRev(doc._rev);
  const [generation = "", parent = ""] = doc._rev.split("-");
  const next = Number(generation) + 1;
  const random = crypto.getRandomValues(new Uint8Array(16));
  const id = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ...doc, _rev: `${next}-${id}`, _revisions: { start: next, ids: [id, parent] } };
}
