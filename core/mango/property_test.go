package mango_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// seeds is how many random cases are tried: fewer where they are slow, as in WebAssembly.
func seeds(n uint64) uint64 {
	if testing.Short() {
		return n / 10
	}
	return n
}

// Whatever a plan does, it finds what a scan of all documents finds: in the order asked for, and in pages what it finds as a whole.
func TestPlansFindWhatAScanFinds(t *testing.T) {
	t.Parallel()
	used := map[string]int{}
	for seed := range seeds(400) {
		g := newGenerator(seed)
		var docs []*core.Document
		for i := range 40 {
			docs = append(docs, g.doc(fmt.Sprintf("id%02d", i)))
		}
		var indexes []*mango.Index
		for i := range 4 {
			indexes = append(indexes, g.index(t, i))
		}
		s := newStore(t, docs, indexes)
		for range 10 {
			body := g.request()
			about := fmt.Sprintf("seed %d: %s", seed, body)
			request, err := mango.ParseRequest([]byte(body), nil)
			if err != nil {
				require.Contains(t, []string{"invalid_selector", "invalid_field_name", "invalid_operator"}, core.AsError(err).Name, about)
				continue
			}
			plan, err := mango.NewPlan(request, indexes)
			require.NoError(t, err, about)
			_, page := s.find(t, plan)
			want := sortedScan(t, docs, request)
			got := idsOf(page)
			if len(request.Sort) > 0 {
				requireOrder(t, docs, request, got, about)
			}
			require.ElementsMatch(t, want, got, "%s\n%s", about, plan.AppendExplain(nil, ""))
			requireSameProjection(t, s, plan, page, about)
			requireSamePages(t, s, indexes, body, got, about)
			used[kindOf(plan)]++
		}
	}
	for _, kind := range []string{"documents", "index", "covering", "parts", "in memory", "several ranges"} {
		assert.Greater(t, used[kind], int(seeds(20)), kind)
	}
}

func kindOf(plan *mango.Plan) string {
	switch {
	case len(plan.Parts) > 0:
		return "parts"
	case plan.SortInMemory:
		return "in memory"
	case plan.Index == nil:
		return "documents"
	case plan.Covering:
		return "covering"
	case len(plan.Ranges) > 1:
		return "several ranges"
	}
	return "index"
}

// sortedScan returns what is to be found, without the documents that lack a field of the sort.
func sortedScan(t *testing.T, docs []*core.Document, request *mango.Request) []string {
	return slices.DeleteFunc(scan(t, docs, request), func(id string) bool {
		doc := docs[slices.IndexFunc(docs, func(d *core.Document) bool { return d.ID == id })]
		return sortKey(t, doc, request) == nil
	})
}

// sortKey returns the values that a document is sorted by, nil when it lacks one.
func sortKey(t *testing.T, doc *core.Document, request *mango.Request) [][]byte {
	values := [][]byte{}
	for _, field := range request.Sort {
		name := string(mustMarshal(t, field.Name))
		exists, err := mango.Parse([]byte(`{`+name+`:{"$exists":true}}`), nil)
		require.NoError(t, err)
		if matches, err := exists.Matches(doc); err != nil || !matches {
			return nil
		}
		cut, err := mango.ParseRequest([]byte(`{"selector":{},"fields":[`+name+`]}`), nil)
		require.NoError(t, err)
		values = append(values, cut.Fields.Append(nil, doc))
	}
	return values
}

func requireOrder(t *testing.T, docs []*core.Document, request *mango.Request, got []string, about string) {
	var keys [][][]byte
	for _, id := range got {
		keys = append(keys, sortKey(t, docs[slices.IndexFunc(docs, func(d *core.Document) bool { return d.ID == id })], request))
	}
	require.True(t, slices.IsSortedFunc(keys, func(a, b [][]byte) int {
		order := slices.CompareFunc(a, b, collation.Compare)
		if request.Sort[0].Descending {
			order = -order
		}
		return order
	}), "%s: %s", about, got)
}

// What is told from an entry is what the document tells.
func requireSameProjection(t *testing.T, s *store, plan *mango.Plan, page []found, about string) {
	if !plan.Covering {
		return
	}
	for _, f := range page {
		want := plan.Request.Fields.Append(nil, s.get(f.doc.ID))
		require.Equal(t, string(want), string(plan.Request.Fields.Append(nil, f.doc)), about)
	}
}

// requireSamePages follows bookmarks to the end.
func requireSamePages(t *testing.T, s *store, indexes []*mango.Index, body string, want []string, about string) {
	got := []string{}
	bookmark := ""
	for range len(want) + 1 {
		small := strings.Replace(body, `"limit":1000`, `"limit":7,"bookmark":"`+bookmark+`"`, 1)
		request, err := mango.ParseRequest([]byte(small), nil)
		require.NoError(t, err, small)
		plan, err := mango.NewPlan(request, indexes)
		require.NoError(t, err, small)
		_, page := s.find(t, plan)
		if len(page) == 0 {
			break
		}
		got = append(got, idsOf(page)...)
		bookmark = plan.Bookmark(page[len(page)-1].position)
	}
	require.Equal(t, want, got, about)
}

// The program, the reference and the normalised selector agree on documents and selectors of all shapes.
func TestRandomSelectors(t *testing.T) {
	t.Parallel()
	matched := 0
	for seed := range seeds(300) {
		g := newGenerator(seed + 10_000)
		for range 20 {
			doc := g.doc(g.id(20))
			text := g.selector()
			about := fmt.Sprintf("seed %d: %s on %s", seed, text, doc.Body)
			selector, err := mango.Parse(g.Respell([]byte(text)), regexps.Compile)
			if err != nil {
				require.Contains(t, []string{"invalid_selector", "invalid_field_name", "invalid_operator"}, core.AsError(err).Name, about)
				continue
			}
			matches, err := selector.Matches(doc)
			require.NoError(t, err)
			want := reference{strings.Compare}.find(decode(t, []byte(text)), []object{decoded(t, doc)})
			require.Equal(t, len(want) == 1, matches, about)
			again, err := mango.Parse([]byte(selector.String()), regexps.Compile)
			require.NoError(t, err)
			require.Equal(t, selector.String(), again.String(), about)
			if matchesAgain, _ := again.Matches(doc); matches {
				matched++
				require.True(t, matchesAgain, about)
			}
		}
	}
	assert.Greater(t, matched, int(seeds(500)))
}

// The order of plans does not depend on the order in which indexes are known.
func TestPlansAreDeterministic(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		g := newGenerator(seed)
		var indexes []*mango.Index
		for i := range 4 {
			indexes = append(indexes, g.index(t, i))
		}
		request, err := mango.ParseRequest([]byte(g.request()), nil)
		if err != nil {
			continue
		}
		plan, err := mango.NewPlan(request, indexes)
		require.NoError(t, err)
		slices.Reverse(indexes)
		other, err := mango.NewPlan(request, indexes)
		require.NoError(t, err)
		require.True(t, bytes.Equal(plan.AppendExplain(nil, ""), other.AppendExplain(nil, "")), "seed %d", seed)
	}
}
