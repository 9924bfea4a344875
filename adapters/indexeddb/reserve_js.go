//go:build js && wasm

package indexeddb

import (
	"cmp"
	"context"
	"encoding/binary"
	"math"
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
// Chromium lets an origin take some hundred kilobytes more than its quota before it refuses: a small reserve has to cover that. Its LevelDB, which all databases of the origin
// share, also rewrites its files in the background, and keeps what it has rewritten until it next empties its memory into a file. It does that when a database is removed,
// even an empty one, which takes no room to make. What it keeps then is some of its files of two megabytes, the more the more there is: so the reserve grows with the origin.
const (
	reserveName = "gouchdb.reserve"
	// lookAgainAfter is how much is written before the reserve is looked after again.
	lookAgainAfter = 1 << 20

	emptyName = "gouchdb.empty"
	// LevelDB may take a moment to give back what the removed reserve occupied, and a log that it has just written to a file. So it is waited for at first, this often, for pauses
	// that double. Then a round begins with making and removing a database. What LevelDB keeps is gone just after that, and there again when it has written its files again, so
	// the first pauses of a round are the ones that matter, and do not grow any more from the sixth on. All rounds last three quarters of a minute.
	waits, rounds, turns = 5, 14, 4
	longestRound         = 5
	firstWait            = 20 * time.Millisecond
	firstTurn            = 10 * time.Millisecond
	tryAgainIn           = 30 * time.Second // after it was of no use
)

// pieces are what the reserve consists of: each one is added when the origin stores so much. A small one comes first, for where there is no room for more.
var pieces = [...]struct{ bytes, from int }{{256 << 10, 0}, {768 << 10, 0}, {2 << 20, 2 << 20}, {3 << 20, 6 << 20}}

// reserve is what a device knows of it.
type reserve struct {
	mu      sync.Mutex
	written int  // since it was last looked after
	begun   bool // to be looked after
	filling bool
	stop    context.CancelFunc // ends the filling
	tried   int                // times since something could be written
	trying  time.Time          // the last time
	kept    int                // how often LevelDB is still to be asked for the room of records that were removed
	asked   time.Time          // the last time
}

var _ logkv.Reserver = (*Device)(nil)

// wrote counts what is written, and sees to it that there is a reserve: after the first write, and again and again, as the origin may have grown or another tab have spent it.
func (r *reserve) wrote(bytes int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = 0
	r.written += bytes
	if r.filling || r.begun && r.written < lookAgainAfter {
		return
	}
	r.begun, r.filling, r.written = true, true, 0
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.Background())
	go r.fill(ctx)
}

// fill adds the pieces that are missing. When there is no room for them, that is tried again after some more was written.
func (r *reserve) fill(ctx context.Context) {
	mend(ctx)
	_ = addPieces(ctx, usage(ctx))
	r.mu.Lock()
	r.filling = false
	r.mu.Unlock()
}

// removed takes note that there may be something for LevelDB to give back.
func (r *reserve) removed() {
	r.mu.Lock()
	r.kept = rounds
	r.mu.Unlock()
}

// Refused implements [logkv.Reserver]: what was removed before LevelDB gives back when it next pleases, or is made to.
func (d *Device) Refused() {
	r := &d.reserve
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == 0 || time.Since(r.asked) < firstWait {
		return
	}
	r.kept--
	r.asked = time.Now()
	go func() { _ = makeAndRemove(context.Background()) }()
}

// close ends what goes on in the background.
func (r *reserve) close() {
	r.mu.Lock()
	if r.filling {
		r.stop()
	}
	r.mu.Unlock()
}

// usage returns how many bytes the origin stores, in whatever way. Where the browser does not tell, it may be many.
func usage(ctx context.Context) int {
	var c calls
	promise := c.call(c.get(c.get(safejs.Global(), "navigator"), "storage"), "estimate")
	bytes := c.number(c.get(c.settled(ctx, promise), "usage"))
	if c.err != nil {
		return math.MaxInt
	}
	return int(bytes)
}

func addPieces(ctx context.Context, usage int) error {
	conn, err := connect(ctx, reserveName, true, func(bool) {})
	if err != nil {
		return err
	}
	defer conn.release()
	for enough := false; !enough && err == nil; {
		// One at a time: there may be room for some of them.
		err = conn.transact(ctx, "filling the reserve", readWrite, []any{recordsStore}, func(tx *transaction) {
			store := tx.store(recordsStore)
			tx.then(tx.call(store, "count"), func(count safejs.Value) {
				there := int(tx.number(count))
				if enough = there >= len(pieces) || usage < pieces[there].from; !enough {
					tx.call(store, "put", tx.bytesToJS(noise(pieces[there].bytes)), there+1)
				}
			})
		})
	}
	return err
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
	if time.Since(r.trying) > tryAgainIn {
		r.tried = 0
	}
	tried := r.tried
	r.tried, r.trying = r.tried+1, time.Now()
	// What is deleted now is not to be crowded out by a new reserve.
	r.begun, r.written = true, 0
	r.mu.Unlock()
	if tried == 0 || tried > waits { // perhaps another tab has filled it again
		err = deleteDatabase(ctx, reserveName)
	}
	if err != nil || tried == 0 {
		return true, err
	}
	if tried <= waits {
		return true, pause.For(ctx, firstWait<<(tried-1))
	}
	round, turn := (tried-waits-1)/turns, (tried-waits-1)%turns
	switch {
	case round == rounds:
		return false, nil
	case turn == 0:
		return true, makeAndRemove(ctx)
	}
	return true, pause.For(ctx, firstTurn<<(min(round, longestRound)+turn))
}

// makeAndRemove makes an empty database and removes it, for the sake of what the browser does then.
func makeAndRemove(ctx context.Context) error {
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
	return cmp.Or(unexpected(c), deleteDatabase(ctx, emptyName))
}
