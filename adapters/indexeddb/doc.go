// Package indexeddb keeps databases in a browser's IndexedDB: docstore over logkv over a [Device] that stores the log.
//
// IndexedDB is used as a log of packed records, not as a table of documents, because a record costs about the same
// whatever its size. Each database is an IndexedDB database of its own, named "gouchdb:" and the name, with three object stores:
// "records" (number -> bytes), "snapshots" ([covered number, chunk] -> bytes) and "meta" (the storage's identity).
//
// Several tabs and workers may have the same database open: an append is one transaction that first looks whether the
// head is where the writer believes it to be, and a BroadcastChannel of the same name tells the others to catch up. A connection
// that the browser closes is opened again at the next use; storage that was removed meanwhile is noticed by its identity and never mistaken for an empty database.
//
// The package is empty unless it is compiled for js and wasm.
package indexeddb
