package docstore

import (
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/hex"
)

// formatVersion is written into a new database. One with a higher number is refused: this code would damage it.
const formatVersion = 1

// DefaultMaxDocumentSize is CouchDB's limit to the length of a body, in bytes.
const DefaultMaxDocumentSize = 8_000_000

// Options are the options of a database. The zero value is usable.
type Options struct {
	Name            string        // as Info tells it
	Adapter         string        // as Info tells it: "memory", "file", "indexeddb", ...
	MaxDocumentSize int           // limit to the length of a body; 0: DefaultMaxDocumentSize
	AutoCompaction  bool          // keep no bodies but those of leaves
	RandomRevs      bool          // name new revisions at random, so that the same edit made in two places is a conflict
	NewUUID         func() string // makes the database's uuid and the ids of documents that have none; nil: 32 random hexadecimal digits
	// Regexp runs the patterns of $regex in selectors. nil: a selector with a $regex fails, and says so.
	Regexp mango.Engine
	// Scripts runs the JavaScript of design documents. nil: what needs it fails, and says so.
	Scripts core.Scripts
	// OnMapError is told of documents that have no rows in a view because the map function failed. It must not wait. nil: nobody is.
	OnMapError func(MapError)
	// Breathe is called between the steps in which indexes and views are built. It is for a store that never waits, where goroutines share one thread with an event loop: nothing else
	// would get its turn until the end. nil: there is no need.
	Breathe func()
}

// DB is a database of documents in a key-value store.
type DB struct {
	store   kv.Store
	options Options
	pending pendingMemo
	// firstOwn is the first number that could be given out since the database was opened: see stage.go.
	firstOwn uint64
	indexer  indexer
	views    viewRegistry
}

var _ core.Adapter = (*DB)(nil)

func (db *DB) breathe() {
	if db.options.Breathe != nil {
		db.options.Breathe()
	}
}

// Open makes a database of a store: a new one if the store is empty. The store belongs to it from then on; when Open fails, it stays with the caller.
//
// Errors: ErrNewerFormat, ErrCorrupt, and those of the store.
func Open(ctx context.Context, store kv.Store, options Options) (*DB, error) {
	if options.MaxDocumentSize < 0 {
		return nil, core.ErrBadRequest.Because("MaxDocumentSize must not be negative")
	}
	if options.MaxDocumentSize == 0 {
		options.MaxDocumentSize = DefaultMaxDocumentSize
	}
	if options.NewUUID == nil {
		options.NewUUID = randomUUID
	}
	db := &DB{store: store, options: options}
	db.indexer.init(db)
	db.views.init()
	found, due := false, false
	err := db.view(ctx, false, func(s kv.Snapshot) (err error) {
		if found, err = db.load(ctx, s); err == nil {
			due, err = db.indexesDue(ctx, s)
		}
		return err
	})
	if err == nil && due {
		db.indexer.start()
	}
	if err != nil || found {
		return db, err
	}
	uuid := options.NewUUID()
	err = store.Update(ctx, func(tx kv.Tx) error {
		// Another tab may have been first.
		if found, err := db.load(ctx, tx); err != nil || found {
			return err
		}
		tx.Put(formatKey, []byte{formatVersion})
		tx.Put(uuidKey, []byte(uuid))
		m := meta{nextBody: firstBodyFree, revsLimit: defaultRevsLimit}
		m.write(tx)
		return nil
	})
	return db, err
}

// load checks what never changes. It reports false when the store is empty.
func (db *DB) load(ctx context.Context, s kv.Snapshot) (bool, error) {
	format, found, err := s.Get(ctx, formatKey)
	if err != nil || !found {
		return false, err
	}
	if len(format) != 1 || format[0] == 0 {
		return true, core.ErrCorrupt.Because("the format of the database cannot be read")
	}
	if format[0] > formatVersion {
		return true, core.ErrNewerFormat
	}
	// Damaged counters are the business of whoever needs them.
	if m, err := readMeta(ctx, s); err == nil {
		db.firstOwn = m.nextBody
	}
	return true, nil
}

func randomUUID() string {
	raw := randomBytes()
	return hex.Encode(raw[:])
}

// randomBytes are seeded by the system: unique, which is all that is asked of them. crypto/rand would add to what a page has to load.
func randomBytes() (raw [16]byte) {
	binary.LittleEndian.PutUint64(raw[:], rand.Uint64())
	binary.LittleEndian.PutUint64(raw[8:], rand.Uint64())
	return raw
}

// Identity returns the uuid that was made when the database was created, or that of the one that it succeeds.
func (db *DB) Identity(ctx context.Context) (uuid string, err error) {
	err = db.view(ctx, false, func(s kv.Snapshot) (err error) {
		uuid, err = readUUID(ctx, s)
		return err
	})
	return uuid, err
}

// Info describes the database.
func (db *DB) Info(ctx context.Context) (core.Info, error) {
	var m meta
	var uuid string
	err := db.view(ctx, true, func(s kv.Snapshot) (err error) {
		if m, err = readMeta(ctx, s); err == nil {
			uuid, err = readUUID(ctx, s)
		}
		return err
	})
	if err != nil {
		return core.Info{}, err
	}
	stats, err := db.store.Stats(ctx)
	return core.Info{
		Name:              db.options.Name,
		DocCount:          m.docCount,
		DocDelCount:       m.delCount,
		UpdateSeq:         formatSeq(m.updateSeq),
		PurgeSeq:          formatSeq(m.purgeSeq),
		InstanceStartTime: "0",
		UUID:              uuid,
		Adapter:           db.options.Adapter,
		DataSize:          stats.LiveBytes,
		FileSize:          stats.StoredBytes,
	}, err
}

// view reads the newest state, or, for an answer that tells sequences, the newest one in which they are final. When another tab has compacted away what was being read, it reads
// again, on a newer state: so read may run several times, and has to begin afresh.
func (db *DB) view(ctx context.Context, settled bool, read func(kv.Snapshot) error) error {
	return db.viewUnlessGiven(ctx, settled, nil, read)
}

// viewUnlessGiven is view for a function that hands out what it reads, and notes in given that it has begun to. Then it does not read again: an answer is that of one state, and only who
// has it can let go of it. But it sees to it that the next reading will be of a newer state; see [kv.Again].
func (db *DB) viewUnlessGiven(ctx context.Context, settled bool, given *bool, read func(kv.Snapshot) error) (err error) {
	for range kv.Attempts {
		if settled {
			err = kv.ViewSettled(ctx, db.store, read)
		} else {
			err = db.store.View(ctx, read)
		}
		if !errors.Is(err, kv.ErrOutlived) {
			return err
		}
		if err := db.store.Refresh(ctx); err != nil {
			return err
		}
		if given != nil && *given {
			return err
		}
	}
	return err
}

func (db *DB) meta(ctx context.Context) (m meta, err error) {
	err = db.view(ctx, false, func(s kv.Snapshot) (err error) {
		m, err = readMeta(ctx, s)
		return err
	})
	return m, err
}

// RevsLimit returns how many revisions of each path are remembered.
func (db *DB) RevsLimit(ctx context.Context) (int, error) {
	m, err := db.meta(ctx)
	return int(m.revsLimit), err
}

// SetRevsLimit sets how many revisions of each path are remembered. As in CouchDB it takes an update sequence.
func (db *DB) SetRevsLimit(ctx context.Context, limit int) error {
	if limit < 1 {
		return core.ErrBadRequest.Because("revs_limit must be a positive integer, not " + strconv.Itoa(limit))
	}
	return db.store.Update(ctx, func(tx kv.Tx) error {
		m, err := readMeta(ctx, tx)
		if err != nil {
			return err
		}
		m.revsLimit = uint64(limit)
		m.updateSeq++
		m.write(tx)
		return nil
	})
}

// Flush returns when everything acknowledged so far is as durable as the store can make it.
func (db *DB) Flush(ctx context.Context) error { return db.store.Flush(ctx) }

// Prompt reports whether a write of documents would be done now without waiting for anything, as far as that can be known.
func (db *DB) Prompt() bool { return kv.Prompt(db.store) }

// Drain returns when everything acknowledged so far is committed. It differs from Flush in asking for no more durability than the store's own.
func (db *DB) Drain(ctx context.Context) error { return kv.Drain(ctx, db.store) }

// Leave commits what is acknowledged as well as it can be done where everything may end at any moment; see [kv.Leaver].
func (db *DB) Leave(ctx context.Context) error {
	if s, ok := db.store.(kv.Leaver); ok {
		return s.Leave(ctx)
	}
	return db.Drain(ctx)
}

// Stay takes Leave back.
func (db *DB) Stay(ctx context.Context) error {
	if s, ok := db.store.(kv.Leaver); ok {
		return s.Stay(ctx)
	}
	return nil
}

// Refresh commits what is acknowledged, and makes sure that reads from now on see what other tabs and workers had committed when it was called.
func (db *DB) Refresh(ctx context.Context) error {
	if err := db.Drain(ctx); err != nil {
		return err
	}
	return db.store.Refresh(ctx)
}

// Close ends what is going on with ErrClosed and closes the store.
func (db *DB) Close() error {
	db.indexer.close()
	err := db.store.Close()
	db.views.close()
	return err
}

// Destroy closes the database and removes its data.
func (db *DB) Destroy(ctx context.Context) error {
	db.indexer.close()
	err := db.store.Destroy(ctx)
	if err == nil {
		db.views.close()
	}
	return err
}

func formatSeq(seq uint64) core.Seq { return core.Seq(strconv.FormatUint(seq, 10)) }

// parseSeq reads a sequence of this database.
func parseSeq(seq core.Seq) (uint64, error) {
	if seq == "" {
		return 0, nil
	}
	for i := 0; i < len(seq); i++ {
		if seq[i] < '0' || seq[i] > '9' {
			return 0, core.ErrBadRequest.Because("since is not a sequence of this database: " + string(seq))
		}
	}
	n, err := strconv.ParseUint(string(seq), 10, 64)
	if err != nil {
		return 0, core.ErrBadRequest.Because("since is not a sequence of this database: " + string(seq))
	}
	return n, nil
}
