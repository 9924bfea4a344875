// The engine is not bundled: it is loaded as a user's page loads it, from the built package.
import GouchDB from "/gouchdb/browser.js";
import { couchLike } from "./couch-like.js";

/** Of all contenders, this one takes options: the durability. */
export const open = (name, options) => couchLike(new GouchDB(name, options));
