package docstore

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/order"
)

// ranges calls scan for the ranges of a plan, in its direction, until no more is wanted.
func (f *finder) ranges(plan *mango.Plan, scan func(mango.Range) error) error {
	for i := range plan.Ranges {
		if plan.Descending {
			i = len(plan.Ranges) - 1 - i
		}
		if f.full() {
			return nil
		}
		if err := scan(plan.Ranges[i]); err != nil {
			return err
		}
	}
	return nil
}

// walkIndex adds the documents of entries whose keys lie in the ranges of a plan, and that pass its test.
func (f *finder) walkIndex(plan *mango.Plan, add func(hit) error) error {
	prefix := entryPrefix(f.catalogue.numberOf(plan.Index))
	tells := plan.Covering || plan.EntryTest != nil
	return f.ranges(plan, func(keys mango.Range) error {
		r := kv.Range{
			From: slices.Concat(prefix, keys.Start), To: slices.Concat(prefix, keys.End), Reverse: plan.Descending, KeysOnly: !tells,
		}
		for entry, err := range f.snapshot.Scan(f.ctx, r) {
			if err != nil {
				return err
			}
			f.stats.KeysExamined++
			position := entry.Key[len(prefix):]
			if !tells {
				err = f.addEntry(plan, position, add)
			} else {
				err = f.testEntry(plan, position, entry.Value, add)
			}
			if err != nil {
				return err
			}
			if f.full() {
				return nil
			}
		}
		return nil
	})
}

func (f *finder) addEntry(plan *mango.Plan, position []byte, add func(hit) error) error {
	docID, err := plan.Index.DocID(position)
	if err != nil {
		return core.ErrCorrupt.Because("an entry of an index cannot be read").From(err)
	}
	return add(hit{docID: docID, position: position})
}

// testEntry is addEntry for what an entry itself may decide, or answer.
func (f *finder) testEntry(plan *mango.Plan, position, values []byte, add func(hit) error) error {
	entry := mango.Entry{Key: position}
	if len(values) > 0 {
		entry.Values = values
	}
	told, err := plan.Index.Document(entry)
	if err != nil {
		return core.ErrCorrupt.Because("an entry of an index cannot be read").From(err)
	}
	if plan.EntryTest != nil {
		if matches, err := plan.EntryTest.Matches(told); err != nil || !matches {
			return err
		}
	}
	if plan.Covering {
		return f.take(told, position)
	}
	return add(hit{docID: told.ID, position: position})
}

// walkDocuments adds the documents whose ids lie in the ranges of a plan. Design documents are no answer to a query, as in CouchDB.
func (f *finder) walkDocuments(plan *mango.Plan, add func(hit) error) error {
	return f.ranges(plan, func(keys mango.Range) error {
		from, to := keys.DocIDs()
		r := kv.Range{From: slices.Concat([]byte{documentPrefix}, from), To: []byte{documentPrefix + 1}, Reverse: plan.Descending}
		if to != nil {
			r.To = slices.Concat([]byte{documentPrefix}, to)
		}
		for entry, err := range f.snapshot.Scan(f.ctx, r) {
			if err != nil {
				return err
			}
			if recordDeleted(entry.Value) || bytes.HasPrefix(entry.Key[1:], []byte(core.DesignPrefix)) {
				continue
			}
			docID := string(entry.Key[1:])
			if err := add(hit{docID: docID, record: entry.Value}); err != nil {
				return err
			}
			if f.full() {
				return nil
			}
		}
		return nil
	})
}

// walkParts collects what the parts find, each document once, and then reads them in the order of their ids.
func (f *finder) walkParts() error {
	found := map[string]bool{}
	collect := func(c hit) error {
		if !found[c.docID] && f.plan.IsNew(mango.DocKey(c.docID)) {
			found[c.docID] = true
		}
		return nil
	}
	for _, part := range f.plan.Parts {
		walk := f.walkDocuments
		if part.Index != nil {
			walk = f.walkIndex
		}
		if err := walk(part, collect); err != nil {
			return err
		}
	}
	docIDs := make([]string, 0, len(found))
	for docID := range found {
		docIDs = append(docIDs, docID)
	}
	order.Func(docIDs, func(a, b string) int {
		if f.plan.Descending {
			a, b = b, a
		}
		return strings.Compare(a, b)
	})
	for _, docID := range docIDs {
		if f.full() {
			return nil
		}
		if err := f.add(hit{docID: docID}); err != nil {
			return err
		}
	}
	return nil
}
