// The engine is not bundled: it is loaded as a user's page loads it, from the built package.
import GouchDB from "/gouchdb/browser.js";
import { couchLike } from "./couch-like.js";

export const open = (name) => couchLike(new GouchDB(name));
