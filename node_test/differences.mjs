// Where GouchDB answers otherwise than PouchDB, on purpose. Each `settle` looks at what both answered to one call (`p` and `g`, with
// `result` or `error`), takes its difference out of them and nothing else, and tells whether there was one.

// All objects in a value.
function* objects(value) {
  if (typeof value === "object" && value !== null) {
    yield value;
    for (const member of Object.values(value)) {
      yield* objects(member);
    }
  }
}

const isError = (object) => object.error === true && typeof object.message === "string";

function drop(value, name, matches = () => true) {
  let dropped = false;
  for (const object of objects(value)) {
    if (name in object && matches(object)) {
      delete object[name];
      dropped = true;
    }
  }
  return dropped;
}

// Two errors that are told in other words.
const told = (call, pouch, gouch) => (step, p, g) => {
  const fits = (error, expected) => error && Object.entries(expected).every(([name, value]) => (value instanceof RegExp ? value.test(error[name]) : error[name] === value));
  if (!call.test(step) || !fits(p.error, pouch) || !fits(g.error, gouch)) {
    return false;
  }
  p.error = g.error = {};
  return true;
};

export const differences = [
  {
    name: "open_revs that are none",
    why: "PouchDB tells CouchDB's internal failure; this names the option",
    settle: told(/^get .*open_revs/, { status: 500, name: "unknown_error" }, { status: 400, message: /`open_revs`/ }),
  },
  {
    name: "arguments that PouchDB trips over",
    why: "a TypeError from its insides has no status; this says what is wrong",
    settle: told(/^/, { name: "TypeError", status: undefined }, { status: /^40[04]$/ }),
  },
  {
    name: "what pouchdb-find refuses",
    why: "its errors have no status; these are CouchDB's",
    settle: told(/^(find|explain|createIndex)/, { name: "Error", status: undefined }, { status: 400 }),
  },
  {
    name: "a sort without an index",
    why: "is made in memory, and the warning says so",
    settle: (call, p, g) => /^find .*"sort"/.test(call) && /^Cannot sort/.test(p.error?.message) && /sorted in memory/.test(g.result?.warning) && [delete p.error, delete g.result].every(Boolean),
  },
  {
    name: "counts, fields and operators that are none",
    why: "are an error as in CouchDB; PouchDB takes them for something",
    settle: (call, p, g) => /^(find|allDocs) .*("limit":-1|"skip":-1|"fields":"a"|"\$no")/.test(call) && p.result && g.error?.status === 400 && [delete p.result, delete g.error].every(Boolean),
  },
  {
    name: "a revision that is none",
    why: "is an error; PouchDB looks for it",
    settle: told(/^get .*"rev":"odd"/, { status: 404 }, { status: 400, message: "Invalid rev format" }),
  },
  {
    name: "no revisions asked about",
    why: "are not missing: the document is left out, as by CouchDB",
    settle: (call, p, g) => call === 'revsDiff [{"a":[]}]' && [delete p.result, delete g.result].every(Boolean),
  },
  {
    name: "bulkGet without an id, or with a revision that is none",
    why: "is refused as a whole; PouchDB answers it with a row",
    settle: (call, p, g) => /^bulkGet \[{"docs":\[({}|.*"odd"})\]}\]$/.test(call) && g.error?.status === 400 && [delete p.result, delete g.error].every(Boolean),
  },
  {
    name: "a deleted document to be removed",
    why: "is not there any more, as to CouchDB; to PouchDB there is a conflict",
    settle: told(/^remove/, { status: 409 }, { status: 404, message: "missing" }),
  },
  {
    name: "a document to be removed that never was",
    why: "is missing, not deleted",
    settle: (call, p, g) => call.startsWith("remove") && p.error?.reason === "deleted" && g.error?.reason === "missing" && [p, g].every(({ error }) => delete error.reason),
  },
  {
    name: "an attachment to be removed from a document that is not there",
    why: "the revision is in conflict with there being none, as when one is put",
    settle: told(/^removeAttachment/, { status: 404, reason: "missing" }, { status: 409 }),
  },
  {
    name: "no attachments",
    why: "an `_attachments` with nothing in it is not kept, as by CouchDB",
    settle: (_, p) => drop(p, "_attachments", ({ _attachments }) => Object.keys(_attachments).length === 0),
  },
  {
    name: "an empty id",
    why: "is none: CouchDB would answer with the database",
    settle: told(/^get (with a callback )?\[""/, { status: 404 }, { status: 400 }),
  },
  {
    name: "what a filter function has seen",
    why: "counts as read: the function is asked about documents that were fetched",
    settle: (call, p, g) => /^replicate with .*"filter":true/.test(call) && p.result?.result.docs_read < g.result?.result.docs_read && [p, g].every((side) => drop(side.result, "docs_read")),
  },
  {
    name: "the offset of a range of keys",
    why: "is how many rows come before, as in CouchDB; PouchDB's is the skip",
    settle: (call, p, g) => /^query .*"(startkey|key|keys)"/.test(call) && p.result?.offset !== g.result?.offset && [drop(p.result, "offset"), drop(g.result, "offset")].every(Boolean),
  },
  {
    name: "an attachment that is no base64",
    why: "the mistake is the caller's: 400, not 500, and found before it is known whether there is a conflict",
    settle: told(/^(put|post)/, { name: /^(badarg|conflict)$/ }, { status: 400, message: /Invalid attachment data/ }),
  },
  {
    name: "the name of an attachment",
    why: "the message says what is wrong with it",
    settle: told(/^(put|post)/, { status: 400, message: "Something wrong with the request" }, { status: 400, message: /starts with prohibited/ }),
  },
  {
    name: "an unknown member with an underscore",
    why: "the mistake is the caller's: CouchDB's 400, not 500",
    settle: told(/^(put|post)/, { status: 500, name: "doc_validation" }, { status: 400, name: "doc_validation" }),
  },
  {
    name: "possible ancestors",
    why: "CouchDB's answer has them, and spares transfers; PouchDB's local databases leave them out",
    settle: (call, _, g) => call.startsWith("revsDiff") && drop(g.result, "possible_ancestors"),
  },
  {
    name: "the sequence of a document",
    why: "`local_seq` adds it, as in CouchDB; PouchDB's local databases do not hear of it",
    settle: (call, _, g) => /^get .*"local_seq":true/.test(call) && drop(g.result, "_local_seq"),
  },
  {
    name: "a filter function that throws",
    why: "is a failure of the script, 500 as in CouchDB; PouchDB calls the request bad",
    settle: told(/^changes/, { status: 400, reason: /^Filter function threw/ }, { status: 500, name: /^(script|internal)_error$/ }),
  },
  {
    name: "what a filter lacks",
    why: "the error says which option",
    settle: told(/^changes .*"filter":"_view"/, { status: 400, message: "Something wrong with the request" }, { status: 400, message: /needs option `view`/ }),
  },
  {
    name: "a replication that has nothing to do",
    why: "is active until it knows; PouchDB does not tell that. What a filter function was asked about counts as read",
    settle(call, p, g) {
      if (!call.startsWith("replication tells") || p.result?.result.docs_written !== 0 || g.result?.told[0]?.[0] !== "active" || p.result.told[0]?.[0] === "active") {
        return false;
      }
      g.result.told.shift();
      drop(p, "docs_read");
      drop(g, "docs_read");
      return true;
    },
  },
  {
    name: "bulkGet of a document twice",
    why: "answers in the order of the request, as CouchDB does; PouchDB puts the answers about one document together",
    settle(call, p, g) {
      const [theirs, ours] = [p, g].map(({ result }) => result?.results?.map(({ id }) => id));
      if (!call.startsWith("bulkGet") || !theirs || JSON.stringify(theirs) === JSON.stringify(ours)) {
        return false;
      }
      g.result.results.sort((a, b) => theirs.indexOf(a.id) - theirs.indexOf(b.id));
      return true;
    },
  },
  {
    name: "a purge of what is no leaf",
    why: "is an error with a status; PouchDB's is its bare text",
    settle: told(/^purge oddly/, { status: undefined }, { status: /^40[04]$/, reason: /^The requested revision / }),
    sometimes: true, // in browsers
  },
  {
    name: "what bulkGet did not find",
    why: "is told in CouchDB's row (id, rev, error, reason), as PouchDB does of remote databases; without a revision all leaves are read, be it a tombstone",
    settle(call, p, g) {
      let settled = false;
      if (call.startsWith("bulkGet")) {
        p.result?.results?.forEach(({ docs }, i) => docs.forEach((row, k) => {
          const leaves = g.result?.results[i]?.docs;
          if (row.error?.reason === "deleted" && leaves?.length > 0 && leaves.every(({ ok }) => ok?._deleted)) {
            docs.splice(0, docs.length, {});
            leaves.splice(0, leaves.length, {});
            settled = true;
            return;
          }
          if (leaves?.length > docs.length) {
            g.result.results[i].docs = leaves.filter(({ ok }) => ok?._rev === row.ok?._rev);
            settled = true;
          }
          const other = g.result?.results[i]?.docs[k];
          const tombstone = row.error?.reason === "deleted" && other?.ok?._deleted;
          if (tombstone || ((row.error?.status === 404 || row.missing) && other?.error?.error === "not_found")) {
            docs[k] = g.result.results[i].docs[k] = {};
            settled = true;
          }
        }));
      }
      return settled;
    },
  },
  {
    name: "a tombstone in _revs_info",
    why: "is `deleted`, as CouchDB says",
    settle(call, p, g) {
      let settled = false;
      g.result?._revs_info?.forEach((info, i) => {
        const other = p.result?._revs_info?.[i];
        if (info.status === "deleted" && other?.status === "available") {
          info.status = other.status = "either";
          settled = true;
        }
      });
      return settled;
    },
  },
  {
    name: "the position after a feed that began beyond the end",
    why: "is where the feed is; PouchDB repeats what it was asked",
    settle: (call, p, g) => /^changes .*"since":1000/.test(call) && p.result?.result.last_seq === 1000 && [drop(p, "last_seq"), drop(g, "last_seq")].every(Boolean),
  },
  {
    name: "the position after a feed that is descending, or of some documents",
    why: "PouchDB's is that of the last change it looked at, or 0; CouchDB's, and ours, is where to go on",
    settle: (call, p, g) => /^changes .*"(descending|doc_ids)"/.test(call) && p.result?.result.last_seq !== g.result?.result.last_seq && [drop(p, "last_seq"), drop(g, "last_seq")].every(Boolean),
  },
  {
    name: "events with attachments",
    why: "come in the order of the changes; PouchDB's come when their attachments are read, later than others, and not at all when that is after the end",
    settle(call, p, g) {
      if (!/^changes .*"attachments":true.*"include_docs":true/.test(call) || !p.result) {
        return false;
      }
      const seqs = ({ result }) => JSON.stringify(result.events.map(({ seq }) => seq));
      const late = new Set(g.result.events.filter(({ doc }) => doc._attachments).map(({ seq }) => seq));
      const told = new Set(p.result.events.map(({ seq }) => seq));
      const order = (seq) => g.result.events.findIndex((event) => event.seq === seq);
      const before = seqs(p);
      p.result.events.push(...g.result.events.filter(({ seq }) => late.has(seq) && !told.has(seq)));
      p.result.events.sort((a, b) => order(a.seq) - order(b.seq));
      return before !== seqs(p);
    },
    sometimes: true, // which is a matter of time
  },
  {
    name: "the order of leaves",
    why: "in the feed and in _conflicts, the one that comes next in winning comes first, as in CouchDB",
    settle(_, p, g) {
      const before = JSON.stringify([p, g]);
      for (const { changes, _conflicts } of [...objects(p), ...objects(g)]) {
        changes?.sort?.((a, b) => (a.rev < b.rev ? -1 : 1));
        _conflicts?.sort();
      }
      return JSON.stringify([p, g]) !== before;
    },
  },
  {
    name: "the position during a replication",
    why: "last_seq in a change event is the last checkpoint: everything up to there has arrived. PouchDB's is where the batch ends",
    settle(call, p, g) {
      let settled = false;
      if (call.startsWith("replicate")) {
        g.result?.events?.forEach((event, i) => {
          if (event.last_seq !== p.result?.events?.[i]?.last_seq) {
            event.last_seq = p.result?.events?.[i]?.last_seq;
            settled = true;
          }
        });
      }
      return settled;
    },
  },
  {
    name: "allDocs with keys",
    why: "limit, skip and descending apply to the list of keys as in CouchDB; PouchDB cuts the list before it turns it round, and tells no offset for no keys, yet of deleted documents `doc: null` though it was not asked for documents",
    settle(call, p, g) {
      if (!/^allDocs .*"keys":\[/.test(call) || !p.result || JSON.stringify(p.result) === JSON.stringify(g.result)) {
        return false;
      }
      if (/"descending":true/.test(call) && /"(skip|limit)"/.test(call)) {
        p.result = g.result = {};
        return true;
      }
      return [drop(p.result, "offset"), drop(g.result, "offset"), drop(p.result, "doc", ({ doc }) => doc === null), drop(g.result, "doc", ({ doc }) => doc === null)].some(Boolean);
    },
  },
  {
    name: "an attachment that should have been there",
    why: "the reason is CouchDB's sentence",
    settle: told(/^(put|post)/, { status: 412, name: "missing_stub", message: "A pre-existing attachment stub wasn't found" }, { status: 412, name: "missing_stub", message: "A pre-existing attachment stub wasn't found" }),
  },
  {
    name: "where an attachment came in",
    why: "PouchDB gives attachments that were there already the generation of the edit",
    settle(_, p, g) {
      const [fromPouch, fromGouch] = [p, g].map((side) => [...objects(side)].filter((object) => "revpos" in object));
      let settled = false;
      fromGouch.forEach((attachment, i) => {
        if (attachment.revpos < fromPouch[i]?.revpos) {
          attachment.revpos = fromPouch[i].revpos;
          settled = true;
        }
      });
      return settled;
    },
  },
  {
    name: "errors say more",
    why: "an error has a reason and names the document wherever there is one; PouchDB leaves them out here and there, or has the sentence without its full stop",
    settle(_, p, g) {
      const [fromPouch, fromGouch] = [p, g].map((side) => [...objects(side)].filter(isError));
      let settled = false;
      fromPouch.forEach((error, i) => {
        for (const name of ["reason", "docId", "id"]) {
          const other = fromGouch[i];
          if (other && name in other && (!(name in error) || (error.name === "conflict" && name === "reason"))) {
            delete other[name];
            delete error[name];
            settled = true;
          }
        }
      });
      return settled;
    },
  },
];
