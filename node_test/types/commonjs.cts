// What require() gives: the class, with everything else on it.
import GouchDB = require("gouchdb");
import react = require("gouchdb/react");
import inline = require("gouchdb/inline");

const db = new GouchDB.GouchDB<{ title: string }>("todo");
export const same: GouchDB.GouchDB<{ title: string }> = new inline.GouchDB<{ title: string }>("todo");
export const found = react.useFind(db, { selector: { title: "Milk" } }).docs[0]?.title.length;
export const failure = new GouchDB.GouchError({ status: 404, name: "not_found", reason: "missing" }).status;
