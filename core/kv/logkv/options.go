package logkv

import "time"

// Options are the settings of a Store. The zero value is what most want.
type Options struct {
	// Durability is what an acknowledged commit survives: Strict unless set otherwise.
	Durability Durability
	// CacheBytes bounds the records kept in memory after they were read or written: 16 MiB unless set.
	CacheBytes int
	// RecordBytes is how large records grow before the next one begins: 48 KiB unless set. Larger ones are slow to read at random from
	// IndexedDB, smaller ones slow to write. A value larger than that has a record of its own.
	RecordBytes int
	// InlineBytes is how long a value may be to be kept in the tree, and so always in memory: 256 unless set. A document's body is mostly longer, an index entry or
	// the revision tree of a document with a handful of revisions shorter.
	InlineBytes int
	// SnapshotBytes is how much log is written at least before a new snapshot, so that opening need not read more than that of it: 2 MiB unless
	// set. It is more when the snapshot itself is larger than that.
	SnapshotBytes int
	// CompactionRatio is how many bytes of log there may be for one byte that lives before the store compacts itself, in the background and in small steps: 2.0 unless
	// set, at least 1.2; negative: never by itself. A log of less than twice SnapshotBytes is let be.
	CompactionRatio float64
}

func (o Options) withDefaults() Options {
	setDefault(&o.CacheBytes, 16<<20)
	setDefault(&o.RecordBytes, 48<<10)
	setDefault(&o.InlineBytes, 256)
	setDefault(&o.SnapshotBytes, 2<<20)
	if o.CompactionRatio == 0 {
		o.CompactionRatio = 2
	}
	if o.CompactionRatio > 0 {
		o.CompactionRatio = max(o.CompactionRatio, 1.2)
	}
	return o
}

func setDefault(option *int, value int) {
	if *option <= 0 {
		*option = value
	}
}

const (
	// groupBytes is how much one commit takes in before the updates that still wait are left to the next.
	groupBytes = 4 << 20
	// readBytes is how much of the log is read in one request.
	readBytes = 1 << 20
	// chunkBytes is how large the chunks of a snapshot are.
	chunkBytes = 256 << 10
	// grace is how long a call waits for a device that does not answer after its context has ended, because "it failed" is a worse answer than a late one.
	grace = 5 * time.Second
)
