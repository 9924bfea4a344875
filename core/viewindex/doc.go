// Package viewindex is the stored index of the views of one design document: the rows that map functions made of documents, and nodes with what reduce functions made of
// many rows (see package mapreduce). Whoever owns the key-value store decides when it is brought up to date, and calls the functions.
//
// # Layout
//
// All keys begin with the index's prefix. Map functions are told apart by their number.
//
//	r<map><row key>                 a row
//	d<id>                           which rows a document has: of each the map function, its collation key, its ordinal. Documents without rows have none
//	n<map><level><row key>          a node: the rows from the one with this key (or, without a key, from the first) to that of the next node of the level
//
// A node's value is the version of the index that it was made in, the number of its rows, the number of reduce functions of the map function, and for each what it made of them, as a length plus one and
// bytes; 0 stands for what is not known. One of the lowest level may have runs, of rows with the same key. Built-in functions are always known. Others are run when a query needs them, and what they make is kept
// if the node's version is the same by then.
//
// With short keys a row takes about 60 bytes and two entries, of which one is the document's; in a tree in memory these are about 150 bytes. Nodes add seven entries to a hundred rows.
//
// The highest level has one node, which begins with the first row. A view without rows has no nodes.
package viewindex
