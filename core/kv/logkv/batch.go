package logkv

import (
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// batch is a commit in the making: a tree that the updates of a group write to, and the records that say the same to the log. Records get their numbers at once,
// following the base; when somebody else takes these first, the batch is thrown away.
type batch struct {
	options Options
	base    *state
	tree    *tree.Tree
	bytes   uint64   // of keys and values, as in state
	records [][]byte // the last one is still growing; none has its header yet
	size    int      // of all records
	// reclaimed is what a compaction has given back.
	reclaimed uint64
	// changes says that views will see something else, not the same at other places.
	changes bool
	// stale is set when a record that the base refers to is gone, which says that the base is not the newest state.
	stale bool
	// accepted are the updates in it that were acknowledged already.
	accepted []redo
	// commit is set when it is handed to the device; then it takes in nothing more.
	commit commitID
}

func newBatch(options Options, base *state) *batch {
	return &batch{options: options, base: base, tree: base.tree, bytes: base.bytes}
}

// savepoint is what a batch was before one of its updates began.
type savepoint struct {
	tree    *tree.Tree
	bytes   uint64
	records int
	last    int // length of the last record
	size    int

	reclaimed uint64
}

func (b *batch) save() savepoint {
	point := savepoint{tree: b.tree, bytes: b.bytes, records: len(b.records), size: b.size, reclaimed: b.reclaimed}
	if point.records > 0 {
		point.last = len(b.records[point.records-1])
	}
	b.tree = b.tree.Copy()
	return point
}

// rollback undoes everything since a savepoint.
func (b *batch) rollback(point savepoint) {
	b.tree, b.bytes, b.size, b.reclaimed = point.tree, point.bytes, point.size, point.reclaimed
	clear(b.records[point.records:])
	b.records = b.records[:point.records]
	if point.records > 0 {
		b.records[point.records-1] = b.records[point.records-1][:point.last]
	}
}

func (b *batch) empty() bool { return len(b.records) == 0 }

// first is the number of the first record.
func (b *batch) first() uint64 { return b.base.head + 1 }

// room makes the last record one that has room for size more bytes.
func (b *batch) room(size int) {
	n := len(b.records)
	if n > 0 && len(b.records[n-1])+size <= b.options.RecordBytes-checksumSize {
		return
	}
	capacity := headerSize + size + checksumSize
	if n > 0 { // there is much to write: this one will be full as well
		capacity = max(capacity, b.options.RecordBytes)
	}
	b.records = append(b.records, make([]byte, headerSize, capacity))
	b.size += headerSize + checksumSize
}

// write appends an operation and returns the record's number and where the value is in it.
func (b *batch) write(kind byte, key, value []byte) (record uint64, offset int) {
	b.room(operationSize(key, value))
	n := len(b.records) - 1
	before := len(b.records[n])
	b.records[n], offset = appendOperation(b.records[n], kind, key, value)
	b.size += len(b.records[n]) - before
	return b.first() + uint64(n), offset
}

func (b *batch) put(key, value []byte) {
	var item tree.Item
	if len(value) > b.options.InlineBytes {
		record, offset := b.write(opExternal, key, value)
		item = externalItem(key, addressOf(record, offset, value))
	} else {
		b.write(opInline, key, value)
		item = tree.Pack(key, value, false)
	}
	if previous, replaced := b.tree.Put(item); replaced {
		b.bytes -= liveSize(previous)
	}
	b.bytes += liveSize(item)
}

func (b *batch) delete(key []byte) {
	previous, deleted := b.tree.Delete(key)
	if !deleted {
		return
	}
	b.bytes -= liveSize(previous)
	b.write(opDelete, key, nil)
}

// reclaim notes for all contexts that there is so much less log.
func (b *batch) reclaim(bytes uint64) {
	b.write(opReclaimed, []byte("reclaimed"), appendUvarint(nil, bytes))
	b.reclaimed += bytes
}

// holds reports whether a record belongs to this batch, and is not in the log yet.
func (b *batch) holds(record uint64) bool { return record >= b.first() }

// content returns a record of this batch, as far as it has grown.
func (b *batch) content(record uint64) []byte { return b.records[record-b.first()] }

// seal finishes the records.
func (b *batch) seal() [][]byte {
	sealed := make([][]byte, len(b.records)) // readers may be looking at the ones there are
	for i, record := range b.records {
		sealed[i] = trim(seal(record, header{
			last: i == len(b.records)-1, commit: b.commit, number: b.first() + uint64(i), part: uint32(i),
		}))
	}
	return sealed
}

// trim keeps a record that will stay in the cache from holding much more memory than it needs.
func trim(record []byte) []byte {
	if cap(record)-len(record) <= len(record)/8 {
		return record
	}
	return append(make([]byte, 0, len(record)), record...)
}

// result is the state after the commit.
func (b *batch) result() *state {
	logBytes := b.base.logBytes + uint64(b.size)
	next := &state{
		tree: b.tree, head: b.base.head + uint64(len(b.records)), bytes: b.bytes, logBytes: logBytes - min(logBytes, b.reclaimed),
		content: b.base.content,
	}
	if b.changes {
		next.content = next.head
	}
	return next
}

// preview is the same state while the commit is not in the log, over one that may not be either.
func (b *batch) preview(below *layer) *state {
	next := b.result()
	next.unlogged = newLayer(b.first(), b.records, below)
	return next
}
