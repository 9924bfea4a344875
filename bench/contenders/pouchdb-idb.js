import PouchDB from "pouchdb";
import { couchLike } from "./couch-like.js";

export const open = (name) => couchLike(new PouchDB(name, { adapter: "idb" }));
