package viewindex_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/viewindex"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// joined is the source of a reduce function that only tests know: it concatenates the values, so that the order and each row count.
const joined = "joined"

// joiner runs it.
type joiner struct{ calls int }

func (j *joiner) Reduce(_ context.Context, calls []core.ReduceCall) ([]core.Reduced, error) {
	results := make([]core.Reduced, len(calls))
	for i, call := range calls {
		j.calls++
		text, values, keys := "", 0, 0
		for value := range rawjson.Elements(call.Values) {
			part := string(value)
			if call.Rereduce {
				part, _ = rawjson.Text(value)
			}
			text += part
			values++
		}
		for range rawjson.Elements(call.Keys) {
			keys++
		}
		if !call.Rereduce && keys != values {
			return nil, fmt.Errorf("%d keys for %d values", keys, values)
		}
		results[i].Value = rawjson.AppendString(nil, text)
	}
	return results, nil
}

func (j *joiner) Close() {}

// world is an index with what should be in it.
type world struct {
	*testing.T
	random *rand.Rand
	store  *memkv.Store
	index  *viewindex.Index
	state  viewindex.State
	docs   map[string][][]core.Emitted // what each document emits, by map function
}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{
		T: t, random: rand.New(rand.NewPCG(seed, 0)), store: memkv.New(),
		index: &viewindex.Index{Prefix: []byte("v\x01\x05"), Reduces: [][]string{{"_sum", joined, "_stats"}, nil}},
		docs:  map[string][][]core.Emitted{},
	}
}

func (w *world) key() []byte {
	switch w.random.IntN(5) {
	case 0:
		return []byte(strconv.Itoa(w.random.IntN(50)))
	case 1:
		return []byte([]string{"null", "true", `"a"`, `"b"`, "{}", "1.0", "[]"}[w.random.IntN(7)])
	}
	return []byte(fmt.Sprintf("[%d,%d,%d]", w.random.IntN(3), w.random.IntN(4), w.random.IntN(5)))
}

// mostAlike is how many more rows of one document may have one key.
const mostAlike = 5

func (w *world) emitted() []core.Emitted {
	var rows []core.Emitted
	for range w.random.IntN(4) {
		row := core.Emitted{Key: w.key(), Value: []byte(strconv.Itoa(w.random.IntN(100)))}
		rows = append(rows, row)
		if w.random.IntN(6) == 0 {
			rows = append(rows, core.Emitted{Key: row.Key, Value: []byte(strconv.Itoa(w.random.IntN(100)))})
		}
	}
	return rows
}

// step changes some documents.
func (w *world) step(ids, count int) {
	changed := map[string]viewindex.Change{}
	for range count {
		docID := "doc" + strconv.Itoa(w.random.IntN(ids))
		change := viewindex.Change{DocID: docID}
		if w.random.IntN(4) == 0 {
			delete(w.docs, docID)
		} else {
			emitted := [][]core.Emitted{w.emitted(), w.emitted()}
			w.docs[docID] = emitted
			for _, rows := range emitted {
				change.Rows = append(change.Rows, mapreduce.Entries(docID, rows))
			}
		}
		changed[docID] = change
	}
	w.update(slices.Collect(maps.Values(changed)))
}

func (w *world) update(changes []viewindex.Change) {
	w.Helper()
	require.NoError(w, w.store.Update(w.Context(), func(tx kv.Tx) error {
		if err := w.index.Apply(w.Context(), tx, changes, &w.state); err != nil {
			return err
		}
		if w.state.Nodes {
			return nil
		}
		return w.index.BuildNodes(w.Context(), tx, &w.state)
	}))
}

// wanted are the rows that there should be of a map function, in order.
type wantedRow struct {
	key   []byte // of the row
	value string
}

func (w *world) wanted(m int) []wantedRow {
	var rows []wantedRow
	for docID, emitted := range w.docs {
		for _, entry := range mapreduce.Entries(docID, emitted[m]) {
			_, value, err := mapreduce.DecodeValue(entry.Value)
			require.NoError(w, err)
			rows = append(rows, wantedRow{entry.Key, string(value)})
		}
	}
	slices.SortFunc(rows, func(a, b wantedRow) int { return bytes.Compare(a.key, b.key) })
	return rows
}

func (w *world) view(read func(s kv.Snapshot)) {
	require.NoError(w, w.store.View(w.Context(), func(s kv.Snapshot) error {
		read(s)
		return nil
	}))
}

func (w *world) randomRange() mapreduce.Range {
	var r mapreduce.Range
	if w.random.IntN(4) > 0 {
		r.From = collation.AppendKey(nil, w.key())
	}
	if w.random.IntN(4) > 0 {
		r.To = append(collation.AppendKey(nil, w.key()), collation.Highest)
	}
	return r
}

func in(r mapreduce.Range, key []byte) bool {
	return bytes.Compare(key, r.From) >= 0 && (r.To == nil || bytes.Compare(key, r.To) < 0)
}

// check compares everything with what should be there.
func (w *world) check(context string) {
	w.view(func(s kv.Snapshot) {
		problems, err := viewindex.Check(w.Context(), s, w.index.Prefix, &w.state)
		require.NoError(w, err)
		require.Empty(w, problems, context)
		for m := range w.index.Reduces {
			rows := w.wanted(m)
			require.Equal(w, uint64(len(rows)), w.state.Counts[m], context)
			reader, err := w.index.NewReader(w.Context(), s, m)
			require.NoError(w, err)
			for range 6 {
				r := w.randomRange()
				inside := slices.DeleteFunc(slices.Clone(rows), func(row wantedRow) bool { return !in(r, row.key) })
				count, err := reader.Count(w.Context(), r)
				require.NoError(w, err)
				require.Equal(w, uint64(len(inside)), count, context)
				var got, want []string
				for row, err := range reader.Rows(w.Context(), r, false) {
					require.NoError(w, err)
					got = append(got, row.DocID+string(row.Value))
				}
				for _, row := range inside {
					_, docID, _, err := mapreduce.DecodeKey(row.key)
					require.NoError(w, err)
					want = append(want, docID+row.value)
				}
				require.Equal(w, want, got, context)
				w.checkSkip(reader, r, context)
			}
		}
		for range 3 {
			w.checkReduce(s, context)
		}
	})
}

// checkSkip compares what is left of a range with what is left when each row is visited.
func (w *world) checkSkip(reader *viewindex.Reader, r mapreduce.Range, context string) {
	read := func(r mapreduce.Range, descending bool) []string {
		rows := []string{}
		for row, err := range reader.Rows(w.Context(), r, descending) {
			require.NoError(w, err)
			rows = append(rows, row.DocID+string(row.Value))
		}
		return rows
	}
	for _, descending := range []bool{false, true} {
		all := read(r, descending)
		n := w.random.IntN(len(all) + 5)
		left, skipped, err := reader.Skip(w.Context(), r, uint64(n), descending)
		require.NoError(w, err)
		require.LessOrEqual(w, int(skipped), n, context)
		require.GreaterOrEqual(w, int(skipped), min(n, len(all))-mostAlike, context)
		require.Equal(w, all[skipped:], read(left, descending), "%s: %d of %d, descending %v", context, n, len(all), descending)
	}
}

// checkReduce compares a reduced query with one that visits each row.
func (w *world) checkReduce(s kv.Snapshot, context string) {
	rows := w.wanted(0)
	query := &mapreduce.Query{Reduce: true, Level: w.random.IntN(4) - 1, Descending: w.random.IntN(2) == 0, Ranges: []mapreduce.Range{w.randomRange()}}
	if w.random.IntN(3) == 0 {
		query.Limit, query.Skip = 1+w.random.IntN(4), w.random.IntN(3)
	}
	type group struct {
		key    string
		sum    int
		joined string
	}
	var want []group
	for _, row := range rows {
		if !in(query.Ranges[0], row.key) {
			continue
		}
		key, _, _, err := mapreduce.DecodeKey(row.key)
		require.NoError(w, err)
		shown := "null"
		if query.Level != 0 {
			text, err := mapreduce.AppendGroupKey(nil, key, nil, query.Level)
			require.NoError(w, err)
			shown = string(text)
		}
		if len(want) == 0 || want[len(want)-1].key != shown {
			want = append(want, group{key: shown})
		}
		n, _ := strconv.Atoi(row.value)
		want[len(want)-1].sum += n
		want[len(want)-1].joined += row.value
	}
	if query.Descending {
		slices.Reverse(want)
	}
	want = want[min(query.Skip, len(want)):]
	if query.Limit > 0 {
		want = want[:min(query.Limit, len(want))]
	}
	reader, err := w.index.NewReader(w.Context(), s, 0)
	require.NoError(w, err)
	for slot, read := range []func(group) string{
		func(g group) string { return strconv.Itoa(g.sum) },
		func(g group) string { return strconv.Quote(g.joined) },
	} {
		reduction, err := reader.NewReduction(slot, &joiner{})
		require.NoError(w, err)
		i := 0
		require.NoError(w, reduction.Run(w.Context(), query, func(got viewindex.Group) error {
			require.Less(w, i, len(want), context)
			require.Equal(w, want[i].key, strings.Replace(string(got.Key), "1.0", "1", 1), context)
			require.Equal(w, read(want[i]), string(got.Value), "%s: %+v", context, query)
			i++
			return nil
		}))
		require.Len(w, want, i, context)
		if w.random.IntN(2) == 0 && reduction.Learned() {
			require.NoError(w, w.store.Update(w.Context(), func(tx kv.Tx) error { return reduction.Keep(w.Context(), tx) }))
		}
	}
}

// TestAnyHistory: after any changes the index has the rows that a new one would have, and nodes never change an answer.
func TestAnyHistory(t *testing.T) {
	t.Parallel()
	first := seeds.For(t)
	for seed := first; seed < first+uint64(seeds.Rounds(4)); seed++ {
		w := newWorld(t, seed)
		for round := range 12 {
			w.step(1+w.random.IntN(1500), []int{1, 3, 40, 400}[w.random.IntN(4)])
			w.check(fmt.Sprintf("seed %d, round %d", seed, round))
		}
		var gone []viewindex.Change
		for docID := range w.docs {
			gone = append(gone, viewindex.Change{DocID: docID})
		}
		clear(w.docs)
		w.update(gone)
		w.check(fmt.Sprintf("seed %d, at the end", seed))
		w.view(func(s kv.Snapshot) {
			for entry, err := range s.Scan(t.Context(), kv.PrefixRange(w.index.Prefix)) {
				require.NoError(t, err)
				require.Fail(t, "something is left", "seed %d: %q", seed, entry.Key)
			}
		})
	}
}

// The nodes do not tell in which order rows came: incremental ones are those of a build.
func TestNodesDependOnRowsAlone(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	w := newWorld(t, seed)
	for range 30 {
		w.step(600, 50)
	}
	fresh := newWorld(t, seed)
	fresh.docs = w.docs
	var changes []viewindex.Change
	for docID, emitted := range w.docs {
		change := viewindex.Change{DocID: docID}
		for _, rows := range emitted {
			change.Rows = append(change.Rows, mapreduce.Entries(docID, rows))
		}
		changes = append(changes, change)
	}
	fresh.update(changes)
	require.Equal(t, contents(fresh), contents(w), "seed %d", seed)
}

// contents is everything in an index but the versions of nodes.
func contents(w *world) map[string]string {
	all := map[string]string{}
	w.view(func(s kv.Snapshot) {
		for entry, err := range s.Scan(w.Context(), kv.Range{}) {
			require.NoError(w, err)
			value := string(entry.Value)
			if entry.Key[len(w.index.Prefix)] == 'n' {
				for value[0] >= 0x80 {
					value = value[1:]
				}
				value = value[1:]
			}
			all[string(entry.Key)] = value
		}
	})
	return all
}
