// Package logkv is a kv.Store that keeps an ordered tree in memory and makes it durable by an append-only log on a [Device].
//
// The tree holds all keys and the small values. Larger values stay in the log and are found by their address: record, offset, length. What was read or written
// last stays in a bounded cache of records.
//
// A commit appends one record or a few; updates that arrive while one is under way share the next. Appending is compare-and-append, so
// several contexts (tabs, workers) may write to one log: who comes second reads what the first has appended, and runs its updates again on that.
//
// With MemoryFirst an update is acknowledged when it is in the tree; its records follow a few milliseconds later, together with others' (see [Durability] and ahead). Until then
// they are read from memory, in layers over the log.
//
// Now and then a snapshot of the tree is written, so that opening reads the snapshot and the records after it, not the whole log. Compaction, which begins by itself
// when too little of the log is alive, writes living values out of records that are mostly garbage anew, in small steps, and removes what nobody needs. Records are never changed: a crash can only lack the last commits, whole.
//
// Records and snapshots are numbered and carry checksums. What does not match is reported as core.ErrCorrupt with the number of the record; it is
// the device's task to tell a commit that a crash interrupted, which it drops, from damage. [Examine] reads what can still be read of a damaged log.
package logkv
