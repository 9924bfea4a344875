import PouchDB from "pouchdb";
import indexeddb from "pouchdb-adapter-indexeddb";
import { couchLike } from "./couch-like.js";

PouchDB.plugin(indexeddb);

export const open = (name) => couchLike(new PouchDB(name, { adapter: "indexeddb" }));
