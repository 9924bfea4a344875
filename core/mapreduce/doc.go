// Package mapreduce knows what map/reduce views mean, without storing anything: in which order rows stand, which rows a query asks for, what the built-in reduce functions
// make of them, and how rows are grouped. Who runs the functions of a view is the caller's business.
//
// # Rows
//
// A row is found by its row key: the collation key of what the map function emitted, then the document's id, then, for the second and further rows of one
// document with one key, a number. So rows order by key, then by id, as CouchDB's do.
//
// # Nodes
//
// What a reduce function made of many rows is kept in nodes, so that a reduce over a large range need not visit each row. Which rows belong to one node depends on their keys alone, not
// on the order in which they came: a row begins a node of level L when the hash of its key ends with enough zeros (see [Level]), and the node reaches to the
// next such row. A change touches one or two nodes of each level.
package mapreduce
