import PouchDB from "pouchdb";
import find from "pouchdb-find";
import { couchLike } from "./couch-like.js";

PouchDB.plugin(find);

export const open = (name) => couchLike(new PouchDB(name, { adapter: "idb" }));
