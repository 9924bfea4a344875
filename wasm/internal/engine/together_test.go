package engine_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// Puts of one turn come out as if each had been awaited before the next.
func TestPutsOfOneTurnAreAnsweredEachForItself(t *testing.T) {
	t.Parallel()
	puts := func(db string) []string {
		var requests []string
		put := func(options, doc string) { requests = append(requests, `["put",`+db+`,`+options+`,`+doc+`]`) }
		for i := range 300 {
			id := strconv.Itoa(999 - i)
			switch i % 10 {
			case 3:
				put(`{}`, `{"_id":"`+id+`","_rev":"1-aa"}`) // nothing has that revision
			case 4:
				put(`{}`, `{"_id":"`+id+`","_deleted":true,"_rev":"1-bb"}`)
			case 5:
				put(`{}`, `{"_id":"_`+id+`"}`)
			case 6:
				put(`{}`, `{"_id":"`+id+`","_attachments":{"a":{"data":"aGVsbG8=","content_type":"text/plain"}}}`)
			case 7:
				put(`{}`, `{"_id":"`+id+`","_attachments":{"a":{"stub":true}}}`)
			case 8:
				put(`{"new_edits":false}`, `{"_id":"`+id+`","_rev":"3-cc"}`)
			case 9:
				put(`{}`, `{"_id":"_local/`+id+`"}`)
			default:
				put(`{}`, `{"_id":"`+id+`","text":"`+strings.Repeat("x", i)+`"}`)
			}
		}
		return requests
	}
	awaited := newShell(t)
	db := awaited.open("memory", "a")
	var expected []answer
	for _, request := range puts(db) {
		expected = append(expected, awaited.wait(awaited.submit(request)))
	}
	s := newShell(t)
	db = s.open("memory", "a")
	var calls []uint32
	for _, request := range puts(db) {
		calls = append(calls, s.submit(request))
	}
	for i, call := range calls {
		assert.Equal(t, expected[i], s.wait(call), "put %d", i)
	}
	list := `["allDocs",` + db + `,{"include_docs":true}]`
	assert.Equal(t, awaited.call(list), s.call(list))
	assert.Contains(t, s.call(`["usage",0,{}]`), `"calls":0`)
}

// Of two puts of one document, the first succeeds.
func TestPutsOfOneDocumentInOneTurn(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	var calls []uint32
	for i := range 100 {
		calls = append(calls, s.submit(`["put",`+db+`,{},{"_id":"`+strconv.Itoa(i%10)+`","n":`+strconv.Itoa(i)+`}]`))
	}
	written := 0
	for _, call := range calls {
		if s.wait(call).kind == engine.Result {
			written++
		}
	}
	assert.Equal(t, 10, written)
	require.Contains(t, s.call(`["info",`+db+`,{}]`), `"update_seq":10`)
}
