// Package revtree keeps the revision tree of a document: which revisions there are, how they descend from one another, which of
// the leaves wins. All functions are pure; a [Tree] is an immutable value.
//
// A tree is the set of what was ever said about a document: "this revision exists", "it was made from that one", "it is a
// tombstone", "its body is kept there". Merging unites two such sets, so trees that have heard the same are the same, in
// whatever order they heard it. A piece whose root was cut off by stemming, or came without its ancestors, simply is a
// revision whose parent nobody has named yet; as soon as somebody does, the pieces are one.
//
// A revision is its generation with its hash. Should somebody claim two parents for one revision, which no honest writer can
// do because the hash covers the parent, both claims are kept, and the greater parent is the one that the ancestry shows.
//
// The revisions stand in one sorted slice, newest first, so children before their parents. That makes the winner the first
// living leaf, makes every question one pass without recursion, and lets a document with thousands of edits be read and written
// in a few microseconds.
package revtree
