package docstore

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

const (
	// mapDocuments and mapBytes are about how much map functions are given in one call.
	mapDocuments = 500
	mapBytes     = 1 << 20
	// A step that has emitted so many bytes takes no more documents.
	emittedBytes = 8 << 20
)

// MapError tells that a map function failed.
type MapError struct {
	DesignDoc string // without "_design/"; the name of a view that is in none
	View      string
	DocID     string
	Err       error
}

// mapAll runs the map functions.
func (u *viewUpdate) mapAll(ctx context.Context) error {
	if len(u.places) == 0 {
		return nil
	}
	if view := u.group.native; view != nil {
		for i, doc := range u.docs {
			if err := ctx.Err(); err != nil {
				return err
			}
			u.take(i, []core.Mapped{view.mapOne(doc)})
			if u.enough(i + 1) {
				break
			}
		}
		return nil
	}
	maps, err := u.db.mapper(ctx, u.group)
	if err != nil {
		return err
	}
	texts := u.reading.texts
	for first := 0; first < len(texts); {
		next, size := first, 0
		for next < len(texts) && next-first < mapDocuments && size < mapBytes {
			size += len(texts[next])
			next++
		}
		results, err := maps.Map(ctx, texts[first:next])
		if err != nil {
			return err
		}
		if len(results) != next-first {
			return core.ErrInternal.Because("map functions gave too few results")
		}
		for i, mapped := range results {
			u.take(first+i, mapped)
		}
		if u.enough(next) {
			break
		}
		first = next
	}
	return nil
}

// enough reports whether the documents from the next one on are to be left to the next step.
func (u *viewUpdate) enough(next int) bool {
	if u.emitted < emittedBytes || next == len(u.places) {
		return false
	}
	kept := u.places[next] // the changes before that of the next document
	u.upTo, u.last = u.seqs[kept-1], false
	u.changes = u.changes[:kept]
	return true
}

// take makes rows of what the map functions made of a document.
func (u *viewUpdate) take(i int, mapped []core.Mapped) {
	change := &u.changes[u.places[i]]
	change.Rows = make([][]mapreduce.Entry, len(mapped))
	for m := range mapped {
		if mapped[m].Err != nil {
			u.report(m, change.DocID, mapped[m].Err)
			continue
		}
		rows := u.maker.Entries(change.DocID, mapped[m].Rows)
		for i := range rows {
			u.emitted += len(rows[i].Key) + len(rows[i].Value)
		}
		change.Rows[m] = rows
	}
}

func (u *viewUpdate) report(m int, docID string, err error) {
	if u.db.options.OnMapError == nil {
		return
	}
	for name, place := range u.group.views {
		if place.m == m {
			u.db.options.OnMapError(MapError{DesignDoc: u.group.name, View: name, DocID: docID, Err: err})
		}
	}
}
