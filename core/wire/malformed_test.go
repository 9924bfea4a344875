package wire

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// parsers are all the readers of whole texts, by the name of what they read.
var parsers = map[string]func(text []byte) error{
	"info":         func(text []byte) error { _, err := ParseInfo(text); return err },
	"bulk results": func(text []byte) error { _, err := ParseBulkResults(text); return err },
	"open revs":    func(text []byte) error { _, err := ParseOpenRevs(text); return err },
	"bulk get":     func(text []byte) error { _, err := ParseBulkGetResults(text); return err },
	"all docs": func(text []byte) error {
		_, err := ParseAllDocs(text, func(*core.AllDocsRow) error { return nil })
		return err
	},
	"changes": func(text []byte) error {
		_, err := ParseChanges(text, func(*core.Change) error { return nil })
		return err
	},
	"change":           func(text []byte) error { _, err := ParseChange(text); return err },
	"all docs row":     func(text []byte) error { _, err := ParseAllDocsRow(text); return err },
	"revs diff":        func(text []byte) error { _, err := ParseRevsDiff(text); return err },
	"purge":            func(text []byte) error { _, err := ParsePurgeResult(text); return err },
	"bulk docs":        func(text []byte) error { _, err := ParseBulkDocs(text); return err },
	"requests by id":   func(text []byte) error { _, err := ParseDocRevs(text); return err },
	"bulk get request": func(text []byte) error { _, err := ParseBulkGetRequest(text); return err },
	"view row":         func(text []byte) error { _, err := ParseViewRow(text); return err },
	"view summary":     func(text []byte) error { _, err := ParseViewSummary(text); return err },
	"find summary":     func(text []byte) error { _, err := ParseFindSummary(text); return err },
	"created index":    func(text []byte) error { _, err := ParseCreatedIndex(text); return err },
	"indexes":          func(text []byte) error { _, err := ParseIndexes(text); return err },
}

func TestMalformed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		want  *core.Error
		texts []string
	}{
		"info":         {core.ErrNotCouchDB, []string{`{}`, `[]`, `7`, `{"couchdb":"Welcome"}`}},
		"bulk results": {core.ErrNotCouchDB, []string{`{}`, `null`, `{"error":"x"}`}},
		"open revs":    {core.ErrNotCouchDB, []string{`{}`, `[{}]`, `[7]`, `[{"missing":7}]`, `[{"missing":"x"}]`}},
		"bulk get": {core.ErrNotCouchDB, []string{`{}`, `[]`, `{"results":{}}`, `{"results":[{"id":"a","docs":[[]]}]}`, `{"results":[{"id":"a","docs":[{"x":1}]}]}`, `{"results":[{"id":"a","docs":[{"missing":7}]}]}`, `{"results":[{"id":"a","docs":[{"error":{}}]}]}`,
			`{"results":[{"id":"a","docs":[{"error":7}]}]}`}},
		"all docs":      {core.ErrNotCouchDB, []string{`{}`, `[]`, `{"rows":{}}`, `{"rows":[{}]}`, `{"rows":[7]}`}},
		"all docs row":  {core.ErrNotCouchDB, []string{`{}`, `7`, `{"key":"a"}`, `{"key":7,"value":{"rev":"1-a"}}`, `{"key":"a","value":{"rev":"x"}}`, `{"key":"a","value":{}}`, `{"value":{"rev":"1-a"}}`}},
		"view row":      {core.ErrNotCouchDB, []string{`{}`, `7`, `{"key":"a"}`, `{"value":"a"}`}},
		"view summary":  {core.ErrNotCouchDB, []string{`{}`, `[]`, `{"rows":{}}`, `{"total_rows":7}`}},
		"find summary":  {core.ErrNotCouchDB, []string{`{}`, `7`, `{"docs":{}}`, `{"bookmark":"nil"}`}},
		"created index": {core.ErrNotCouchDB, []string{`{}`, `[]`, `{"id":"a"}`, `{"id":"a","name":7}`, `{"name":"a"}`}},
		"indexes":       {core.ErrNotCouchDB, []string{`{}`, `[]`, `{"indexes":{}}`, `{"indexes":[{}]}`, `{"indexes":[7]}`, `{"indexes":[{"name":"a","def":[]}]}`}},
		"changes":       {core.ErrNotCouchDB, []string{`{}`, `[]`, `{"results":[]}`, `{"last_seq":7}`, `{"results":{},"last_seq":7}`, `{"results":[{}],"last_seq":7}`, `{"results":[],"last_seq":null}`}},
		"change":        {core.ErrNotCouchDB, []string{`{}`, `7`, `{"id":7}`, `{"id":"a","changes":[{}]}`, `{"id":"a","changes":[{"rev":"x"}]}`, `{"id":"a","changes":["1-a"]}`}},
		"revs diff":     {core.ErrNotCouchDB, []string{`[]`, `{"a":[]}`, `{"a":{}}`, `{"a":{"missing":["x"]}}`, `{"a":{"missing":[],"possible_ancestors":7}}`, `{"a":{"missing":[],"possible_ancestors":["x"]}}`}},
		"purge":         {core.ErrNotCouchDB, []string{`{}`, `[]`, `{"purged":[]}`, `{"purged":{"a":"1-a"}}`, `{"purged":{"a":["x"]}}`}},
		"bulk docs": {core.ErrBadRequest, []string{`[]`, `7`, `{}`, `{"docs":{}}`, `{"docs":7}`, `{"docs":[7]}`, `{"docs":[[]]}`, `{"docs":[],"new_edits":"no"}`, `{"docs":[],"new_edits":null}`,
			`{"docs":[{"_id":"a","_rev":7}]}`, `{"docs":[{"_id":"a","_rev":"x"}]}`}},
		"requests by id":   {core.ErrBadRequest, []string{`[]`, `7`, `{"a":"1-a"}`, `{"a":[7]}`, `{"a":["x"]}`, `{"a":["1-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"]}`}},
		"bulk get request": {core.ErrBadRequest, []string{`[]`, `{}`, `{"docs":{}}`, `{"docs":[7]}`, `{"docs":[{}]}`, `{"docs":[{"id":7}]}`, `{"docs":[{"id":"a","rev":7}]}`, `{"docs":[{"id":"a","rev":"x"}]}`}},
	} {
		for _, text := range test.texts {
			err := parsers[name]([]byte(text))
			assert.ErrorIs(t, err, test.want, "%s: %s", name, text)
		}
	}
	for text, want := range map[string]*core.Error{`{"docs":[{"_id":7}]}`: core.ErrIllegalDocID, `{"docs":[{"_nope":1}]}`: core.ErrDocValidation, `{"docs":[{"_revisions":{}}]}`: core.ErrDocValidation} {
		_, err := ParseBulkDocs([]byte(text))
		assert.ErrorIs(t, err, want, text)
	}
}

func TestParseErrorOfStrangers(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "<html>", `{`, `[]`, `"error"`, `{}`, `{"error":true}`, `{"error":{"code":1}}`, `{"message":"x"}`} {
		assert.Same(t, core.ErrNotCouchDB, ParseError(404, []byte(text)), text)
	}
	assert.Equal(t, core.NewError(404, "not_found", ""), ParseError(404, []byte(`{"error":"not_found"}`)))
}

func TestOneBadDocumentDoesNotSpoilABulkGet(t *testing.T) {
	t.Parallel()
	results, err := ParseBulkGetResults([]byte(`{"results":[{"id":"a","docs":[{"ok":{"_id":"a","_rev":"1-a","_strange":1}},{"ok":{"_id":"a","_rev":"x"}}]},{"id":"b","docs":[{"ok":{"_id":"b","_rev":"1-b"}}]}]}`))
	require.NoError(t, err)
	assert.ErrorIs(t, results[0].Docs[0].Err, core.ErrDocValidation)
	assert.Equal(t, core.Rev{Generation: 1, Hash: "a"}, results[0].Docs[0].Rev)
	assert.ErrorIs(t, results[0].Docs[1].Err, core.ErrBadRev)
	assert.Equal(t, "a", results[0].Docs[1].Err.ID)
	assert.Equal(t, "b", results[1].Docs[0].Doc.ID)
	// What is not JSON has no end, and nothing can be read after it.
	results, err = ParseBulkGetResults([]byte(`{"results":[{"id":"a","docs":[{"ok":{"_id":tru}},{"ok":{"_id":"a","_rev":"1-a"}}]}]}`))
	require.ErrorIs(t, err, core.ErrBadJSON)
	assert.Nil(t, results)
}

func TestServersThatDiffer(t *testing.T) {
	t.Parallel()
	// express-pouchdb's error rows have one level less, or nothing at all, and PouchDB sends the status along.
	results, err := ParseBulkGetResults([]byte(`{"results":[{"id":"a","docs":[{"error":"not_found","reason":"missing"},{},{"missing":"1-a"}]}]}`))
	require.NoError(t, err)
	for _, doc := range results[0].Docs {
		assert.ErrorIs(t, doc.Err, core.ErrMissing)
	}
	rows, err := ParseBulkResults([]byte(`[{"id":"a","status":409,"name":"conflict","error":"conflict","message":"x"},{"id":"b","status":418,"error":"teapot"}]`))
	require.NoError(t, err)
	assert.ErrorIs(t, rows[0].Err, core.ErrConflict)
	assert.Equal(t, 418, rows[1].Err.Status)
	for text, want := range map[string]core.Seq{`5`: "5", `"5-x"`: "5-x", `[5,"x"]`: `[5,"x"]`, `null`: "", ``: "", ` 5 `: "5"} {
		assert.Equal(t, want, ParseSeq([]byte(text)), text)
	}
}

func TestDocumentsWithoutIDs(t *testing.T) {
	t.Parallel()
	for want, doc := range map[string]*core.Document{
		`{"docs":[{}]}`:      {Body: core.EmptyBody},
		`{"docs":[{"v":1}]}`: {Body: []byte(`{"v":1}`)},
		`{"docs":[{"_rev":"1-a","v":1,"_deleted":true}]}`: {Rev: core.Rev{Generation: 1, Hash: "a"}, Body: []byte(`{"v":1}`), Deleted: true},
	} {
		assert.Equal(t, want, string(AppendBulkDocs(nil, []*core.Document{doc}, core.BulkDocsOptions{})))
	}
}

func TestErrorsOfEachAreReturned(t *testing.T) {
	t.Parallel()
	stop := errors.New("stop")
	_, err := ParseAllDocs([]byte(`{"rows":[{"key":"a","error":"not_found"}]}`), func(*core.AllDocsRow) error { return stop })
	assert.Equal(t, stop, err)
	_, err = ParseChanges([]byte(`{"results":[{"id":"a"}],"last_seq":1}`), func(*core.Change) error { return stop })
	assert.Equal(t, stop, err)
}

// FuzzParsers looks for a text that makes a parser panic: valid or not, for what is promised of valid text only must still not take the process down.
func FuzzParsers(f *testing.F) {
	for _, text := range []string{
		`{"db_name":"x","update_seq":"1-x","sizes":{"active":1,"file":2}}`, `[{"ok":true,"id":"a","rev":"1-a"},{"id":"b","error":"conflict","reason":"x"}]`,
		`[{"ok":{"_id":"a","_rev":"1-a","_revisions":{"start":1,"ids":["a"]}}},{"missing":"1-b"}]`,
		`{"results":[{"id":"a","docs":[{"ok":{"_id":"a"}},{"error":{"id":"a","rev":"undefined","error":"not_found","reason":"missing"}}]}]}`,
		`{"total_rows":1,"offset":null,"rows":[{"id":"a","key":"a","value":{"rev":"1-a","deleted":true},"doc":null}],"update_seq":1}`,
		`{"results":[{"seq":null,"id":"a","changes":[{"rev":"1-a"}],"deleted":true,"doc":{"_id":"a"}}],"last_seq":7,"pending":0}`,
		`{"a":{"missing":["1-a"],"possible_ancestors":["1-b"]}}`, `{"purge_seq":null,"purged":{"a":["1-a"]}}`,
		`{"docs":[{"_id":"a","_attachments":{"f":{}},"_local_seq":7,"_revs_info":[{"rev":"1-a","status":"x"}]}],"new_edits":false}`, `{"docs":[{"id":"a","rev":"1-a"}]}`, `{"a":["1-a"]}`,
		`{"\u005fid":"a","_conflicts":["1-a",7]}`, `{"a`, `"`, `{"a":`, "\"\\", `[{"ok"`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, parse := range parsers {
			_ = parse(text)
		}
		_ = ParseError(500, text)
		_ = ParseSeq(text)
	})
}
