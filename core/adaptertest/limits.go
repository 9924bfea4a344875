package adaptertest

import (
	"slices"
	"strings"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

var limitCases = []testCase{
	{"deep nesting", []Capability{DeepJSON}, func(f *fixture) {
		const depth = 100_000
		body := `{"a":` + strings.Repeat(`[`, depth) + strings.Repeat(`]`, depth) + `}`
		first := f.put("deep", body)
		require.True(f, string(f.get("deep", core.GetOptions{}).Body) == body, "the body is another")
		rows, _ := f.rows(core.AllDocsOptions{IncludeDocs: true})
		require.True(f, string(rows[0].Doc.Body) == body, "the body is another in a listing")
		f.delete("deep", first)
	}},
	{"large document", []Capability{LargeDocuments}, func(f *fixture) {
		body := `{"text":"` + strings.Repeat("0123456789", 799_990) + `"}`
		first := f.put("large", body)
		doc := f.get("large", core.GetOptions{})
		require.True(f, string(doc.Body) == body, "the body is another")
		second := f.put("large", `{}`, first)
		f.requireBody(`{}`, f.get("large", core.GetOptions{}))
		assert.Equal(f, uint64(2), second.Generation)
	}},
	{"too large document", []Capability{SizeLimit}, func(f *fixture) {
		before := f.end()
		body := `{"text":"` + strings.Repeat("0123456789", 800_000) + `"}`
		docs := []*core.Document{newDoc("fine", `{}`), newDoc("toolarge", body)}
		_, err := f.db.BulkDocs(f.ctx, docs, core.BulkDocsOptions{})
		require.ErrorIs(f, err, core.ErrTooLarge)
		assert.Contains(f, err.Error(), "toolarge", "the error says which document it is")
		f.requireGone(core.ErrMissing, "toolarge", core.GetOptions{})
		f.requireGone(core.ErrMissing, "fine", core.GetOptions{})
		assert.Equal(f, before, f.end())
	}},
	{"many revisions", nil, func(f *fixture) {
		count := f.rounds(1200)
		current := f.put("a", `{"n":1}`)
		for n := 2; n <= count; n++ {
			current = f.put("a", `{"n":2}`, current)
		}
		assert.Equal(f, uint64(count), current.Generation)
		if f.has(Persistence) {
			f.db = f.harness.Reopen(f.T, f.db, f.name)
		}
		doc := f.get("a", core.GetOptions{Revs: true})
		assert.Equal(f, current, doc.Rev)
		assert.Len(f, doc.Revisions.Hashes, min(count, 1000))
		f.requireBody(`{"n":2}`, doc)
		assert.Equal(f, []string{"a"}, f.changed(core.ChangesOptions{}))
		f.put("a", `{"n":3}`, current)
	}},
}

var idCases = []testCase{
	{"of any kind", []Capability{UnusualIDs}, func(f *fixture) { f.useIDs(unusualIDs) }},
	{"in URLs", nil, func(f *fixture) {
		f.useIDs(slices.DeleteFunc(slices.Clone(urlIDs), func(docID string) bool {
			return !f.has(WideIDs) && strings.ContainsFunc(docID, func(r rune) bool { return r > unicode.MaxLatin1 })
		}))
	}},
	{"very long", []Capability{LongIDs}, func(f *fixture) {
		f.useIDs([]string{strings.Repeat("a", 60_000), strings.Repeat("é", 30_000), strings.Repeat("a", 59_999)})
	}},
	{"design documents", nil, func(f *fixture) {
		first := f.put("_design/x", `{"views":{}}`)
		f.requireBody(`{"views":{}}`, f.get("_design/x", core.GetOptions{}))
		f.put("_design/x", `{"language":"javascript"}`, first)
		assert.Equal(f, []string{"_design/x"}, f.listed(core.AllDocsOptions{}))
		assert.Equal(f, []string{"_design/x"}, f.changed(core.ChangesOptions{}))
		f.requireCounts(1, 0)
	}},
}

// urlIDs need care in a URL.
var urlIDs = []string{"a b", "a/b", "a%2Fb", "a+b", "a?b=c", "a#b", "a&b", `a"b`, `a\b`, "a'b", "é", "e\u0301", "日本語", "😀", "a:b@c;d,e", "(a)", "[a]", "{a}", "~a", "-a", "%", "100%", "..a", "a.."}

// unusualIDs are allowed, however odd they are.
var unusualIDs = []string{"\x00", "a\x00b", "\x01\x1f", "\n", "\t", "\x7f", "\u0080", "\u2028", "\ufffd", "\uffff", "\U0010ffff", " ", ".", "..", "/", "a/", "//", "\"", "\\"}

// useIDs writes, reads, lists, changes and deletes documents of these ids.
func (f *fixture) useIDs(docIDs []string) {
	f.Helper()
	known := map[string]core.Rev{}
	for _, docID := range docIDs {
		known[docID] = f.put(docID, `{"length":1}`)
	}
	sorted := slices.Clone(docIDs)
	slices.Sort(sorted)
	require.Equal(f, sorted, f.listed(core.AllDocsOptions{}), "ids are ordered by bytes")
	require.Equal(f, docIDs, f.changed(core.ChangesOptions{}))
	for _, docID := range docIDs {
		doc := f.get(docID, core.GetOptions{})
		require.Equal(f, known[docID], doc.Rev, "%q", docID)
		rows, _ := f.rows(core.AllDocsOptions{StartKey: &docID, EndKey: &docID})
		require.Len(f, rows, 1, "%q", docID)
		results, err := f.db.BulkGet(f.ctx, []core.DocRev{{ID: docID, Rev: doc.Rev}}, core.BulkGetOptions{})
		require.NoError(f, err)
		require.NotNil(f, results[0].Docs[0].Doc, "%q", docID)
		f.delete(docID, doc.Rev)
		f.requireGone(core.ErrDeleted, docID, core.GetOptions{})
	}
	f.requireCounts(0, uint64(len(docIDs)))
}
