import type { Abortable, OpenRev, OpenRevsOptions, PurgeResult, Seq } from "../types.js";
import type { Tools } from "./tools.js";

/** The method that is called, which may have been replaced. */
interface Database {
  get(id: string, options: OpenRevsOptions): Promise<OpenRev<object>[]>;
}

/** See {@link GouchDB.purge}. */
export async function purge(db: Database, id: string, rev: string, options: Abortable, { call, fail }: Tools): Promise<PurgeResult> {
  const rows = await db.get(id, { ...options, open_revs: "all", revs: true });
  const branches = rows.map(branchOf).filter((branch) => branch !== undefined);
  const branch = branches.find(([leaf]) => leaf === rev);
  const others = new Set(branches.filter((other) => other !== branch).flat());
  if (!branch) {
    const reason = others.has(rev) ? "The requested revision is not a leaf" : "The requested revision does not exist";
    throw fail({ ...(others.has(rev) ? { status: 400, name: "bad_request" } : { status: 404, name: "not_found" }), reason, docId: id });
  }
  const answer = (await call(db, "purge", {}, JSON.stringify({ [id]: [rev] }))) as { purge_seq: Seq; purged: Record<string, string[]> };
  if (!answer.purged[id]?.length) {
    throw fail({ status: 409, name: "conflict", reason: "Document update conflict.", docId: id }); // an edit was faster
  }
  return { ...answer, ok: true, deletedRevs: branch.filter((ancestor) => !others.has(ancestor)), documentWasRemovedCompletely: branches.length === 1 };
}

// A leaf and its ancestors, from the newest down.
function branchOf(row: OpenRev<object>): string[] | undefined {
  if (!("ok" in row)) {
    return undefined;
  }
  const { _revisions } = row.ok as { _revisions: { start: number; ids: string[] } };
  return _revisions.ids.map((hash, i) => `${_revisions.start - i}-${hash}`);
}
