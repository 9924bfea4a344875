import { connectionOf } from "./database.js";
import { GouchError } from "./error.js";
import type { Abortable, OpenRev, OpenRevsOptions, PurgeResult, Seq } from "./types.js";

/** The method that is called, which may have been replaced. */
interface Database {
  get(id: string, options: OpenRevsOptions): Promise<OpenRev<object>[]>;
}

interface Leaf {
  _revisions: { start: number; ids: string[] };
}

/** Removes a leaf, and what of its ancestry no other leaf has. */
export async function purge(db: Database, id: string, rev: string, options: Abortable): Promise<PurgeResult> {
  const fail = (status: number, name: string, reason: string) => new GouchError({ status, name, reason, docId: id });
  const branches = (await db.get(id, { ...options, open_revs: "all", revs: true })).flatMap((row) => ("ok" in row ? [branchOf(row.ok as Leaf)] : []));
  const branch = branches.find(([leaf]) => leaf === rev);
  const others = new Set(branches.filter((other) => other !== branch).flat());
  if (!branch) {
    throw others.has(rev) ? fail(400, "bad_request", "The requested revision is not a leaf") : fail(404, "not_found", "The requested revision does not exist");
  }
  const answer = (await connectionOf(db).call("purge", {}, { data: JSON.stringify({ [id]: [rev] }) })) as { purge_seq: Seq; purged: Record<string, string[]> };
  if (!answer.purged[id]?.length) {
    throw fail(409, "conflict", "Document update conflict."); // an edit was faster
  }
  return { ...answer, ok: true, deletedRevs: branch.filter((ancestor) => !others.has(ancestor)), documentWasRemovedCompletely: branches.length === 1 };
}

// A leaf and its ancestors, from the newest down.
function branchOf({ _revisions: { start, ids } }: Leaf): string[] {
  return ids.map((hash, i) => `${start - i}-${hash}`);
}
