package adaptertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// recordedQueries are CouchDB's answers to queries on the same documents without indexes ("plain") and with ("indexed").
type recordedQueries struct {
	Docs      []json.RawMessage
	Conflicts []json.RawMessage
	Also      []map[string]json.RawMessage
	Indexes   []struct{ Req json.RawMessage }
	Cases     []recordedQuery
	Paging    []struct {
		DB    string
		Req   json.RawMessage
		Pages []struct {
			IDs  []string
			Docs []json.RawMessage
		}
	}
	Invalid []struct {
		N            int
		Method, Path string
		Req          json.RawMessage
		ReqText      *string `json:"req_text"`
		Status       int
		Resp         json.RawMessage
	}
}

type recordedQuery struct {
	N       int
	DB      string
	Req     json.RawMessage
	Status  int
	IDs     []string
	Docs    []json.RawMessage
	Warning string
}

// otherAnswers are the queries to which we answer deliberately otherwise; RATIONALE.md says why.
var otherAnswers = map[int]string{
	189: "strings are equal when their code points are", 441: "patterns are matched against characters",
	453: "every id begins with the empty string", 482: "$nor below $elemMatch means what it says",
	866: "lists among the operands of $in", 873: "null among the operands of $in", 886: "null among the operands of $nin",
	890: "lists among the operands of $nin", 895: "lists among the operands of $in", 900: "lists among the operands of $in",
	919: "sorted in memory", 937: "sorted in memory", 950: "sorted in memory", 952: "sorted in memory",
}

// RunRecordedQueries asks a database, whose adapter is a core.Finder, everything that CouchDB was asked.
func RunRecordedQueries(t *testing.T, open func(t *testing.T, name string) core.Adapter) {
	var recorded recordedQueries
	golden.Load(t, "mango.json", &recorded)
	finders := map[string]core.Finder{}
	for _, name := range []string{"plain", "indexed"} {
		db := open(t, name)
		finders[name] = recorded.fill(t, db, name == "indexed")
		t.Cleanup(func() { checkDatabase(t, db) })
	}
	t.Run("cases", func(t *testing.T) { recorded.replayCases(t, finders) })
	t.Run("paging", func(t *testing.T) { recorded.replayPaging(t, finders) })
	t.Run("invalid", func(t *testing.T) { recorded.replayInvalid(t, finders["indexed"]) })
}

// fill writes the documents, half of them before the indexes and half after them.
func (r *recordedQueries) fill(t *testing.T, db core.Adapter, indexed bool) core.Finder {
	finder := db.(core.Finder)
	write := func(replicated bool, texts []json.RawMessage) {
		var docs []*core.Document
		for _, text := range texts {
			doc, err := core.ParseDocument(text)
			require.NoError(t, err)
			docs = append(docs, doc)
		}
		results, err := db.BulkDocs(t.Context(), docs, core.BulkDocsOptions{Replicated: replicated})
		require.NoError(t, err)
		for _, result := range results {
			require.Nil(t, result.Err)
		}
	}
	write(false, r.Docs[:len(r.Docs)/2])
	if indexed {
		for _, index := range r.Indexes {
			_, err := finder.CreateIndex(t.Context(), index.Req)
			require.NoError(t, err, "%s", index.Req)
		}
	}
	write(false, r.Docs[len(r.Docs)/2:])
	write(true, r.Conflicts)
	for _, also := range r.Also {
		for kind, text := range also {
			write(false, []json.RawMessage{text})
			if kind == "deleted" {
				doc, err := core.ParseDocument(text)
				require.NoError(t, err)
				doc, err = db.Get(t.Context(), doc.ID, core.GetOptions{})
				require.NoError(t, err)
				_, err = core.Delete(t.Context(), db, doc.ID, doc.Rev)
				require.NoError(t, err)
			}
		}
	}
	return finder
}

func (r *recordedQueries) replayCases(t *testing.T, finders map[string]core.Finder) {
	same := 0
	for _, c := range r.Cases {
		if otherAnswers[c.N] != "" {
			continue
		}
		docs, summary, err := findAll(t, finders[c.DB], c.Req)
		about := fmt.Sprintf("case %d: %s", c.N, c.Req)
		if c.Status != 200 {
			require.Error(t, err, about)
			assert.Equal(t, c.Status, core.AsError(err).Status, about)
			continue
		}
		require.NoError(t, err, about)
		got, want := idsOf(docs), c.IDs
		if want == nil {
			want = idsOf(c.Docs)
		}
		c.compareWarnings(t, summary.Warning, len(want) == len(got), about)
		switch {
		case slices.Equal(want, got):
			same++
		case ordersStrings(t, c.Req):
		case len(want) == limitOf(t, c.Req):
			assert.Len(t, got, len(want), about)
		default: // an index of strings has another order
			assert.Equal(t, "indexed", c.DB, about)
			assert.ElementsMatch(t, want, got, about)
		}
	}
	assert.Greater(t, same, 900, "answers that are the same, in the same order")
}

// compareWarnings finds all our warnings among the recorded ones. How many documents were looked at for each found depends on how many were found.
func (c *recordedQuery) compareWarnings(t *testing.T, warning string, asMany bool, about string) {
	if c.N == 840 {
		return // it reads a document by its id, of which there is nothing to say
	}
	for _, line := range strings.Split(warning, "\n") {
		if asMany || !strings.HasPrefix(line, "The number of documents") {
			assert.Contains(t, c.Warning, line, about)
		}
	}
}

// ordersStrings reports whether a selector compares with a string: strings are in the order of their code points here.
func ordersStrings(t *testing.T, request []byte) bool {
	var parsed struct{ Selector any }
	require.NoError(t, json.Unmarshal(request, &parsed))
	var compares func(value any, ordering bool) bool
	compares = func(value any, ordering bool) bool {
		switch value := value.(type) {
		case string:
			return ordering
		case []any:
			return slices.ContainsFunc(value, func(element any) bool { return compares(element, ordering) })
		case map[string]any:
			for name, member := range value {
				if compares(member, ordering || slices.Contains([]string{"$lt", "$lte", "$gt", "$gte"}, name)) {
					return true
				}
			}
		}
		return false
	}
	return compares(parsed.Selector, false)
}

func limitOf(t *testing.T, request []byte) int {
	parsed := struct{ Limit int }{25}
	require.NoError(t, json.Unmarshal(request, &parsed))
	return parsed.Limit
}

func (r *recordedQueries) replayPaging(t *testing.T, finders map[string]core.Finder) {
	for _, p := range r.Paging {
		bookmark := ""
		seen := map[string]bool{}
		for i, page := range p.Pages {
			about := fmt.Sprintf("page %d of %s", i, p.Req)
			var body map[string]any
			require.NoError(t, json.Unmarshal(p.Req, &body))
			if bookmark != "" {
				body["bookmark"] = bookmark
			}
			request, err := json.Marshal(body)
			require.NoError(t, err)
			docs, summary, err := findAll(t, finders[p.DB], request)
			require.NoError(t, err, about)
			got := idsOf(docs)
			for _, id := range got {
				assert.False(t, seen[id], "%s: %s again", about, id)
				seen[id] = true
			}
			switch {
			case slices.Equal(page.IDs, got) || ordersStrings(t, p.Req):
			case p.DB == "plain":
				assert.Equal(t, page.IDs, got, about)
			default:
				assert.Len(t, got, len(page.IDs)+len(page.Docs), about)
			}
			if len(got) == 0 {
				assert.Equal(t, "nil", summary.Bookmark, about)
			} else {
				bookmark = summary.Bookmark
			}
		}
	}
}

func (r *recordedQueries) replayInvalid(t *testing.T, finder core.Finder) {
	// These are refused with 400 where CouchDB fails, or does not notice; two are sorted in memory.
	deviating := []int{36, 78, 122, 133}
	sorted := []int{105, 106}
	for _, c := range r.Invalid {
		if c.Path != "" && !strings.HasSuffix(c.Path, "/_explain") || c.Method == "GET" {
			continue // matters of HTTP
		}
		body := []byte(c.Req)
		if c.ReqText != nil {
			body = []byte(*c.ReqText)
		}
		about := fmt.Sprintf("invalid request %d: %s", c.N, body)
		_, _, err := findAll(t, finder, body)
		_, explainErr := finder.Explain(t.Context(), body)
		if slices.Contains(sorted, c.N) || c.Status == 200 && !slices.Contains(deviating, c.N) {
			require.NoError(t, err, about)
			require.NoError(t, explainErr, about)
			continue
		}
		require.Error(t, err, about)
		require.Error(t, explainErr, about)
		if slices.Contains(deviating, c.N) {
			assert.Equal(t, 400, core.AsError(err).Status, about)
			continue
		}
		var want struct{ Error string }
		require.NoError(t, json.Unmarshal(c.Resp, &want))
		assert.Equal(t, c.Status, core.AsError(err).Status, about)
		assert.Equal(t, want.Error, core.AsError(err).Name, about)
	}
}

// findAll collects the documents of a find.
func findAll(t *testing.T, finder core.Finder, request []byte) (docs []json.RawMessage, summary core.FindSummary, err error) {
	summary, err = finder.Find(t.Context(), request, func(doc []byte) error {
		docs = append(docs, slices.Clone(doc))
		return nil
	})
	return docs, summary, err
}

// idsOf returns the ids of documents, or what identifies those without one: their text.
func idsOf(docs []json.RawMessage) []string {
	ids := []string{}
	for _, doc := range docs {
		var head struct {
			ID *string `json:"_id"`
		}
		if json.Unmarshal(doc, &head) == nil && head.ID != nil {
			ids = append(ids, *head.ID)
		} else {
			ids = append(ids, string(doc))
		}
	}
	return ids
}
