// What purge makes of documents with several branches. In a database of its own: PouchDB's feeds and counts do not hear of it. See differential.mjs.

const id = "x";
const hash = (n) => String(n).repeat(32);
const branches = [
  [[1, 1]],
  [[3, 3, 2, 1]],
  [[3, 3, 2, 1], [2, 4, 1]],
  [[3, 3, 2, 1], [3, 5, 2, 1]],
  [[2, 3, 1], [2, 4, 6]],
  [[4, 5, 4, 3, 1], [3, 6, 3, 1], [2, 2, 1]],
].map((tree) => tree.map(([start, ...ids]) => ({ _id: id, _rev: `${start}-${hash(ids[0])}`, _revisions: { start, ids: ids.map(hash) }, n: ids[0] })));

export const purgeOperations = (makePurging) => ({
  purged(r) {
    const docs = r.pick(branches);
    const chosen = r.below(docs.length);
    const then = r.below(docs.length);
    return ["purge", [docs, chosen, then], async () => {
      const db = makePurging();
      await db.bulkDocs(docs, { new_edits: false });
      const answers = [];
      for (const { _rev } of new Set([docs[chosen], docs[then]])) {
        const { ok, deletedRevs, documentWasRemovedCompletely } = await db.purge(id, _rev);
        const left = await db.get(id, { conflicts: true, revs: true }).catch(({ status }) => status);
        const leaves = await db.get(id, { open_revs: "all" }).then((rows) => rows.map((row) => row.ok._rev).sort(), ({ status }) => status);
        const { rows } = await db.allDocs();
        answers.push({ ok, deletedRevs, documentWasRemovedCompletely, left, leaves, rows });
      }
      return answers;
    }, { learns: false }];
  },
  purgedOddly(r) {
    const rev = r.pick([`1-${hash(1)}`, `2-${hash(2)}`, `9-${hash(9)}`]);
    const which = r.pick([id, "nowhere"]);
    return ["purge oddly", [which, rev], async () => {
      const db = makePurging();
      await db.bulkDocs(branches[1], { new_edits: false });
      return db.purge(which, rev);
    }];
  },
});
