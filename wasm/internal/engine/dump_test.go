package engine_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Documents of dumps are texts: no number is lost, and attachments are said to follow.
func TestRevisionsAndLocalDocumentsAreTexts(t *testing.T) {
	s := newShell(t)
	db := s.open("memory", "dumped")
	assert.Equal(t, "[]", s.call(`["localDocs",`+db+`,{}]`))
	s.call(`["bulkDocs",` + db + `,{"new_edits":false},[{"_id":"a","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"n":12345678901234567890,"_attachments":{"x":{"data":"aGk="}}},{"_id":"a","_rev":"1-c","_deleted":true}]]`)
	s.call(`["put",` + db + `,{},{"_id":"_local/l","n":1.50}]`)
	s.call(`["put",` + db + `,{},{"_id":"_local/m"}]`)
	assert.Equal(t, `["{\"_id\":\"_local/l\",\"_rev\":\"0-1\",\"n\":1.50}","{\"_id\":\"_local/m\",\"_rev\":\"0-1\"}"]`, s.call(`["localDocs",`+db+`,{}]`))
	text := s.call(`["revisions",` + db + `,{},{"docs":[{"id":"a","rev":"2-b"},{"id":"a","rev":"7-gone"},{"id":"a","rev":"1-c"}]}]`)
	assert.True(t, strings.HasPrefix(text, `["{\"_id\":\"a\",\"_rev\":\"2-b\",\"n\":12345678901234567890,`), text)
	assert.Contains(t, text, `\"length\":2,\"follows\":true}}}","{\"_id\":\"a\",\"_rev\":\"1-c\",\"_deleted\":true,`)
	assert.Equal(t, "bad_request", s.fail(`["revisions",`+db+`,{},{}]`).Name)
}

func TestListDatabasesInMemory(t *testing.T) {
	s := newShell(t)
	assert.Equal(t, "[]", s.call(`["databases",0,{}]`))
	db := s.open("memory", "kept")
	s.open("passing", "elsewhere")
	s.call(`["close",0,{"db":` + db + `}]`)
	assert.Equal(t, `["kept"]`, s.call(`["databases",0,{}]`), "it is there though nobody has it open")
}

func TestChangesOfDocumentsWithSeveralLeaves(t *testing.T) {
	s := newShell(t)
	db := s.open("memory", "torn")
	s.call(`["bulkDocs",` + db + `,{"new_edits":false},[{"_id":"a","_rev":"1-a"},{"_id":"b","_rev":"1-a"},{"_id":"b","_rev":"1-b"},{"_id":"c","_rev":"1-a"}]]`)
	assert.JSONEq(t, `{"results":[{"seq":2,"id":"b","changes":[{"rev":"1-b"},{"rev":"1-a"}]}],"last_seq":3,"pending":0}`, s.call(`["changes",`+db+`,{"style":"all_docs","leaves":2}]`))
}

func TestAtomicBatch(t *testing.T) {
	s := newShell(t)
	db := s.open("memory", "atomic")
	s.call(`["put",` + db + `,{},{"_id":"a"}]`)
	rows := s.call(`["bulkDocs",` + db + `,{"atomic":true},[{"_id":"b"},{"_id":"a"}]]`)
	assert.Contains(t, rows, `"not_written"`)
	assert.Contains(t, rows, `"conflict"`)
	assert.Equal(t, 404, s.fail(`["get",`+db+`,{"id":"b"}]`).Status)
	assert.Equal(t, "query_parse_error", s.fail(`["bulkDocs",`+db+`,{"atomic":5},[]]`).Name)
}
