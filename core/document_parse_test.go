package core_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// oddMembers are what documents have beside ordinary members, in the spelling of JSON.stringify.
var oddMembers = []string{
	`"_id":"a/b"`, `"_id":""`, `"_id":7`, `"_id":"é\n"`, `"_rev":"1-967a00dff5e02add41819138abb3284d"`, `"_rev":"x"`, `"_deleted":true`, `"_deleted":0`,
	`"_attachments":{"x":{"content_type":"text/plain","data":"aGk="}}`, `"_attachments":{"x":{"data":"?"}}`, `"_attachments":[]`,
	`"_revisions":{"start":1,"ids":["967a00dff5e02add41819138abb3284d"]}`, `"_local_seq":7`, `"_conflicts":["1-a"]`, `"_revs_info":[]`, `"_access":["a"]`, `"_replication_id":"r"`,
	`"_unknown":1`, `"__proto__":{"_id":1}`, `"constructor":null`, `"n":1e+21`, `"n":-0`, `"n":1.5`, `"z":"\u001f"`, `"z":"\"\\\b\f\n\r\t"`, `"deep":{"_id":1,"_x":[{"_rev":2}]}`, `"":{"":[]}`,
}

// randomDocument returns a document as JSON.stringify prints it, or nearly.
func randomDocument(g *randjson.Generator) string {
	var members []string
	for range g.IntN(4) {
		members = append(members, oddMembers[g.IntN(len(oddMembers))])
	}
	object := rawjson.AppendCanonical(nil, g.Object())
	if inner := string(object[1 : len(object)-1]); inner != "" {
		members = append(members, inner)
	}
	g.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] })
	if g.IntN(20) == 0 {
		members = append(members, `"nested":`+string(g.Deep(60+g.IntN(80))))
	}
	return "{" + strings.Join(members, ",") + "}"
}

// A document is read without a copy when it is in canonical form, and otherwise brought into that. Which way it goes is not to be seen: not in what is stored, not in
// its revision, and not in why it is refused.
func TestHowADocumentIsSpelledMakesNoDifference(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	taken, refused := 0, 0
	for range 4000 {
		text := randomDocument(g)
		read := []byte(text)
		doc, err := core.ParseDocument(read)
		clear(read) // of which nothing is shared
		for _, respelled := range []string{" " + text, "{ " + text[1:], string(g.Respell([]byte(text)))} {
			again, failure := core.ParseDocument([]byte(respelled))
			require.Equal(t, err, failure, "%s and %s", text, respelled)
			require.Equal(t, doc, again, "%s and %s", text, respelled)
		}
		if err != nil {
			refused++
			continue
		}
		taken++
		require.Equal(t, string(rawjson.AppendCanonical(nil, doc.Body)), string(doc.Body), "%s", text)
		for name := range rawjson.Members(doc.Body) {
			if said, _ := rawjson.Text(name); strings.HasPrefix(said, "_") {
				require.Contains(t, []string{"_access", "_replication_id", "__proto__"}, said)
			}
		}
		rev, err := revid.New(doc.Rev, doc.Deleted, doc.Body, nil)
		require.NoError(t, err)
		respelled, err := revid.New(doc.Rev, doc.Deleted, g.Respell(doc.Body), nil)
		require.NoError(t, err)
		require.Equal(t, rev, respelled, "%s", text)
	}
	assert.Greater(t, taken, 500)
	assert.Greater(t, refused, 500)
}

func TestDocumentReader(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	for range 200 {
		var texts []string
		var want []*core.Document
		for range g.IntN(8) {
			text := randomDocument(g)
			if g.IntN(10) == 0 {
				text = `{"a":"` + strings.Repeat("x", g.IntN(40_000)) + `"}`
			}
			if doc, err := core.ParseDocument([]byte(text)); err == nil {
				texts, want = append(texts, text), append(want, doc)
			}
		}
		array := []byte("[" + strings.Join(texts, ", ") + "] ")
		if g.IntN(2) == 0 {
			array = slices.Concat([]byte("\n"), array)
		}
		var docs []*core.Document
		for reader := core.NewDocumentReader(array); ; {
			doc, text, err := reader.Next()
			require.NoError(t, err, "%s", array)
			if doc == nil {
				break
			}
			require.Equal(t, texts[len(docs)], string(text))
			docs = append(docs, doc)
		}
		said := string(array)
		clear(array)
		for _, doc := range docs {
			_ = append(doc.Body, "what somebody else has"...)
		}
		require.Equal(t, want, docs, "%s", said) // all of them, after the last was read
	}
	for _, text := range []string{``, `{}`, `[{}`, `[{},]`, `[{}{}]`, `[{}] 1`, `[{"a":"\ud800"}]`, `[{"a":1}}`} {
		var err error
		for reader, more := core.NewDocumentReader([]byte(text)), true; more && err == nil; {
			var doc *core.Document
			doc, _, err = reader.Next()
			more = doc != nil
		}
		assert.ErrorIs(t, err, core.ErrBadJSON, "%s", text)
	}
}
