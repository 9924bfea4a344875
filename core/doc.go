// Package core is the vocabulary that all parts of GouchDB share: documents, revisions, sequences, options,
// results, errors, and the [Adapter] interface that every database offers, be it local or remote.
//
// The words are CouchDB's. A database holds documents, each a tree of revisions whose leaves are alive or deleted;
// the winner is the leaf that a plain read answers with. Each change of a document takes a new sequence.
//
// A document's body is JSON text, never a decoded value: it is checked once, where it enters ([ParseDocument]), stripped of what
// CouchDB does not keep either (white space, needless escapes, superseded members), and from then on stays those bytes.
package core
