package livequery

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
)

// shownDoc is a document in the result as a listener keeps it.
type shownDoc struct{ id, doc string }

// listen applies changes as a listener does, and checks that they can be.
func listen(t *testing.T, result []shownDoc, changes []Change) []shownDoc {
	t.Helper()
	for _, c := range changes {
		if c.From >= 0 {
			require.Less(t, c.From, len(result), "%+v", c)
			require.Equal(t, result[c.From].id, c.ID, "%+v", c)
			result = slices.Delete(result, c.From, c.From+1)
		}
		if c.To >= 0 {
			require.LessOrEqual(t, c.To, len(result), "%+v", c)
			result = slices.Insert(result, c.To, shownDoc{c.ID, string(c.Doc)})
		}
		require.Equal(t, map[ChangeType][2]bool{Added: {false, true}, Removed: {true, false}, Changed: {true, true}, Moved: {true, true}}[c.Type],
			[2]bool{c.From >= 0, c.To >= 0}, "%+v", c)
		require.Equal(t, c.Type == Changed, c.From == c.To, "%+v", c)
		require.Equal(t, c.Type == Removed, c.Doc == nil)
	}
	return result
}

// found asks the database in the ordinary way. Without a limit or an order, a find gets those that a live query has.
func found(t *testing.T, db *docstore.DB, request map[string]any) []string {
	t.Helper()
	asked := map[string]any{"limit": 1000, "sort": []any{map[string]any{"_id": "asc"}}}
	for name, value := range request {
		asked[name] = value
	}
	text, err := json.Marshal(asked)
	require.NoError(t, err)
	docs := []string{}
	_, err = db.Find(t.Context(), text, func(doc []byte) error {
		docs = append(docs, string(doc))
		return nil
	})
	require.NoError(t, err)
	return docs
}

func docsOf(result []shownDoc) []string {
	docs := []string{}
	for _, d := range result {
		docs = append(docs, d.doc)
	}
	return docs
}

// dice makes random writes and questions.
type dice struct {
	*rand.Rand
	t  *testing.T
	db *docstore.DB
}

func (d dice) value() string {
	return []string{"null", "true", strconv.Itoa(d.IntN(8)), strconv.Itoa(d.IntN(4)) + ".5", `"` + string(rune('a'+d.IntN(4))) + `"`, `[1]`, `{"x":1}`}[min(d.IntN(9), 6)]
}

func (d dice) write(many int) {
	for range many {
		id := fmt.Sprintf("d%02d", d.IntN(40))
		if d.IntN(30) == 0 {
			id = "_design/" + id
		}
		doc := &core.Document{ID: id}
		if winner, err := d.db.Get(d.t.Context(), id, core.GetOptions{}); err == nil {
			doc.Rev = winner.Rev
			doc.Deleted = d.IntN(4) == 0
		}
		doc.Body = []byte(`{"a":` + d.value() + `,"b":` + d.value() + `,"n":` + strconv.Itoa(d.IntN(10)) + `}`)
		if d.IntN(6) == 0 {
			doc.Body = []byte(`{"b":1}`)
		}
		replicated := core.BulkDocsOptions{}
		if d.IntN(5) == 0 { // a conflict comes from elsewhere, or wins, or ends
			doc.Rev = core.Rev{Generation: 1 + uint64(d.IntN(2)), Hash: strings.Repeat(string(rune('0'+d.IntN(10))), 16)}
			doc.Revisions = nil
			replicated.Replicated = true
		}
		_, err := d.db.BulkDocs(d.t.Context(), []*core.Document{doc}, replicated)
		require.NoError(d.t, err)
	}
}

func (d dice) request() map[string]any {
	request := map[string]any{}
	request["selector"] = []any{
		map[string]any{},
		map[string]any{"n": map[string]any{"$gt": d.IntN(6)}},
		map[string]any{"a": map[string]any{"$type": "number"}},
		map[string]any{"$or": []any{map[string]any{"b": 1}, map[string]any{"a": map[string]any{"$lt": "b"}}}},
		map[string]any{"_id": map[string]any{"$gt": "d1"}},
	}[d.IntN(5)]
	direction := []string{"asc", "desc"}[d.IntN(2)]
	switch d.IntN(4) {
	case 0:
		request["sort"] = []any{map[string]any{"a": direction}}
	case 1:
		request["sort"] = []any{map[string]any{"n": direction}, map[string]any{"b": direction}}
	case 2:
		request["sort"] = []any{map[string]any{"_id": direction}}
	}
	if d.IntN(2) == 0 {
		request["limit"] = []int{0, 1, 2, 5, 20}[d.IntN(5)]
	}
	if d.IntN(2) == 0 {
		request["skip"] = []int{1, 3, 50}[d.IntN(3)]
	}
	if d.IntN(3) == 0 {
		request["fields"] = []string{"_id", "a"}
	}
	if d.IntN(4) == 0 {
		request["conflicts"] = true
	}
	return request
}

// After every step, however many writes it had, the result is what a find answers.
func TestAlwaysWhatAFindAnswers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(60) {
		t.Run(strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			db, err := memory.Open(t.Context(), "random")
			require.NoError(t, err)
			d := dice{rand.New(rand.NewPCG(seed, 1)), t, db}
			if d.IntN(2) == 0 {
				_, err := db.CreateIndex(t.Context(), []byte(`{"index":{"fields":["n","b"]}}`))
				require.NoError(t, err)
			}
			d.write(d.IntN(80))
			request := d.request()
			text, err := json.Marshal(request)
			require.NoError(t, err)
			q, err := open(t.Context(), db, text, Options{})
			require.NoError(t, err)
			result := listen(t, nil, difference(nil, q.shown()))
			require.Equal(t, found(t, db, request), docsOf(result), "%s", text)
			for range 40 {
				d.write([]int{1, 1, 1, 2, 5, 30}[d.IntN(6)])
				changes, err := q.next(t.Context(), 0)
				require.NoError(t, err)
				result = listen(t, result, changes)
				require.Equal(t, found(t, db, request), docsOf(result), "seed %d: %s", seed, text)
				if q.request.limited() {
					require.LessOrEqual(t, q.list.count, q.request.end+2*q.spare(), "what is kept has a bound")
				}
				require.Len(t, q.entries, q.list.count)
			}
			again, err := q.next(t.Context(), 0)
			require.NoError(t, err)
			require.Empty(t, again)
		})
	}
}

// What was written between the note of the place in the feed and the find is both found and told by the feed: it is not there twice, nor told again.
func TestWritesDuringTheFind(t *testing.T) {
	t.Parallel()
	db, err := memory.Open(t.Context(), "busy")
	require.NoError(t, err)
	d := dice{rand.New(rand.NewPCG(7, 7)), t, db}
	d.write(50)
	busy := &busySource{Source: db, before: func() { d.write(20) }}
	request := map[string]any{"selector": map[string]any{"n": map[string]any{"$gt": 2}}, "sort": []any{"n"}, "limit": 5}
	text, err := json.Marshal(request)
	require.NoError(t, err)
	q, err := open(t.Context(), busy, text, Options{})
	require.NoError(t, err)
	result := listen(t, nil, difference(nil, q.shown()))
	require.Equal(t, found(t, db, request), docsOf(result))
	changes, err := q.next(t.Context(), 0)
	require.NoError(t, err)
	assert.Empty(t, changes)
	for i := range 100 {
		_, err := core.Put(t.Context(), db, &core.Document{ID: fmt.Sprintf("e%03d", i), Body: []byte(`{"n":5}`)})
		require.NoError(t, err)
	}
	for range 20 { // finds again now and then, with writes in between that the next reading of the feed tells
		for _, doc := range q.list.part(0, 10) {
			winner, err := db.Get(t.Context(), doc.id, core.GetOptions{})
			if err == nil {
				_, err = core.Delete(t.Context(), db, doc.id, winner.Rev)
				require.NoError(t, err)
			}
		}
		changes, err := q.next(t.Context(), 0)
		require.NoError(t, err)
		result = listen(t, result, changes)
		changes, err = q.next(t.Context(), 0)
		require.NoError(t, err)
		result = listen(t, result, changes)
		require.Equal(t, found(t, db, request), docsOf(result))
	}
	assert.Greater(t, busy.finds, 1)
}

type busySource struct {
	Source
	before func()
	finds  int
}

func (b *busySource) Find(ctx context.Context, request []byte, each func([]byte) error) (core.FindSummary, error) {
	b.finds++
	b.before()
	return b.Source.Find(ctx, request, each)
}

// The steps between any two results lead from one to the other, and move no more than must be.
func TestDifference(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 3))
	pick := func(n int) []*entry {
		var entries []*entry
		for _, i := range random.Perm(12)[:n] {
			entries = append(entries, &entry{id: strconv.Itoa(i), doc: []byte(strconv.Itoa(random.IntN(2)))})
		}
		return entries
	}
	for range 2000 {
		before, after := pick(random.IntN(10)), pick(random.IntN(10))
		start := listen(t, nil, difference(nil, before))
		changes := difference(before, after)
		end := listen(t, start, changes)
		require.Equal(t, docsOf(listen(t, nil, difference(nil, after))), docsOf(end))
	}
	one := []*entry{{id: "a"}, {id: "b"}, {id: "c"}, {id: "d"}}
	assert.Len(t, difference(one, append(slices.Clone(one[1:]), one[0])), 1)
	assert.Empty(t, difference(one, one))
}
