// Package file keeps a database in one file: natively, and under Node as js/wasm.
//
// # The file
//
// The file is a header followed by frames, which are only ever appended. A frame holds a record of the log or a chunk of a snapshot. Snapshots are in the same
// file, not beside it, so that the file alone is the database at any time, however it is copied or moved, and a crash has one thing to tear. Old snapshots
// are garbage like the rest: compaction copies what is still needed to a new file, which then takes the place of the old one by a rename.
//
// Each frame says how much of the file was known to be on disk when it was written. That is how an open tells the two ways a file can be
// damaged apart. What a crash has torn is at the end and never was acknowledged as durable: it is cut off. Damage anywhere else is an error that
// names the record and leaves the file as it is.
//
// Opening reads the frames' headers, not the records.
//
// # One process
//
// One opener has the file; a second one fails with core.ErrLocked. On Unix systems the lock is the operating system's and ends with the process. Elsewhere, under
// Node as well, it is a file "NAME.lock" that holds the process id; one that is left over from a process which has died is taken over.
//
// # Durability
//
// logkv.Strict, the default, waits for fsync once per commit; updates that arrive in the meantime share the next. logkv.Relaxed leaves it to the operating system when
// to write: the death of the process loses nothing, a loss of power may lose the last commits. logkv.MemoryFirst acknowledges before it writes, and the death of the process
// may lose the last milliseconds.
package file
