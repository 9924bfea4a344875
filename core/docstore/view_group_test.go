package docstore_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/javascript"
)

// countedScripts count what map functions are asked to do.
type countedScripts struct {
	core.Scripts
	mutex     sync.Mutex
	functions int            // that a document is given to
	calls     int            // in which documents were mapped
	mapped    map[string]int // how often a document was mapped
}

func (s *countedScripts) Maps(ctx context.Context, sources []string) (core.MapScripts, error) {
	maps, err := s.Scripts.Maps(ctx, sources)
	s.mutex.Lock()
	s.functions = len(sources)
	s.mutex.Unlock()
	return countedMaps{maps, s}, err
}

type countedMaps struct {
	core.MapScripts
	scripts *countedScripts
}

func (m countedMaps) Map(ctx context.Context, docs [][]byte) ([][]core.Mapped, error) {
	m.scripts.mutex.Lock()
	m.scripts.calls++
	for _, doc := range docs {
		docID, _ := rawjson.Text(rawjson.Member(doc, "_id"))
		m.scripts.mapped[docID]++
	}
	m.scripts.mutex.Unlock()
	return m.MapScripts.Map(ctx, docs)
}

// sinceLast returns how many documents were mapped, each how often at most, and begins anew.
func (s *countedScripts) sinceLast() (documents, times int) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	documents = len(s.mapped)
	for _, count := range s.mapped {
		times = max(times, count)
	}
	clear(s.mapped)
	return documents, times
}

// groupDesign has four views, of which three have the same map function, so that there are two.
const groupDesign = `"views":{
	"n":{"map":"function (doc) { emit(doc.n, 1); }"},
	"count":{"map":"function (doc) { emit(doc.n, 1); }","reduce":"_count"},
	"sum":{"map":"function (doc) { emit(doc.n, 1); }","reduce":"_sum"},
	"kind":{"map":"function (doc) { emit(doc.kind); }"}}`

// The views of a design document have one index: one of them that is asked brings all of them up to date, in one pass over what has changed, in which a document is read
// and mapped once, and all tell the same sequence.
func TestViewsOfADesignDocumentShareAnIndex(t *testing.T) {
	t.Parallel()
	const count = 50
	store := memkv.New()
	scripts := &countedScripts{Scripts: javascript.New(javascript.Options{}), mapped: map[string]int{}}
	db, err := docstore.Open(t.Context(), store, docstore.Options{Scripts: scripts})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	fillNumbered(t, db, count)
	putJSON(t, db, `{"_id":"_design/d",`+groupDesign+`}`)
	ask := func(design, view string, update core.ViewUpdate) (rows int, seq core.Seq) {
		plain := new(bool)
		summary, err := db.View(t.Context(), design, view, core.ViewOptions{Reduce: plain, Update: update, UpdateSeq: true}, func(*core.ViewRow) error {
			rows++
			return nil
		})
		require.NoError(t, err)
		return rows, summary.UpdateSeq
	}
	requireMapped := func(wantDocuments int, why string) {
		t.Helper()
		documents, times := scripts.sinceLast()
		require.Equal(t, wantDocuments, documents, why)
		require.Equal(t, min(wantDocuments, 1), times, why)
	}

	rows, seq := ask("d", "kind", core.UpdateBefore)
	assert.Equal(t, count, rows)
	requireMapped(count, "the first view that is asked has all documents mapped")
	assert.Equal(t, 2, scripts.functions, "the same function is run once")
	stored := viewEntries(t, store)
	for _, view := range []string{"n", "count", "sum", "kind"} {
		rows, its := ask("d", view, core.UpdateNever)
		assert.Equal(t, count, rows, view)
		assert.Equal(t, seq, its, view)
		rows, _ = ask("d", view, core.UpdateBefore)
		assert.Equal(t, count, rows, view)
		requireMapped(0, view+" has its rows already")
	}
	assert.Equal(t, stored, viewEntries(t, store), "nothing is stored for the other views")

	// After a change, too.
	putJSON(t, db, `{"_id":"one more","n":7,"kind":"k"}`)
	_, seq = ask("d", "sum", core.UpdateBefore)
	requireMapped(1, "only what has changed is mapped")
	for _, view := range []string{"n", "count", "kind"} {
		rows, its := ask("d", view, core.UpdateNever)
		assert.Equal(t, count+1, rows, view)
		assert.Equal(t, seq, its, view)
	}

	// Another design document with the same views has the same index.
	stored = viewEntries(t, store)
	putJSON(t, db, `{"_id":"_design/same",`+groupDesign+`}`)
	rows, _ = ask("same", "n", core.UpdateBefore)
	assert.Equal(t, count+1, rows)
	requireMapped(0, "the index is there")
	assert.Equal(t, stored, viewEntries(t, store))
	info := func(design string) []byte {
		text, err := db.ViewInfo(t.Context(), design)
		require.NoError(t, err)
		return rawjson.Member(text, "view_index")
	}
	assert.Equal(t, string(rawjson.Member(info("d"), "signature")), string(rawjson.Member(info("same"), "signature")))
}

// Functions that are the same are not told apart by how often they are named: rows are stored once.
func TestTheSameFunctionHasItsRowsOnce(t *testing.T) {
	t.Parallel()
	size := func(views int) int {
		store := memkv.New()
		db, err := docstore.Open(t.Context(), store, docstore.Options{Scripts: javascript.New(javascript.Options{})})
		require.NoError(t, err)
		fillNumbered(t, db, 50)
		var members []string
		for i := range views {
			members = append(members, `"v`+strconv.Itoa(i)+`":{"map":"function (doc) { emit(doc.n); }"}`)
		}
		putJSON(t, db, `{"_id":"_design/d","views":{`+strings.Join(members, ",")+`}}`)
		for i := range views {
			_, err := db.View(t.Context(), "d", "v"+strconv.Itoa(i), core.ViewOptions{}, func(*core.ViewRow) error { return nil })
			require.NoError(t, err)
		}
		entries := viewEntries(t, store)
		require.NoError(t, db.Close())
		return entries
	}
	assert.Equal(t, size(1), size(5))
}

// Each call may cross into another language: documents are mapped many at a time.
func TestDocumentsAreMappedManyAtATime(t *testing.T) {
	t.Parallel()
	const count = 1200
	scripts := &countedScripts{Scripts: javascript.New(javascript.Options{}), mapped: map[string]int{}}
	db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{Scripts: scripts})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	fillNumbered(t, db, count)
	putJSON(t, db, `{"_id":"_design/d",`+groupDesign+`}`)
	summary, err := db.View(t.Context(), "d", "n", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, uint64(count), summary.TotalRows)
	documents, times := scripts.sinceLast()
	assert.Equal(t, []int{count, 1}, []int{documents, times})
	assert.LessOrEqual(t, scripts.calls, count/100)
}

// viewEntries counts what is stored of views.
func viewEntries(t *testing.T, store kv.Store) (entries int) {
	t.Helper()
	require.NoError(t, store.View(t.Context(), func(s kv.Snapshot) error {
		for _, err := range s.Scan(t.Context(), kv.Range{From: []byte{'v'}, To: []byte{'v' + 1}, KeysOnly: true}) {
			if err != nil {
				return err
			}
			entries++
		}
		return nil
	}))
	return entries
}
