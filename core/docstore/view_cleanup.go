package docstore

import (
	"bytes"
	"context"

	"github.com/gouchdb/gouchdb/core/kv"
)

// cleanupKeys is how many keys are removed in one update.
const cleanupKeys = 5000

// ViewCleanup removes what is stored for views that no design document has any more: those of changed and deleted ones, temporary ones, and those in Go that were not queried since
// the database was opened. What it has done stays done when it is interrupted.
func (db *DB) ViewCleanup(ctx context.Context) error {
	wanted, err := db.wantedViews(ctx)
	if err != nil {
		return err
	}
	var unwanted []signature
	var numbers []uint64
	err = db.view(ctx, false, func(s kv.Snapshot) error {
		unwanted, numbers = nil, nil
		for entry, err := range s.Scan(ctx, kv.PrefixRange(viewCatalog)) {
			if err != nil {
				return err
			}
			if found := signature(entry.Key[len(viewCatalog):]); !wanted[found] {
				unwanted = append(unwanted, found)
			}
		}
		for entry, err := range s.Scan(ctx, kv.PrefixRange(viewRemoved)) {
			if err != nil {
				return err
			}
			if number, ok := keyNumber(entry.Key[len(viewRemoved)-1:]); ok {
				numbers = append(numbers, number) // somebody began to
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, g := range db.views.forget(wanted) {
		g.close()
	}
	for _, signature := range unwanted {
		number, err := db.unlistView(ctx, signature)
		if err != nil {
			return err
		}
		if number != 0 {
			numbers = append(numbers, number)
		}
	}
	for _, number := range numbers {
		if err := db.removeViewIndex(ctx, number); err != nil {
			return err
		}
	}
	return nil
}

// DropTemporaryView removes what TemporaryView has stored for these sources.
func (db *DB) DropTemporaryView(ctx context.Context, mapSource, reduceSource string) error {
	d, _ := temporaryDefinition(mapSource, reduceSource)
	signature := d.signature()
	if g := db.views.take(signature); g != nil {
		g.close()
	}
	number, err := db.unlistView(ctx, signature)
	if err != nil || number == 0 {
		return err
	}
	return db.removeViewIndex(ctx, number)
}

// take takes a group out, nil when it is not there.
func (v *viewRegistry) take(signature signature) *viewGroup {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	g := v.groups[signature]
	delete(v.groups, signature)
	return g
}

// unlistView takes an index out of the catalogue and notes that it is to be removed. It returns the index's number, 0 when there is none.
func (db *DB) unlistView(ctx context.Context, signature signature) (number uint64, err error) {
	err = db.store.Update(ctx, func(tx kv.Tx) error {
		r, err := readViewRecord(ctx, tx, signature)
		if number = r.number; err != nil || number == 0 {
			return err
		}
		tx.Delete(catalogKey(signature))
		tx.Put(removedKey(number), nil)
		return nil
	})
	return number, err
}

func removedKey(number uint64) []byte {
	return append(append([]byte(nil), viewRemoved[:len(viewRemoved)-1]...), numberKey(viewRemoved[len(viewRemoved)-1], number)...)
}

// wantedViews are the signatures of the views that are not to be removed.
func (db *DB) wantedViews(ctx context.Context) (map[signature]bool, error) {
	wanted := map[signature]bool{}
	err := db.view(ctx, false, func(s kv.Snapshot) error {
		clear(wanted)
		for entry, err := range s.Scan(ctx, kv.PrefixRange(idKey(documentPrefix, designPrefix))) {
			if err != nil {
				return err
			}
			docID := string(entry.Key[1:])
			winner, _, err := decodeWinner(docID, entry.Value)
			if err != nil {
				return err
			}
			if winner.Deleted {
				continue
			}
			body, _, err := readBody(ctx, s, docID, winner.Body)
			if err != nil {
				return err
			}
			if d, err := parseDesign(docID, body); err == nil { // one that cannot be understood has no views
				wanted[d.signature()] = true
			}
		}
		return nil
	})
	for signature := range db.views.inGo() {
		wanted[signature] = true
	}
	return wanted, err
}

// inGo are the views in Go that were queried since the database was opened.
func (v *viewRegistry) inGo() map[signature]bool {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	found := map[signature]bool{}
	for signature, g := range v.groups {
		if g.native != nil {
			found[signature] = true
		}
	}
	return found
}

// forget takes groups out that are not wanted any more.
func (v *viewRegistry) forget(wanted map[signature]bool) (forgotten []*viewGroup) {
	v.mutex.Lock()
	defer v.mutex.Unlock()
	for signature, g := range v.groups {
		if !wanted[signature] {
			forgotten = append(forgotten, g)
			delete(v.groups, signature)
		}
	}
	for docID, parsed := range v.designs {
		if !wanted[parsed.definition.signature()] {
			delete(v.designs, docID)
		}
	}
	return forgotten
}

// removeViewIndex removes an index, some keys at a time, and then the note that it is to be removed.
func (db *DB) removeViewIndex(ctx context.Context, number uint64) error {
	r := kv.PrefixRange(numberKey(viewPrefix, number))
	r.KeysOnly = true
	for left := true; left; {
		err := db.store.Update(ctx, func(tx kv.Tx) error {
			var keys [][]byte
			left = false
			for entry, err := range tx.Scan(ctx, r) {
				if err != nil {
					return err
				}
				if left = len(keys) == cleanupKeys; left {
					break
				}
				keys = append(keys, bytes.Clone(entry.Key))
			}
			for _, key := range keys {
				tx.Delete(key)
			}
			if !left {
				tx.Delete(removedKey(number))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
