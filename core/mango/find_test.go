package mango_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// otherIndex are the recorded queries for which we choose another index than CouchDB, and why.
var otherIndex = map[int]string{}

func init() {
	for _, n := range []int{769, 858, 898} {
		otherIndex[n] = "a field that is fixed narrows more down than one in a range, whatever else the index could test"
	}
	for _, n := range []int{822, 1023, 1032, 1035, 1047, 1050, 1053, 1056} {
		otherIndex[n] = "type is fixed, name is in a range"
	}
	otherIndex[839] = "the id is given: reading that document beats any index"
}

// answered are the recorded queries that CouchDB refuses or fails to answer, and we answer.
var answered = map[int]string{}

func init() {
	for _, n := range []int{866, 873, 886, 890, 895, 900} {
		answered[n] = "lists and null among the operands of $in and $nin: CouchDB fails with function_clause"
	}
	for _, n := range []int{919, 937, 950, 952} {
		answered[n] = "no index gives the order: CouchDB refuses, we sort and warn"
	}
}

func TestFindAsRecorded(t *testing.T) {
	t.Parallel()
	stores := map[string]*store{"plain": newStore(t, dataset(), nil), "indexed": newStore(t, dataset(), recordedIndexes())}
	ordered := 0
	for _, c := range loadRecorded().Cases {
		request, err := mango.ParseRequest(c.Req, regexps.Compile)
		var plan *mango.Plan
		if err == nil {
			plan, err = mango.NewPlan(request, indexesOf(c.DB))
		}
		if c.Status != 200 && answered[c.N] == "" {
			require.Error(t, err, "case %d: %s", c.N, c.Req)
			assert.Equal(t, c.Status, core.AsError(err).Status, "case %d: %v", c.N, err)
			assert.Equal(t, c.Resp.Error, core.AsError(err).Name, "case %d: %v", c.N, err)
			continue
		}
		require.NoError(t, err, "case %d: %s", c.N, c.Req)
		all, page := stores[c.DB].find(t, plan)
		if !plan.SortInMemory {
			sameDocuments(t, scan(t, dataset(), request), all, request, "case %d: %s", c.N, c.Req)
		}
		if c.Status != 200 {
			continue
		}
		if c.Explain != nil && otherIndex[c.N] == "" {
			compareExplain(t, c, plan)
		}
		if c.DB == "indexed" {
			for _, warning := range plan.Warnings {
				assert.Contains(t, c.Warning, warning, "case %d: %s", c.N, c.Req)
			}
			compareNoIndexWarning(t, c, plan)
		}
		if otherIndex[c.N] != "" || stringsDecide(t, c, plan, page) {
			continue
		}
		if _, exception := notFollowed[c.N]; exception {
			continue
		}
		ordered++
		if c.IDs != nil {
			assert.Equal(t, c.IDs, idsOf(page), "case %d: %s", c.N, c.Req)
			continue
		}
		require.Len(t, page, len(c.Docs), "case %d: %s", c.N, c.Req)
		for i, want := range c.Docs {
			printed := printDoc(request, page[i].doc)
			// Numbers may be spelled otherwise: CouchDB prints 1e3 as 1000.0.
			order := reference{strings.Compare}.compare(decode(t, want), decode(t, []byte(printed)))
			assert.Zero(t, order, "case %d: %s: %s, not %s", c.N, c.Req, printed, want)
		}
	}
	assert.GreaterOrEqual(t, ordered, 800)
}

// printDoc prints a document as it is answered.
func printDoc(request *mango.Request, doc *core.Document) string {
	if !request.Conflicts {
		without := *doc
		without.Conflicts = nil
		doc = &without
	}
	if request.Fields != nil {
		return string(request.Fields.Append(nil, doc))
	}
	return string(doc.AppendJSON(nil))
}

func mustMarshal(t *testing.T, value any) []byte {
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return text
}

// sameDocuments fails when a plan finds other documents than a scan of all of them, apart from those without a field of the sort, and those
// that a partial index was asked to leave out.
func sameDocuments(t *testing.T, want []string, got []found, request *mango.Request, text string, args ...any) {
	names := idsOf(got)
	require.Len(t, slices.Compact(slices.Sorted(slices.Values(names))), len(names), "a document twice")
	if len(request.UseIndex) > 0 && strings.HasPrefix(request.UseIndex[0], "dd_p_") {
		require.Subset(t, want, names)
		return
	}
	if len(request.Sort) > 0 {
		require.Subset(t, want, names)
		return
	}
	require.ElementsMatch(t, want, names, append([]any{text}, args...)...)
}

func compareExplain(t *testing.T, c recordedCase, plan *mango.Plan) {
	var explain struct {
		Index    struct{ Name string }
		Selector json.RawMessage
		Covering bool
		Args     struct {
			Start       json.RawMessage `json:"start_key"`
			End         json.RawMessage `json:"end_key"`
			Direction   string
			IncludeDocs bool `json:"include_docs"`
		} `json:"mrargs"`
	}
	text := plan.AppendExplain(nil, "db")
	require.NoError(t, json.Unmarshal(text, &explain), "case %d: %s", c.N, text)
	assert.Equal(t, c.Explain.Index.Name, explain.Index.Name, "case %d: %s", c.N, c.Req)
	assert.Equal(t, compact(t, c.Explain.Selector), string(explain.Selector), "case %d", c.N)
	assert.Equal(t, c.Explain.Covering, explain.Covering, "case %d: %s", c.N, c.Req)
	assert.NotEqual(t, explain.Covering, explain.Args.IncludeDocs)
	assert.Equal(t, c.Explain.Direction, explain.Args.Direction, "case %d: %s", c.N, c.Req)
	if string(c.Explain.StartKey) == "null" && plan.Index != nil {
		assert.Empty(t, plan.Ranges, "case %d: %s", c.N, c.Req)
		return
	}
	// Our ranges may be narrower: CouchDB has only one, and none for $in, $or, $type and others.
	start, end := bounds(t, explain.Args.Start), bounds(t, explain.Args.End)
	wantStart, wantEnd := bounds(t, c.Explain.StartKey), bounds(t, c.Explain.EndKey)
	if bytes.Contains(c.Explain.EndKey, []byte("\uffff")) || bytes.Contains(c.Explain.EndKey, []byte(`\uffff`)) {
		return // where CouchDB lets the strings end that begin with others
	}
	if plan.Descending {
		start, end, wantStart, wantEnd = end, start, wantEnd, wantStart
	}
	order := func(a, b any) int { return reference{strings.Compare}.compare(a, b) }
	assert.GreaterOrEqual(t, slices.CompareFunc(start, wantStart[:min(len(start), len(wantStart))], order), 0, "case %d: %s begins before %s", c.N, explain.Args.Start, c.Explain.StartKey)
	assert.LessOrEqual(t, slices.CompareFunc(end, wantEnd, order), 0, "case %d: %s ends after %s", c.N, explain.Args.End, c.Explain.EndKey)
}

// bounds decodes a key of an explain, with a value above all others for "<MAX>".
func bounds(t *testing.T, key json.RawMessage) []any {
	values, ok := decode(t, key).([]any)
	if !ok {
		values = []any{decode(t, key)}
	}
	for i, value := range values {
		if value == "<MAX>" {
			values[i] = object{{"\U0010FFFF", nil}}
		}
	}
	return values
}

func compareNoIndexWarning(t *testing.T, c recordedCase, plan *mango.Plan) {
	const noIndex = "No matching index found"
	if c.N == 840 {
		assert.Empty(t, plan.Warnings, "the document is read by its id: there is nothing to improve")
		return
	}
	assert.Equal(t, strings.Contains(c.Warning, noIndex), strings.Contains(plan.Warning(0, 0), noIndex), "case %d: %s", c.N, c.Req)
}

// stringsDecide tells whether the order of strings, which is not CouchDB's, has a say in which documents are answered or in which order:
// a comparison in the selector, or a field that decides the order.
func stringsDecide(t *testing.T, c recordedCase, plan *mango.Plan, page []found) bool {
	if _, parsed := selectorOf(t, c.Req); ordersStrings(parsed) {
		return true
	}
	if plan.Index == nil {
		return false
	}
	for _, field := range plan.Index.Fields {
		texts := map[string]bool{}
		for _, f := range page {
			cut, err := mango.ParseRequest([]byte(`{"selector":{},"fields":[`+string(mustMarshal(t, field.Name))+`]}`), nil)
			require.NoError(t, err)
			texts[string(cut.Fields.Append(nil, f.doc))] = true
		}
		for text := range texts {
			if len(texts) > 1 && strings.Count(text, `"`) > 2*len(strings.Split(strings.ReplaceAll(field.Name, `\.`, ""), ".")) {
				return true
			}
		}
	}
	return false
}

func TestPagingAsRecorded(t *testing.T) {
	t.Parallel()
	stores := map[string]*store{"plain": newStore(t, dataset(), nil), "indexed": newStore(t, dataset(), recordedIndexes())}
	for _, recorded := range loadRecorded().Paging {
		bookmark := ""
		var seen []string
		for i, want := range recorded.Pages {
			var body map[string]any
			require.NoError(t, json.Unmarshal(recorded.Req, &body))
			body["bookmark"] = bookmark
			request, err := mango.ParseRequest(mustMarshal(t, body), regexps.Compile)
			require.NoError(t, err)
			plan, err := mango.NewPlan(request, indexesOf(recorded.DB))
			require.NoError(t, err)
			_, page := stores[recorded.DB].find(t, plan)
			seen = append(seen, idsOf(page)...)
			ordersStrings := len(request.Sort) > 0 && (request.Sort[0].Name == "v" || request.Sort[0].Name == "name")
			if !ordersStrings {
				require.Len(t, page, len(want.IDs)+len(want.Docs), "page %d of %s", i, recorded.Req)
			}
			if want.IDs != nil && !ordersStrings {
				assert.Equal(t, want.IDs, idsOf(page), "page %d of %s", i, recorded.Req)
			}
			if len(page) > 0 {
				bookmark = plan.Bookmark(page[len(page)-1].position)
			}
		}
		assert.Len(t, slices.Compact(slices.Sorted(slices.Values(seen))), len(seen), "a document on two pages of %s", recorded.Req)
	}
}

func TestRefusalsAsRecorded(t *testing.T) {
	t.Parallel()
	deviating := map[int]string{
		36:  "500 badarith in CouchDB; the divisor 0 is a bad argument",
		78:  "$text without a text index: CouchDB returns all documents",
		105: "sorted in memory", 106: "sorted in memory",
		122: "500 in CouchDB; a bookmark that is no text is a bad bookmark",
		133: "500 in CouchDB; an unknown value of stale is a bad request",
	}
	tested := 0
	for _, c := range loadRecorded().Invalid {
		if c.Path != "" && !strings.HasSuffix(c.Path, "/_explain") || c.Method == "GET" {
			continue // matters of HTTP
		}
		tested++
		request, err := mango.ParseRequest(c.body(), regexps.Compile)
		if err == nil {
			_, err = mango.NewPlan(request, recordedIndexes())
		}
		switch {
		case c.N == 105 || c.N == 106:
			require.NoError(t, err, deviating[c.N])
		case deviating[c.N] != "":
			require.Error(t, err, deviating[c.N])
			assert.Equal(t, 400, core.AsError(err).Status, "case %d: %s", c.N, c.body())
		case c.Status == 200:
			require.NoError(t, err, "case %d: %s", c.N, c.body())
		default:
			require.Error(t, err, "case %d: %s", c.N, c.body())
			compareRefusal(t, c, err)
		}
	}
	assert.Equal(t, 141, tested)
}

func compareRefusal(t *testing.T, c recordedRequest, err error) {
	want, got := c.failure(t), core.AsError(err)
	assert.Equal(t, c.Status, got.Status, "case %d: %s: %v", c.N, c.body(), err)
	assert.Equal(t, want.Error, got.Name, "case %d: %s", c.N, c.body())
	// The value at fault follows, in Erlang's syntax there.
	common := 0
	for common < min(len(want.Reason), len(got.Reason)) && want.Reason[common] == got.Reason[common] {
		common++
	}
	if !bytes.ContainsAny([]byte(want.Reason[:min(1, len(want.Reason))]), "<-0123456789nt1") {
		assert.GreaterOrEqual(t, common, min(len(want.Reason), 16), "case %d: %q, not %q", c.N, got.Reason, want.Reason)
	}
}
