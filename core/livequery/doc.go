// Package livequery keeps the result of a Mango query as it would be found now.
//
// [Run] finds once, and then follows the changes feed. A changed document is tested by itself and put into, taken out of, or moved within the
// result, which is kept in memory in its order: what a change costs does not grow with the result. With a limit, some more documents than are shown are
// kept, for when shown ones leave; when these run out, it finds again.
//
// It is right because the place in the feed is noted before the find: whatever was written since comes again, and to put a document where it is already
// changes nothing. What was purged leaves no change: a local database tells how many purges there were, and after one it finds again. Each update shows one state of the database, with all changes up to it. When the database has failed for a while, everything is found
// anew, and the difference is told.
package livequery
