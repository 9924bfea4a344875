package mango_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// recordedIndexes are the indexes of the database "indexed".
var recordedIndexes = sync.OnceValue(func() []*mango.Index {
	var indexes []*mango.Index
	for _, made := range loadRecorded().Indexes {
		index, err := mango.ParseIndexRequest(made.Req, regexps.Compile)
		if err != nil {
			panic(err)
		}
		indexes = append(indexes, index)
	}
	return indexes
})

func indexesOf(db string) []*mango.Index {
	if db == "plain" {
		return nil
	}
	return recordedIndexes()
}

// store is the least that can answer requests: documents and the entries of indexes in slices.
type store struct {
	docs    []*core.Document // by id
	entries map[*mango.Index][]mango.Entry
}

func newStore(t testing.TB, docs []*core.Document, indexes []*mango.Index) *store {
	s := &store{docs: docs, entries: map[*mango.Index][]mango.Entry{}}
	for _, index := range indexes {
		for _, doc := range docs {
			entry, ok, err := index.Entry(doc)
			require.NoError(t, err)
			if ok {
				s.entries[index] = append(s.entries[index], entry)
			}
		}
		slices.SortFunc(s.entries[index], func(a, b mango.Entry) int { return bytes.Compare(a.Key, b.Key) })
	}
	return s
}

func (s *store) get(id string) *core.Document {
	at, found := slices.BinarySearchFunc(s.docs, id, func(doc *core.Document, id string) int { return bytes.Compare([]byte(doc.ID), []byte(id)) })
	if !found {
		return nil
	}
	return s.docs[at]
}

// found is a document, and its position in the order of the plan.
type found struct {
	doc      *core.Document
	position []byte
}

// walk returns what a plan without parts finds, in its order.
func (s *store) walk(t testing.TB, plan *mango.Plan) []found {
	var result []found
	take := func(doc *core.Document, position []byte) {
		matches, err := plan.Request.Selector.Matches(doc)
		require.NoError(t, err)
		if matches || plan.Decided {
			result = append(result, found{doc, position})
		}
	}
	for _, keys := range plan.Ranges {
		require.Negative(t, bytes.Compare(keys.Start, keys.End))
		within := func(key []byte) bool { return bytes.Compare(key, keys.Start) >= 0 && bytes.Compare(key, keys.End) < 0 }
		if plan.Index == nil {
			for _, doc := range s.docs {
				if key := mango.DocKey(doc.ID); within(key) {
					take(doc, key)
				}
			}
			continue
		}
		for _, entry := range s.entries[plan.Index] {
			if !within(entry.Key) {
				continue
			}
			told, err := plan.Index.Document(entry)
			require.NoError(t, err)
			id, err := plan.Index.DocID(entry.Key)
			require.NoError(t, err)
			require.Equal(t, told.ID, id)
			if plan.EntryTest != nil {
				matches, err := plan.EntryTest.Matches(told)
				require.NoError(t, err)
				if !matches {
					continue
				}
			}
			if plan.Covering {
				take(told, entry.Key)
			} else {
				take(s.get(told.ID), entry.Key)
			}
		}
	}
	if plan.Descending {
		slices.Reverse(result)
	}
	return result
}

// find answers a request as a plan says: all that is found, then the page of it.
func (s *store) find(t testing.TB, plan *mango.Plan) (all, page []found) {
	if len(plan.Parts) > 0 {
		seen := map[string]bool{}
		for _, part := range plan.Parts {
			for _, f := range s.walk(t, part) {
				if position := mango.DocKey(f.doc.ID); !seen[f.doc.ID] && plan.IsNew(position) {
					seen[f.doc.ID] = true
					all = append(all, found{f.doc, position})
				}
			}
		}
		slices.SortFunc(all, func(a, b found) int { return bytes.Compare(a.position, b.position) })
		if plan.Descending {
			slices.Reverse(all)
		}
	} else {
		all = s.walk(t, plan)
	}
	if plan.SortInMemory {
		sorter := mango.NewSorter(plan)
		for _, f := range all {
			sorter.Add(f.doc)
		}
		for _, sorted := range sorter.Documents() {
			page = append(page, found{sorted.Doc, sorted.Position})
		}
		return page, page
	}
	page = all[min(plan.Request.Skip, len(all)):]
	return all, page[:min(plan.Request.Limit, len(page))]
}

func idsOf(all []found) []string {
	ids := []string{}
	for _, f := range all {
		ids = append(ids, f.doc.ID)
	}
	return ids
}

// scan is what a request finds without any planning, in no order that matters.
func scan(t testing.TB, docs []*core.Document, request *mango.Request) []string {
	ids := []string{}
	for _, doc := range docs {
		matches, err := request.Selector.Matches(doc)
		require.NoError(t, err)
		if matches {
			ids = append(ids, doc.ID)
		}
	}
	return ids
}

func compact(t testing.TB, text json.RawMessage) string {
	var out bytes.Buffer
	require.NoError(t, json.Compact(&out, text))
	return out.String()
}
