// Package mango is the part of CouchDB's Mango queries that needs no store: selectors, requests, index definitions and the planner.
//
//   - [Parse] turns a selector into a [Selector], a program that reads raw JSON; [Selector.Matches] runs it on a document.
//   - [ParseRequest] reads the body of a find, [ParseIndexRequest] that of the creation of an index, with CouchDB's errors.
//   - [Index] says which documents an index holds and under which keys: [Index.Entry].
//   - [NewPlan] decides how a request is answered: which index, which ranges of its keys, what remains to be tested on what they
//     hold, and whether the order is right or has to be made, by a [Sorter].
//   - [Fields.Append] cuts documents down to what was asked for; [Plan.Bookmark] says where the next page begins.
//
// A store keeps the entries of its indexes, and walks the ranges of a plan.
//
// # What a missing field matches
//
// A condition on a field that a document does not have is false, except {"$exists": false}. This holds for negated conditions too,
// because negations are pushed down to the fields before anything is matched: {"$not": {"age": {"$lt": 3}}} is {"age": {"$gte": 3}}.
package mango
