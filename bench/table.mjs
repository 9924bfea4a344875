// The table of results, with the aims of each workload against PouchDB's better adapter.
import { contenders, rivals } from "./contenders.mjs";

/** How many times as fast as PouchDB's better adapter it shall be. */
const rows = {
  "insert-1000": { title: "insert 10,000 documents, by 1,000", aim: 10 },
  "insert-100": { title: "insert 10,000 documents, by 100", aim: 8 },
  "put-each": { title: "500 puts, one by one", aim: 2 },
  "put-each-memory-first": { title: "500 puts, one by one, GouchDB with `memory-first`", aim: 20 },
  "put-at-once": { title: "500 puts at once", aim: 20 },
  "get-each": { title: "2,000 random gets, one by one", aim: 6 },
  "get-100": { title: "2,000 random gets, 100 at a time", aim: 20 },
  "update": { title: "update 2,000 documents, by 1,000", aim: 8 },
  "all-docs": { title: "allDocs with documents", aim: 6 },
  "all-ids": { title: "allDocs, ids only", aim: 10 },
  "ranges": { title: "100 ranges of 100 documents", aim: 10 },
  "changes": { title: "changes", aim: 10 },
  "changes-docs": { title: "changes with documents", aim: 10 },
  "index-build": { title: "build an index of one field", aim: 4 },
  "find-indexed": { title: "100 finds of 100 documents, with the index", aim: 10 },
  "find-scan": { title: "a find without an index", aim: 3 },
  "view-build": { title: "build a view with a map function in JavaScript", aim: 20 },
  "view-reduce": { title: "10 reduces, grouped by 100 keys", aim: 50 },
  "view-rows": { title: "20 × 100 rows of a view by key, with documents", aim: 8 },
  "reopen": { title: "reopen with 10,000 documents, first get", aim: 1 },
  "cold-first": { title: "cold start, first visit", aim: 1 / 1.2 },
  "cold-second": { title: "cold start, second visit", aim: 1 },
};

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const shown = (milliseconds) => (milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0));

/**
 * @param {Record<string, Record<string, (number | undefined)[]>>} results milliseconds by workload, contender, and round
 * @returns {string} Markdown
 */
export function table(results, names) {
  const against = rivals.filter((name) => names.includes(name));
  const head = ["workload (milliseconds)", ...names.map((name) => contenders[name]?.title ?? name)];
  if (names.includes("gouchdb") && against.length > 0) {
    head.push("times as fast as PouchDB", "aim");
  }
  const lines = [head, head.map((_, i) => (i === 0 ? "---" : "---:"))];
  for (const [workload, { title, aim }] of Object.entries(rows)) {
    const times = results[workload];
    if (!times) {
      continue;
    }
    const line = [title, ...names.map((name) => (times[name].includes(undefined) ? "–" : shown(median(times[name]))))];
    if (head.length > line.length) {
      const ratio = median(times.gouchdb.map((own, round) => Math.min(...against.map((name) => times[name][round])) / own));
      line.push(`${ratio.toPrecision(2)}${ratio >= aim ? "" : " (missed)"}`, aim.toPrecision(2));
    }
    lines.push(line);
  }
  return lines.map((line) => `| ${line.join(" | ")} |`).join("\n");
}
