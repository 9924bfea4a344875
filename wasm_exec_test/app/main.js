// An app as it was written for PouchDB: a list of notes with pictures, an index, a view, live changes and sync. The test runs it as it is, and with another import.
import PouchDB from "pouchdb";
import find from "pouchdb-find";
import upsert from "pouchdb-upsert";

PouchDB.plugin(find);
PouchDB.plugin(upsert);

const { name, remote } = Object.fromEntries(new URLSearchParams(location.search));
const list = document.querySelector("ul");
const state = document.querySelector("output");
const errors = [];

await globalThis.beforeOpening?.(PouchDB, name);
const db = new PouchDB(name, { auto_compaction: true });
await db.putIfNotExists({ _id: "_design/notes", views: { by_tag: { map: "function (doc) { (doc.tags || []).forEach(function (tag) { emit(tag, 1); }); }", reduce: "_count" } } });
await db.createIndex({ index: { fields: ["kind", "stars"] } });

async function show() {
  const { docs } = await db.find({ selector: { kind: "note", stars: { $gte: 0 } }, sort: [{ kind: "desc" }, { stars: "desc" }] });
  list.replaceChildren(...docs.map(({ title, stars, _attachments }) => {
    const item = document.createElement("li");
    item.textContent = `${title} ${"*".repeat(stars)}${_attachments ? " with a picture" : ""}`;
    return item;
  }));
}

db.changes({ since: "now", live: true, include_docs: true })
  .on("change", () => show().catch((error) => errors.push(error.message)))
  .on("error", (error) => errors.push(error.message));
const sync = db.sync(remote, { live: true, retry: true })
  .on("paused", (error) => { state.textContent = error ? "offline" : "up to date"; })
  .on("active", () => { state.textContent = "syncing"; })
  .on("denied", ({ doc }) => errors.push(doc.message))
  .on("error", (error) => errors.push(error.message));
await show();

globalThis.app = {
  errors,
  add: (id, title, tags) => db.put({ _id: id, kind: "note", title, tags, stars: 0 }),
  star: (id) => db.upsert(id, (doc) => ({ ...doc, stars: doc.stars + 1 })),
  remove: (id) => db.get(id).then((doc) => db.remove(doc)),
  async picture(id, bytes) {
    const { _rev } = await db.get(id);
    await db.putAttachment(id, "picture.png", _rev, new Blob([new Uint8Array(bytes)], { type: "image/png" }), "image/png");
    const blob = await db.getAttachment(id, "picture.png");
    const { _attachments } = await db.get(id, { attachments: true, binary: true });
    const same = _attachments["picture.png"].data;
    return [blob instanceof Blob, blob.type, [...new Uint8Array(await blob.arrayBuffer())], same instanceof Blob, same.size];
  },
  tags: async () => (await db.query("notes/by_tag", { group: true })).rows.map(({ key, value }) => [key, value]),
  found: async (limit) => (await db.find({ selector: { kind: "note" }, fields: ["_id"], limit })).docs.length,
  refused: (id) => new Promise((resolve) => db.put({ _id: id }, (error) => resolve([error.status, error.name, error.message]))),
  async conflict(id) {
    const doc = await db.get(id);
    await db.bulkDocs([{ ...doc, title: "another", _rev: "1-0", _revisions: { start: 1, ids: ["0"] } }], { new_edits: false });
    const { _conflicts } = await db.get(id, { conflicts: true });
    await Promise.all(_conflicts.map((rev) => db.remove(id, rev)));
    return [_conflicts.length, (await db.get(id, { conflicts: true }))._conflicts];
  },
  listed: async () => (await db.allDocs({ startkey: "a", endkey: "z\uffff" })).rows.map(({ id }) => id),
  async stop() {
    const stopped = sync.then(({ push, pull }) => [push.status, pull.status]);
    sync.cancel();
    return stopped;
  },
};
