//go:build js && wasm

package indexeddb

import (
	"cmp"
	"context"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/pause"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// The reserve is an IndexedDB database of its own, one for all databases of the origin, which holds nothing of use. Browsers do not tell how much
// room there is; and when there is none, Chromium refuses every transaction that adds a byte, deletions of documents too, while removing records
// from a database often gives nothing back soon. Removing a whole database does, at once. So that is what becomes of the reserve when somebody wants to delete something.
//
// It may not suffice, because Chromium's LevelDB rewrites its files in the background, and keeps what it has rewritten until it next empties its memory into a file. It does
// that when a database is removed, even an empty one, which takes no room to make. What it keeps then is some of its files of two megabytes: the reserve is larger than these.
const (
	reserveName  = "gouchdb.reserve"
	reserveBytes = 6 << 20
	// reserveAfter is how much is written before there is a reserve: a small database does not need one.
	reserveAfter = 8 << 20

	emptyName = "gouchdb.empty"
	// Files are tidied up so often at most, after pauses that double, six seconds together.
	tidyings    = 6
	firstPause  = 100 * time.Millisecond
	tidyAgainIn = 30 * time.Second // after it was of no use
)

// reserve is what a device knows of it.
type reserve struct {
	mu      sync.Mutex
	written int  // since it was last looked after
	there   bool // as far as is known
	spent   bool // by us, and not made again
	making  bool
	tidied  int       // times since something could be written
	tidying time.Time // the last time
}

var _ logkv.Reserver = (*Device)(nil)

// wrote counts what is written, and sees to it that there is a reserve when it is much.
func (r *reserve) wrote(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tidied = 0
	r.written += bytes
	if r.there || r.making || r.written < reserveAfter {
		return
	}
	r.written, r.making = 0, true
	go r.make()
}

// found takes note of how much is there already.
func (r *reserve) found(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.written = max(r.written, bytes)
}

// make makes the reserve unless somebody else has. When that fails, it is tried again after as much has been written once more.
func (r *reserve) make() {
	err := makeReserve(context.Background())
	r.mu.Lock()
	defer r.mu.Unlock()
	r.there, r.making = err == nil, false
	r.spent = r.spent && !r.there
}

func makeReserve(ctx context.Context) error {
	conn, err := connect(ctx, reserveName, true, func(bool) {})
	if err != nil {
		return err
	}
	defer conn.release()
	return conn.transact(ctx, "making a reserve", readWrite, []any{recordsStore}, func(tx *transaction) {
		store := tx.store(recordsStore)
		tx.then(tx.call(store, "count"), func(count safejs.Value) {
			if n := tx.number(count); n == 0 {
				tx.call(store, "put", tx.bytesToJS(noise(reserveBytes)), 1)
			}
		})
	})
}

// noise returns bytes that no storage can make smaller. It is xorshift, because good random numbers would take a tenth of a second.
func noise(size int) []byte {
	data := make([]byte, 0, size+7)
	for word := rand.Uint64() | 1; len(data) < size; {
		word ^= word << 13
		word ^= word >> 7
		word ^= word << 17
		data = binary.LittleEndian.AppendUint64(data, word)
	}
	return data[:size]
}

// Release implements [logkv.Reserver].
func (d *Device) Release(ctx context.Context) (released bool, err error) {
	r := &d.reserve
	r.mu.Lock()
	spent := r.spent
	if time.Since(r.tidying) > tidyAgainIn {
		r.tidied = 0
	}
	tidied := r.tidied
	if spent {
		r.tidied, r.tidying = r.tidied+1, time.Now()
	}
	r.spent, r.there, r.written = true, false, 0
	r.mu.Unlock()
	switch {
	case !spent:
		return true, deleteDatabase(ctx, reserveName)
	case tidied < tidyings:
		return true, tidy(ctx, firstPause<<tidied)
	}
	return false, nil
}

// tidy makes and removes an empty database, and then waits for what the browser does in the background.
func tidy(ctx context.Context, wait time.Duration) error {
	indexedDB, err := factory()
	if err != nil {
		return err
	}
	var c calls
	request := c.call(indexedDB, "open", emptyName)
	if c.err != nil {
		return errorOf("making an empty database", thrown(c.err))
	}
	if err := await(ctx, "making an empty database", request, "success", "error", nil, nil, closeLate(request)); err != nil {
		return err
	}
	c.call(c.get(request, "result"), "close")
	return cmp.Or(unexpected(c), deleteDatabase(ctx, emptyName), pause.For(ctx, wait))
}
