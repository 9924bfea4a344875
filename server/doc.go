// Package server speaks CouchDB's HTTP API over any set of [core.Adapter]s, so that CouchDB, PouchDB and GouchDB can
// replicate with it and simple clients can use it.
//
// [New] makes an [http.Handler]. A request passes, in this order: the name it was addressed to, cross-origin rules, who is
// asking, which database and whether they may, and then one handler, a method that answers or returns an error. Answers
// of unknown length are streamed. Everything that comes from outside has a bound.
package server
