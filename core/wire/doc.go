// Package wire is CouchDB's JSON: how requests and answers of the database API look as text. The server and the
// WebAssembly boundary print with it what the HTTP client reads with it, so each shape is written down once.
//
// Append functions add to a byte slice and return it. Parse functions expect validated text (see [rawjson.Validate]) and
// share no memory with it.
package wire
