package logkv

import (
	"cmp"
	"context"
	"iter"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
)

// reader reads a tree, and the values that are not in it. It is the kv.Snapshot of a View, and a part of the kv.Tx of an Update.
type reader struct {
	store *Store
	tree  *tree.Tree
	batch *batch // nil in a View
	// unlogged are the records that have to be read from memory, beside those of the batch.
	unlogged *layer
	newer    *state // in a View, once a record was found gone: the newest state at that time
}

// Get implements kv.Snapshot.
func (r *reader) Get(ctx context.Context, key []byte) (value []byte, found bool, err error) {
	if err := r.store.check(ctx); err != nil {
		return nil, false, err
	}
	item, found := r.tree.Get(key)
	if !found {
		return nil, false, sound(r.tree)
	}
	if !item.External() {
		return item.Value(), true, nil
	}
	at := mustAddress(item)
	if value, ok := at.in(r.inMemory(at.record)); ok { // the common case, without any detour
		return value, true, nil
	}
	var values [1][]byte
	if err := r.values(ctx, []tree.Item{item}, values[:]); err != nil {
		return nil, false, err
	}
	return values[0], true, nil
}

// GetMany implements kv.Snapshot.
func (r *reader) GetMany(ctx context.Context, keys [][]byte) ([][]byte, error) {
	if err := r.store.check(ctx); err != nil {
		return nil, err
	}
	c := collector{reader: r, values: make([][]byte, len(keys))}
	r.tree.GetMany(keys, c.take)
	if err := sound(r.tree); err != nil {
		return nil, err
	}
	return c.values, c.fetch(ctx)
}

// A scan fetches the values of several entries ahead, few at first because many scans are left early.
const (
	firstWindow = 16
	lastWindow  = 256
	// windowBytes bounds the values fetched ahead.
	windowBytes = 1 << 20
)

// Scan implements kv.Snapshot. Inlined it would be in the engine twice.
//
//go:noinline
func (r *reader) Scan(ctx context.Context, within kv.Range) iter.Seq2[kv.Entry, error] {
	return func(yield func(kv.Entry, error) bool) {
		var values [][]byte
		window := make([]tree.Item, 0, firstWindow)
		size, limit := 0, firstWindow
		yieldWindow := func() bool {
			if !within.KeysOnly {
				values = append(values[:0], make([][]byte, len(window))...)
			}
			return r.yieldAll(ctx, window, values, yield)
		}
		for item := range r.tree.Scan(within) {
			window = append(window, item)
			if item.External() && !within.KeysOnly {
				size += mustAddress(item).length
			}
			if len(window) < limit && size < windowBytes {
				continue
			}
			if !yieldWindow() {
				return
			}
			window, size, limit = window[:0], 0, min(2*limit, lastWindow)
		}
		yieldWindow()
	}
}

// yieldAll yields entries, with their values if there is room for them, and reports whether more are wanted.
func (r *reader) yieldAll(ctx context.Context, items []tree.Item, values [][]byte, yield func(kv.Entry, error) bool) bool {
	err := cmp.Or(r.store.check(ctx), sound(r.tree))
	if err == nil && values != nil {
		err = r.values(ctx, items, values)
	}
	if err != nil {
		yield(kv.Entry{}, err)
		return false
	}
	for i, item := range items {
		entry := kv.Entry{Key: item.Key()}
		if values != nil {
			entry.Value = values[i]
		}
		if !yield(entry, nil) {
			return false
		}
	}
	return true
}

// values reads the values of items, in their places, and the records that hold them together.
func (r *reader) values(ctx context.Context, items []tree.Item, values [][]byte) error {
	c := collector{reader: r, values: values}
	for i, item := range items {
		c.take(i, item)
	}
	return c.fetch(ctx)
}

// inMemory returns a record without its checksum, if it is not yet in the log or in the cache.
func (r *reader) inMemory(record uint64) []byte {
	if r.holds(record) {
		return r.held(record)
	}
	if data, cached := r.store.cache.get(record); cached {
		return data[:len(data)-checksumSize]
	}
	return nil
}

// holds reports whether a record is one of those that are not in the log yet. Another context may have given its number to another record.
func (r *reader) holds(record uint64) bool {
	return r.batch != nil && r.batch.holds(record) || r.unlogged.holds(record)
}

// held returns such a record, without its checksum.
func (r *reader) held(record uint64) []byte {
	if r.batch != nil && r.batch.holds(record) {
		return r.batch.content(record)
	}
	return r.unlogged.content(record)
}

// value returns the value of an external item from its record.
func (r *reader) value(ctx context.Context, item tree.Item, records map[uint64][]byte) ([]byte, error) {
	at := mustAddress(item)
	var content []byte
	if r.holds(at.record) {
		content = r.held(at.record)
	} else {
		record, found := records[at.record]
		if !found {
			return r.gone(ctx, item, at)
		}
		content = record[:len(record)-checksumSize]
	}
	value, ok := at.in(content)
	if !ok {
		return nil, blameRecord(at.record, core.ErrCorrupt.Because("it does not hold what refers to it"))
	}
	return value, nil
}

// gone deals with a record that is no longer there. A compaction in this store keeps what its views need, so another context has compacted
// the log. An update runs again on the newest state. A view finds the value at its new place, if it still is the key's value.
func (r *reader) gone(ctx context.Context, item tree.Item, at address) ([]byte, error) {
	if r.batch != nil {
		r.batch.stale = true
		return nil, errStale
	}
	if r.newer == nil {
		result, err := r.store.load(ctx)
		if err != nil {
			return nil, err
		}
		r.newer = result.state
	}
	current, found := r.newer.tree.Get(item.Key())
	if !found || !current.External() || !mustAddress(current).sameValue(at) {
		return nil, errOutlived
	}
	moved := mustAddress(current)
	records, err := r.store.records(ctx, []uint64{moved.record})
	if err != nil {
		return nil, err
	}
	record, found := records[moved.record]
	if !found && moved.record == at.record {
		return nil, missing(at.record)
	}
	if !found {
		return nil, errOutlived
	}
	value, ok := moved.in(record[:len(record)-checksumSize])
	if !ok {
		return nil, blameRecord(moved.record, core.ErrCorrupt.Because("it does not hold what refers to it"))
	}
	return value, nil
}

func missing(record uint64) error {
	return core.ErrCorrupt.Because("record " + strconv.FormatUint(record, 10) + " of the log is missing")
}

var (
	// errStale makes an update run again; it reaches nobody but the function of the update.
	errStale = core.ErrStorage.Because("another context has compacted the database; the update runs again")
	// errOutlived: a view lasted longer than what it read.
	errOutlived = core.ErrStorage.Because("another context has changed and compacted away what this read began with; read again").From(kv.ErrOutlived)
)

// transaction is the kv.Tx of one run of an update's function.
type transaction struct {
	reader
	failure error // of a write that cannot be done
	redo    redo  // how to do it all again; nil: nobody has said
	frees   bool  // it makes room
}

// redo does an update that was acknowledged again on a state that its function has not seen; see kv.Redoer.
type redo func(ctx context.Context, was kv.Snapshot, tx kv.Tx) error

// Put implements kv.Tx.
func (t *transaction) Put(key, value []byte) {
	if len(key) == 0 {
		t.failure = core.ErrBadRequest.Because("a key must not be empty")
		return
	}
	t.batch.put(key, value)
}

// Delete implements kv.Tx.
func (t *transaction) Delete(key []byte) { t.batch.delete(key) }
