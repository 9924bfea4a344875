package docstore

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
)

// indexer builds indexes, and removes those that are not defined any more, in the background: in a goroutine that is there only as long as there is
// something to do. Several tabs may do so at once, each step continues where the last one, whoever made it, has ended.
type indexer struct {
	known   atomic.Pointer[catalogue] // what was read last
	adopted atomic.Bool               // the catalogue was compared with the design documents

	db       *DB
	stepDocs int // how many documents are built in one step
	mutex    sync.Mutex
	cancel   context.CancelFunc // of the goroutine that runs
	ended    chan struct{}      // closed when it has ended; nil when none runs
	again    bool               // there may be more to do than it knows of
	closed   bool
	// failure is why the last one gave up.
	failure error
	// began and updated are when this one began, and when it last got further.
	began, updated time.Time
	// stepped is closed when something was done, or given up.
	stepped chan struct{}
}

func (x *indexer) init(db *DB) { x.db, x.stepDocs, x.stepped = db, buildDocs, make(chan struct{}) }

// start begins to do what is to be done. The channel that it returns is closed with the next step, or failure.
func (x *indexer) start() <-chan struct{} {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	switch {
	case x.closed:
	case x.ended != nil:
		x.again = true
	default:
		var ctx context.Context
		ctx, x.cancel = context.WithCancel(context.Background())
		x.ended, x.failure = make(chan struct{}), nil
		x.began = time.Now()
		x.updated = x.began
		go x.run(ctx)
	}
	return x.stepped
}

func (x *indexer) run(ctx context.Context) {
	for {
		more, err := x.db.buildStep(ctx)
		if !x.step(more, err) {
			return
		}
		x.db.breathe()
	}
}

// step tells those who wait what has happened. It reports false after the last step.
func (x *indexer) step(more bool, err error) bool {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	close(x.stepped)
	x.stepped, x.updated = make(chan struct{}), time.Now()
	if err == nil && (more || x.again) {
		x.again = x.again && more
		return true
	}
	x.failure, x.again = err, false
	x.cancel()
	close(x.ended)
	x.ended = nil
	return false
}

// failed returns why the last goroutine gave up, nil while one runs.
func (x *indexer) failed() error {
	x.mutex.Lock()
	defer x.mutex.Unlock()
	switch {
	case x.closed:
		return core.ErrClosed
	case x.ended != nil:
		return nil
	}
	return x.failure
}

// close ends the goroutine and waits until it is gone.
func (x *indexer) close() {
	x.mutex.Lock()
	x.closed = true
	ended := x.ended
	if ended != nil {
		x.cancel()
	}
	x.mutex.Unlock()
	if ended != nil {
		<-ended
	}
}

// await returns after the next step of the indexer, which it sets going. It reports whether that was the last one: nothing more can be done for now.
func (x *indexer) await(ctx context.Context) (last bool, err error) {
	stepped := x.start()
	if err := x.failed(); err != nil {
		return true, err
	}
	select {
	case <-stepped:
		x.mutex.Lock()
		last = x.ended == nil
		x.mutex.Unlock()
		return last, x.failed()
	case <-ctx.Done():
		return false, ctx.Err()
	}
}

// adopt makes sure, once, that the catalogue has what the design documents define: in a database that another program has filled, or one that had no
// engine for an index's pattern, it does not.
func (x *indexer) adopt(ctx context.Context) error {
	if x.adopted.Load() {
		return nil
	}
	same := false
	err := x.db.view(ctx, false, func(s kv.Snapshot) error {
		c, err := x.db.catalogue(ctx, s)
		if err != nil {
			return err
		}
		defined, err := x.db.defined(ctx, s)
		same = c.isOf(defined)
		return err
	})
	if err == nil && !same {
		select {
		case <-ctx.Done(): // before anything is written
			return ctx.Err()
		default:
			err = x.db.relist(ctx)
		}
	}
	if err == nil {
		x.adopted.Store(true)
	}
	return err
}

// relist brings the catalogue in line with the design documents.
func (db *DB) relist(ctx context.Context) error {
	due := false
	err := db.store.Update(ctx, func(tx kv.Tx) error {
		m, err := readMeta(ctx, tx)
		if err != nil {
			return err
		}
		e := edit{ctx: ctx, db: db, tx: tx, meta: &m}
		if err := e.readIndexes(); err != nil {
			return err
		}
		if due, err = e.list(); err == nil && due {
			m.write(tx)
		}
		return err
	})
	if err == nil && due {
		db.indexer.start()
	}
	return err
}

// IndexProgress tells how far an index is built, or the views of a design document are brought up to date.
type IndexProgress struct {
	DesignDoc string // with "_design/"
	Name      string // empty for views, which are updated together
	// Done of Total are behind it: sequences for an index, documents for views.
	Done, Total uint64
	// Began is when that began, in this process, and Updated when it last got further.
	Began, Updated time.Time
}

// IndexProgress lists the indexes that are being built, and then the views that are being updated. It is empty when nothing is.
func (db *DB) IndexProgress(ctx context.Context) (progress []IndexProgress, err error) {
	db.indexer.mutex.Lock()
	began, updated := db.indexer.began, db.indexer.updated
	db.indexer.mutex.Unlock()
	err = db.view(ctx, false, func(s kv.Snapshot) error {
		m, err := readMeta(ctx, s)
		if err != nil {
			return err
		}
		c, err := db.catalogue(ctx, s)
		if err != nil {
			return err
		}
		built, err := c.states(ctx, s)
		if err != nil {
			return err
		}
		for i, number := range c.numbers {
			if state := built[c.place(number)]; state != complete {
				x := c.indexes[i]
				progress = append(progress, IndexProgress{DesignDoc: x.DesignDoc, Name: x.Name, Done: min(state, m.updateSeq), Total: m.updateSeq, Began: began, Updated: updated})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return append(progress, db.views.progress()...), nil
}

// has reports whether an index with this number is defined.
func (c *catalogue) has(number uint64) bool {
	return c.place(number) >= 0 || slices.Contains(c.unusable, number)
}

// place returns where a number stands among the stored indexes.
func (c *catalogue) place(number uint64) int {
	for i := range c.stored {
		if c.stored[i].number == number {
			return i
		}
	}
	return -1
}

// building reports whether an index, nil for that of the ids, does not hold all documents yet.
func (c *catalogue) building(index *mango.Index, built []uint64) bool {
	return index != nil && built[c.place(c.numberOf(index))] != complete
}
