package docstore_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/regexps"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// queryScript writes, purges, makes and removes indexes at random, in several tabs, and asks queries: each has to find what a scan of all documents finds,
// whatever is being built at that moment.
type queryScript struct {
	t      *testing.T
	random *rand.Rand
	dbs    []*docstore.DB
	stores []kv.Store
	steps  []string
	found  int
}

func TestRandomQueries(t *testing.T) {
	t.Parallel()
	scripts := seeds.Rounds(24)
	for name, open := range map[string]func() []kv.Store{
		"alone":   func() []kv.Store { return []kv.Store{memkv.New()} },
		"relaxed": func() []kv.Store { return logTabs(t, logkv.Relaxed) },
		"memory first": func() []kv.Store {
			return logTabs(t, logkv.MemoryFirst)
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := 0
			for seed := range scripts {
				s := queryScript{t: t, random: rand.New(rand.NewPCG(uint64(seed), 1)), stores: open()}
				t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
					s.t = t
					s.run()
				})
				found += s.found
			}
			assert.Greater(t, found, scripts*50, "documents found")
		})
	}
}

func logTabs(t *testing.T, durability logkv.Durability) []kv.Store {
	storage := memdevice.New()
	stores := make([]kv.Store, 2)
	for i := range stores {
		var err error
		stores[i], err = logkv.Open(t.Context(), storage.Open(nil), logkv.Options{Durability: durability, RecordBytes: 3000, SnapshotBytes: 60_000, CacheBytes: 20_000})
		require.NoError(t, err)
	}
	return stores
}

func (s *queryScript) run() {
	kvtest.CheckGoroutines(s.t)
	for _, store := range s.stores {
		db, err := docstore.Open(s.t.Context(), store, docstore.Options{Regexp: regexps.Compile, AutoCompaction: s.random.IntN(3) == 0})
		require.NoError(s.t, err)
		db.BuildInSteps(1 + s.random.IntN(6))
		s.dbs = append(s.dbs, db)
	}
	defer func() {
		for _, db := range s.dbs {
			assert.NoError(s.t, db.Close())
		}
		if s.t.Failed() {
			s.t.Log("after\n" + strings.Join(s.steps, "\n"))
		}
	}()
	for range 25 {
		for range 1 + s.random.IntN(3) {
			s.write(s.dbs[s.random.IntN(len(s.dbs))])
		}
		for _, db := range s.dbs {
			require.NoError(s.t, db.Flush(s.t.Context()))
		}
		for i, db := range s.dbs {
			require.NoError(s.t, s.stores[i].Refresh(s.t.Context()))
			for range 2 {
				s.query(db)
			}
		}
	}
	for _, db := range s.dbs {
		report, err := db.Check(s.t.Context())
		require.NoError(s.t, err)
		require.Empty(s.t, report.Problems)
	}
}

func (s *queryScript) log(format string, args ...any) {
	s.steps = append(s.steps, fmt.Sprintf(format, args...))
}

func (s *queryScript) write(db *docstore.DB) {
	ctx := s.t.Context()
	switch s.random.IntN(12) {
	case 0, 1:
		request := `{"index":{"fields":` + s.fields()
		if s.random.IntN(3) == 0 {
			request += `,"partial_filter_selector":` + s.selector()
		}
		request += `},"ddoc":"d` + strconv.Itoa(s.random.IntN(2)) + `","name":"n` + strconv.Itoa(s.random.IntN(3)) + `"}`
		s.log("CreateIndex %s", request)
		_, err := db.CreateIndex(ctx, []byte(request))
		require.NoError(s.t, err, request)
	case 2:
		indexes, err := db.Indexes(ctx)
		require.NoError(s.t, err)
		if index := indexes[s.random.IntN(len(indexes))]; index.DesignDoc != "" {
			s.log("DeleteIndex %s %s", index.DesignDoc, index.Name)
			require.NoError(s.t, db.DeleteIndex(ctx, index.DesignDoc, index.Name))
		}
	case 3:
		id := s.id()
		if doc, err := db.Get(ctx, id, core.GetOptions{}); err == nil {
			s.log("Purge %s %s", id, doc.Rev)
			_, err := db.Purge(ctx, []core.DocRevs{{ID: id, Revs: []core.Rev{doc.Rev}}})
			require.NoError(s.t, err)
		}
	case 4:
		s.log("Compact")
		require.NoError(s.t, db.Compact(ctx))
	case 5:
		limit := 1 + s.random.IntN(4)
		s.log("SetRevsLimit %d", limit)
		require.NoError(s.t, db.SetRevsLimit(ctx, limit))
	case 6, 7:
		s.batch(db, true)
	default:
		s.batch(db, false)
	}
}

func (s *queryScript) id() string { return "id" + strconv.Itoa(s.random.IntN(30)) }

func (s *queryScript) batch(db *docstore.DB, replicated bool) {
	var docs []*core.Document
	for range 1 + s.random.IntN(8) {
		doc := &core.Document{ID: s.id(), Body: []byte(s.body()), Deleted: s.random.IntN(6) == 0}
		if replicated {
			doc.Rev = core.Rev{Generation: uint64(1 + s.random.IntN(4)), Hash: string(rune('a' + s.random.IntN(8)))}
			doc.Body = []byte(`{"a":` + strconv.Itoa(len(doc.Rev.String())%3) + `,"b":"` + doc.Rev.Hash + `"}`) // a revision is the same everywhere
		} else if current, err := db.Get(s.t.Context(), doc.ID, core.GetOptions{}); err == nil {
			doc.Rev = current.Rev
		} else if doc.Deleted {
			continue
		}
		docs = append(docs, doc)
		s.log("write %v %s", replicated, doc.AppendJSON(nil))
	}
	_, err := db.BulkDocs(s.t.Context(), docs, core.BulkDocsOptions{Replicated: replicated})
	require.NoError(s.t, err)
}

func (s *queryScript) value() string {
	few := []string{"0", "1", "1.0", "2", "null", `"a"`, `"b"`, `["a"]`, `{"x":1}`}
	return few[s.random.IntN(len(few))]
}

func (s *queryScript) body() string {
	members := []string{}
	for _, name := range []string{"a", "b", "c"} {
		if s.random.IntN(4) > 0 {
			members = append(members, `"`+name+`":`+s.value())
		}
	}
	return "{" + strings.Join(members, ",") + "}"
}

func (s *queryScript) field() string { return []string{"a", "b", "c"}[s.random.IntN(3)] }

func (s *queryScript) fields() string {
	list := []string{`"` + s.field() + `"`}
	if s.random.IntN(3) == 0 {
		list = append(list, `"`+s.field()+`"`)
	}
	return "[" + strings.Join(list, ",") + "]"
}

func (s *queryScript) selector() string {
	test := func() string {
		operator := []string{"$eq", "$gt", "$lte", "$ne", "$exists", "$in", "$regex"}[s.random.IntN(7)]
		switch operator {
		case "$exists":
			return `{"` + s.field() + `":{"$exists":` + []string{"true", "false"}[s.random.IntN(2)] + `}}`
		case "$in":
			return `{"` + s.field() + `":{"$in":[` + s.value() + `,` + s.value() + `]}}`
		case "$regex":
			return `{"` + s.field() + `":{"$regex":"^a"}}`
		}
		return `{"` + s.field() + `":{"` + operator + `":` + s.value() + `}}`
	}
	switch s.random.IntN(4) {
	case 0:
		return `{"$or":[` + test() + `,` + test() + `]}`
	case 1:
		return `{"$and":[` + test() + `,` + test() + `]}`
	}
	return test()
}

func (s *queryScript) query(db *docstore.DB) {
	request := `{"limit":1000,"selector":` + s.selector()
	if s.random.IntN(3) == 0 {
		request += `,"sort":[{"` + s.field() + `":"` + []string{"asc", "desc"}[s.random.IntN(2)] + `"}]`
	}
	if s.random.IntN(3) == 0 {
		request += `,"fields":["_id","` + s.field() + `"]`
	}
	if s.random.IntN(4) == 0 {
		request += `,"update":false`
	}
	request += "}"
	parsed, err := mango.ParseRequest([]byte(request), regexps.Compile)
	require.NoError(s.t, err, request)
	var got []string
	_, err = db.Find(s.t.Context(), []byte(request), func(doc []byte) error {
		got = append(got, string(doc))
		return nil
	})
	require.NoError(s.t, err, request)
	want, keys := s.scan(db, parsed)
	s.found += len(got)
	assert.ElementsMatch(s.t, want, got, request)
	if len(parsed.Sort) > 0 {
		requireSorted(s.t, keys, got, parsed.Sort[0].Descending, request)
	}
	if s.random.IntN(3) == 0 && !strings.Contains(request, `"update"`) { // without waiting, the next page may have another plan
		s.pages(db, request, got)
	}
}

// pages follows bookmarks to the end.
func (s *queryScript) pages(db *docstore.DB, request string, want []string) {
	var got []string
	bookmark := ""
	for {
		page := strings.Replace(request, `"limit":1000`, `"limit":4,"bookmark":"`+bookmark+`"`, 1)
		before := len(got)
		summary, err := db.Find(s.t.Context(), []byte(page), func(doc []byte) error {
			got = append(got, string(doc))
			return nil
		})
		require.NoError(s.t, err, page)
		if len(got) == before {
			require.Equal(s.t, mango.NoBookmark, summary.Bookmark)
			break
		}
		bookmark = summary.Bookmark
	}
	assert.Equal(s.t, want, got, request)
}

// scan finds what a request is about by looking at all documents. It returns them with what they are sorted by.
func (s *queryScript) scan(db *docstore.DB, request *mango.Request) (printed []string, keys map[string][]byte) {
	keys = map[string][]byte{}
	_, err := db.AllDocs(context.Background(), core.AllDocsOptions{IncludeDocs: true}, func(row *core.AllDocsRow) error {
		matches, err := request.Selector.Matches(row.Doc)
		if err != nil || !matches || strings.HasPrefix(row.Key, "_design/") {
			return err
		}
		text := string(row.Doc.AppendJSON(nil))
		if request.Fields != nil {
			text = string(request.Fields.Append(nil, row.Doc))
		}
		if len(request.Sort) > 0 {
			value := rawjson.Member(row.Doc.Body, request.Sort[0].Name)
			if value == nil {
				return nil
			}
			keys[text] = collation.AppendKey(nil, value)
		}
		printed = append(printed, text)
		return nil
	})
	require.NoError(s.t, err)
	return printed, keys
}

func requireSorted(t *testing.T, keys map[string][]byte, got []string, descending bool, about string) {
	require.True(t, slices.IsSortedFunc(got, func(a, b string) int {
		if descending {
			a, b = b, a
		}
		return bytes.Compare(keys[a], keys[b])
	}), "%s: %s", about, got)
}
