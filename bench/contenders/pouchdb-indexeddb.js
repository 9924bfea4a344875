import PouchDB from "pouchdb";
import indexeddb from "pouchdb-adapter-indexeddb";
import find from "pouchdb-find";
import { couchLike } from "./couch-like.js";

PouchDB.plugin(indexeddb).plugin(find);

export const open = (name) => couchLike(new PouchDB(name, { adapter: "indexeddb" }));
