// Package docstore makes a database of documents out of an ordered key-value store. It is the one place that knows what a
// write means: which revision it makes, what is a conflict, who wins, what a change feed shows. A new backend is a
// [kv.Store]; with docstore over it, it is a [core.Adapter] that answers as CouchDB does.
//
// # Layout
//
// The first byte of a key tells what it is. Numbers in keys sort by value and are as short as they can be.
//
//	f           the format of all this: one byte
//	u           the database's uuid
//	m           the counters: update sequence, documents, deleted ones, next body, purge sequence, revisions limit
//	d<id>       a document: whether its winner is deleted, its sequence, its revision tree
//	s<seq>      the id of the document that has this sequence; each document has exactly one
//	b<number>   the body of one revision, as JSON text; the tree refers to it by number. One whose number has a bit for it is preceded by
//	            its attachments: names, types, and the hashes of their contents
//	a<hash>     the header of a content: how many bodies refer to it, its length, the number of its chunks
//	c<number>.. a chunk of a content
//	t<number>   says that the chunks with this number belong to no content yet: see stage.go
//	v..         the indexes of views: the number and the state of each under the signature of what it was made of, and under its number, the index: see view_record.go
//	            and package viewindex
//	l<id>       a local document: its revision number and its body
//	i           the indexes that the design documents define, each with the number of its entries
//	i<number>   up to which sequence the index with this number holds the documents
//	x<number>.. an entry of an index: the values of its fields and the id, in an order-preserving spelling; see indexing.go
//
// # Rules
//
// Everything that a write depends on is read inside the update that writes it, never remembered from one to the next:
// another tab or process may have the same data open. One BulkDocs is one update, so it is stored whole or not at all.
// An update may run more than once, so it changes nothing outside but what it sets anew in each run.
package docstore
