package core_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/golden"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// Members that begin with an underscore: refused ones with CouchDB's error, accepted ones by what a following GET shows of them.
func TestUnderscoreMembersAsRecorded(t *testing.T) {
	t.Parallel()
	written := map[string]*core.Document{}
	for _, c := range recordedGroup(t, "underscore_fields") {
		switch c.Method {
		case "PUT":
			doc, err := core.ParseDocument(c.Req)
			var answer recordedError
			require.NoError(t, json.Unmarshal(c.Resp, &answer))
			if answer.Error == "doc_validation" {
				var e *core.Error
				require.ErrorAs(t, err, &e, "case %d", c.N)
				assert.Equal(t, c.Status, e.Status, "case %d", c.N)
				assert.Equal(t, answer.Error, e.Name, "case %d", c.N)
				assert.Equal(t, answer.Reason, e.Reason, "case %d", c.N)
				continue
			}
			require.NoError(t, err, "case %d: %s", c.N, c.Req)
			written[c.Path] = doc
		case "GET":
			if doc := written[c.Path]; doc != nil && c.Status == 200 {
				read, err := core.ParseDocument(c.Resp)
				require.NoError(t, err)
				assert.Equal(t, string(read.Body), string(doc.Body), "case %d", c.N)
				assert.Equal(t, read.Attachments, doc.Attachments, "case %d", c.N)
			}
		case "POST":
			var bulk struct {
				Docs []json.RawMessage `json:"docs"`
			}
			require.NoError(t, json.Unmarshal(c.Req, &bulk))
			_, err := core.ParseDocument(bulk.Docs[len(bulk.Docs)-1])
			assert.ErrorIs(t, err, core.ErrDocValidation, "case %d", c.N)
		}
	}
	assert.Greater(t, len(written), 10)
}

// What CouchDB shows of a document that it was sent, byte for byte but for numbers: those stay here as they were sent.
func TestDocumentsReadAsRecorded(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []struct {
			N   int    `json:"n"`
			Doc string `json:"doc"`
			Rev string `json:"rev"`
			ID  string `json:"id"`
			Get string `json:"get"`
		} `json:"cases"`
	}
	golden.Load(t, "revids.json", &file)
	for _, c := range file.Cases {
		if c.Doc == "" {
			continue
		}
		doc, err := core.ParseDocument([]byte(c.Doc))
		require.NoError(t, err, "case %d", c.N)
		doc.ID = c.ID
		doc.Rev, err = core.ParseRev(c.Rev)
		require.NoError(t, err)
		if doc.Attachments != nil { // shown as stubs; that is the business of who stores them
			read, err := core.ParseDocument([]byte(c.Get))
			require.NoError(t, err)
			require.NotEmpty(t, read.Attachments, "case %d", c.N)
			c.Get = string(read.AppendJSON(nil)) // without the encoding
			doc.Attachments = read.Attachments
		}
		got := doc.AppendJSON(nil)
		require.NoError(t, rawjson.Validate(got))
		assert.Equal(t, withPlainNumbers(t, []byte(c.Get)), withPlainNumbers(t, got), "case %d", c.N)
	}
}

// withPlainNumbers prints numbers as JavaScript would, integers exactly, and leaves everything else as it is.
func withPlainNumbers(t testing.TB, text []byte) string {
	var out []byte
	for i := 0; i < len(text); {
		start, end := rawjson.NextToken(text, i)
		out = append(out, text[i:start]...)
		token := text[start:end]
		i = end
		switch {
		case rawjson.KindOf(token) != rawjson.Number || strings.ContainsAny(string(token[:1]), "]}"):
			out = append(out, token...)
		case string(token) == "-0":
			out = append(out, '0')
		case string(token) == "5e-324":
			out = append(out, "0.0"...) // read so by CouchDB: see core/revid
		case bytes.ContainsAny(token, ".eE"):
			f, ok := rawjson.Float(token)
			require.True(t, ok)
			out = append(rawjson.AppendNumber(out, f), ".0"...)
		default:
			out = append(out, token...)
		}
	}
	return string(out)
}

func TestParseDocument(t *testing.T) {
	t.Parallel()
	doc, err := core.ParseDocument([]byte(` { "a" : [ 1.0 ] , "_id":"\u0061/\u0062", "_rev":"2-b", "_deleted":true, "_attachments":{"x":{"content_type":"text\/plain","data":"a\u0047k="},"y":1},
		"_revisions":{"start":2,"ids":["b","a"]}, "_conflicts":["2-a","bad"], "_deleted_conflicts":["1-c"], "_local_seq":7,
		"_revs_info":[{"rev":"2-b","status":"available"},{"rev":1}], "é":"\u00e9", "_access":[ ], "\u005freplication_id":"r" } `))
	require.NoError(t, err)
	assert.Equal(t, &core.Document{
		ID: "a/b", Rev: core.Rev{Generation: 2, Hash: "b"}, Deleted: true,
		Body:             []byte(`{"a":[1.0],"é":"é","_access":[],"_replication_id":"r"}`),
		Attachments:      []core.Attachment{{Name: "x", ContentType: "text/plain", Data: []byte("hi"), Length: 2}},
		Revisions:        &core.Revisions{Start: 2, Hashes: []string{"b", "a"}},
		RevsInfo:         []core.RevInfo{{Rev: core.Rev{Generation: 2, Hash: "b"}, Status: "available"}},
		Conflicts:        []core.Rev{{Generation: 2, Hash: "a"}},
		DeletedConflicts: []core.Rev{{Generation: 1, Hash: "c"}},
		LocalSeq:         "7",
	}, doc)
	assert.Equal(t, core.Rev{Generation: 1, Hash: "a"}, doc.Revisions.Rev(1))
	again, err := core.ParseDocument(doc.AppendJSON(nil))
	require.NoError(t, err)
	assert.Equal(t, doc, again)
}

func TestParseDocumentLastMemberCounts(t *testing.T) {
	t.Parallel()
	doc, err := core.ParseDocument([]byte(`{"_id":1,"a":1,"_rev":null,"b":2,"a":3,"_id":"x","_rev":"1-a"}`))
	require.NoError(t, err)
	assert.Equal(t, "x", doc.ID)
	assert.Equal(t, "1-a", doc.Rev.String())
	assert.Equal(t, `{"b":2,"a":3}`, string(doc.Body))
}

func TestParseDocumentRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		err    *core.Error
		reason string
	}{
		{``, core.ErrBadJSON, "invalid UTF-8 JSON"},
		{`{"a":}`, core.ErrBadJSON, "invalid UTF-8 JSON"},
		{`{} {}`, core.ErrBadJSON, "invalid UTF-8 JSON"},
		{`{"_rev":1} x`, core.ErrBadJSON, "invalid UTF-8 JSON"},
		{`[] x`, core.ErrBadJSON, "invalid UTF-8 JSON"},
		{`[]`, core.ErrBadRequest, "Document must be a JSON object"},
		{`"{}"`, core.ErrBadRequest, "Document must be a JSON object"},
		{`{"_id":1}`, core.ErrIllegalDocID, "Document id must be a string"},
		{`{"_rev":1}`, core.ErrBadRev, "Invalid rev format"},
		{`{"_rev":"1"}`, core.ErrBadRev, "Invalid rev format"},
		{`{"_deleted":1}`, core.ErrDocValidation, "Bad special document member: _deleted"},
		{`{"_attachments":[]}`, core.ErrDocValidation, "Bad special document member: _attachments"},
		{`{"\u005fx":1}`, core.ErrDocValidation, "Bad special document member: _x"},
		{`{"_revisions":"x"}`, core.ErrDocValidation, "Bad special document member: _revisions"},
		{`{"_revisions":{"ids":["a"]}}`, core.ErrDocValidation, "_revisions.start isn't an integer."},
		{`{"_revisions":{"start":"x","ids":["a"]}}`, core.ErrDocValidation, "_revisions.start isn't an integer."},
		{`{"_revisions":{"start":1.0,"ids":["a"]}}`, core.ErrDocValidation, "_revisions.start isn't an integer."},
		{`{"_revisions":{"start":1}}`, core.ErrDocValidation, "_revisions.ids isn't a array."},
		{`{"_revisions":{"start":2,"ids":["a",5]}}`, core.ErrDocValidation, "RevId isn't a string"},
		{`{"_revisions":{"start":2,"ids":[]}}`, core.ErrDocValidation, "_revisions holds no ids, or more than its start allows"},
		{`{"_revisions":{"start":1,"ids":["c","b","a"]}}`, core.ErrDocValidation, "_revisions holds no ids, or more than its start allows"},
		{`{"_revisions":{"start":-1,"ids":["a"]}}`, core.ErrDocValidation, "_revisions holds no ids, or more than its start allows"},
		{`{"_revisions":{"start":1,"ids":["` + strings.Repeat("g", 32) + `"]}}`, core.ErrBadRev, "Invalid rev format"},
	}
	for _, test := range tests {
		doc, err := core.ParseDocument([]byte(test.text))
		assert.Nil(t, doc)
		var e *core.Error
		if assert.ErrorAs(t, err, &e, test.text) {
			assert.ErrorIs(t, err, test.err, test.text)
			assert.Equal(t, test.reason, e.Reason, test.text)
		}
	}
	for text, offset := range map[string]int{`{"a":tru}`: 5, `{} x`: 3, `{`: 1} {
		_, err := core.ParseDocument([]byte(text))
		var syntax *rawjson.SyntaxError
		if assert.ErrorAs(t, err, &syntax, text) {
			assert.Equal(t, offset, syntax.Offset, text)
			assert.NotEmpty(t, syntax.Reason, text)
		}
	}
}

func TestAppendSeq(t *testing.T) {
	t.Parallel()
	for seq, want := range map[core.Seq]string{
		"": `0`, "0": `0`, "17": `17`, "9007199254740991": `9007199254740991`, "9007199254740992": `"9007199254740992"`, "007": `"007"`, "-1": `"-1"`, "3-g1AA\"": `"3-g1AA\""`,
	} {
		assert.Equal(t, want, string(core.AppendSeq(nil, seq)), "%q", seq)
	}
}

// A body does not keep the memory of large members that went elsewhere.
func TestParseDocumentKeepsNoMore(t *testing.T) {
	t.Parallel()
	doc, err := core.ParseDocument([]byte(`{"a":1,"_attachments":{"x":{"data":"` + strings.Repeat("A", 1<<20) + `"}}}`))
	require.NoError(t, err)
	assert.Equal(t, `{"a":1}`, string(doc.Body))
	assert.Less(t, cap(doc.Body), 1<<10)
}

func TestDocumentsRoundTrip(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	for range 1000 {
		text := g.Object()
		before := string(text)
		doc, err := core.ParseDocument(text)
		require.Equal(t, before, string(text), "the argument was modified")
		if err != nil {
			require.ErrorIs(t, err, core.ErrDocValidation, "%s", text) // a random name may begin with an underscore
			continue
		}
		require.Equal(t, string(rawjson.AppendCanonical(nil, text)), string(doc.Body))
		doc.ID, doc.Rev = g.Text(), core.Rev{Generation: 1, Hash: "a"}
		again, err := core.ParseDocument(doc.AppendJSON(nil))
		require.NoError(t, err)
		require.Equal(t, doc, again, "%s", text)
	}
}

func FuzzParseDocument(f *testing.F) {
	f.Add([]byte(`{"_id":"a","_rev":"1-a","_attachments":{"x":{"stub":true}},"a":{"b":[1,"é"]}}`))
	f.Add([]byte(`{"_revisions":{"start":2,"ids":["b","a"]},"_deleted":true}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := core.ParseDocument(text)
		if err != nil {
			require.Equal(t, 400, core.AsError(err).Status)
			return
		}
		printed := doc.AppendJSON(nil)
		require.NoError(t, rawjson.Validate(printed), "%s became %s", text, printed)
		again, err := core.ParseDocument(printed)
		require.NoError(t, err)
		require.Equal(t, printed, again.AppendJSON(nil))
		require.Equal(t, string(doc.Body), string(again.Body))
	})
}

func BenchmarkParseDocument(b *testing.B) {
	text := []byte(`{"_id":"task:1","_rev":"1-61f0e30e6ff519d017a3bd26ebb54939","type":"task","title":"water the plants","done":false,"created":1700000000000,"tags":["home","garden"],"note":"` + strings.Repeat("lorem ipsum ", 40) + `"}`)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := core.ParseDocument(text); err != nil {
			b.Fatal(err)
		}
	}
}
