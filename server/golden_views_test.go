package server_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/golden"
	"github.com/gouchdb/gouchdb/server"
)

// recordedView is one request to a view with its answer.
type recordedView struct {
	N           int
	Ddoc, View  string
	Query       string
	Body        json.RawMessage
	Queries     bool
	Status      int
	Resp        json.RawMessage
	AfterUpdate bool `json:"after_update"`
}

// viewsOtherwise are answered otherwise on purpose, with this status.
var viewsOtherwise = map[int]struct {
	status int
	reason string
}{
	156: {200, "there is no require: design documents cannot be made of modules"},
	158: {200, "as 156"},
	228: {200, "CouchDB answers 500 when objects are added to other values; here the value is the error that it has for other unsuitable values"},
	230: {200, "as 228"},
	237: {200, "as 228"},
	238: {200, "the result depends on the shape of CouchDB's tree"},
	239: {200, "CouchDB's reduces a single value once more: as 238"},
	246: {200, "reduced values may be as long as they like"},
	247: {200, "as 239"},
}

// byStrings are views whose keys are strings that people and code points order differently: the same rows come in another order, and
// ranges hold others. What CouchDB was recorded to answer for them is compared where the views are, with the order of people.
var byStrings = []string{"cat", "any", "tags", "sum_arrays", "sum_objects", "stats_arrays", "stats_pre", "distinct", "top", "bottom", "custom_keys"}

func (c *recordedView) isByStrings() bool { return slices.Contains(byStrings, c.View) }

// TestGoldenViews sends the recorded requests, letter for letter.
func TestGoldenViews(t *testing.T) {
	t.Parallel()
	var recorded struct {
		Docs       []json.RawMessage
		DesignDocs []json.RawMessage `json:"design_docs"`
		Writes     []struct {
			Replicated, Doc, Put    json.RawMessage
			Deleted, Updated, Later string
			PutDesign               string `json:"put_design"`
		}
		Cases []recordedView
	}
	golden.Load(t, "views.json", &recorded)
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	write := func(body string) { s.ok(t, "POST", "/db/_bulk_docs", body) }
	documents, err := json.Marshal(recorded.Docs)
	require.NoError(t, err)
	write(`{"docs":` + string(documents) + `}`)
	same := 0
	replay := func(afterUpdate bool) {
		for i := range recorded.Cases {
			if c := &recorded.Cases[i]; c.AfterUpdate == afterUpdate && c.replay(t, s) {
				same++
			}
		}
	}
	for _, w := range recorded.Writes {
		switch {
		case w.Replicated != nil:
			write(`{"new_edits":false,"docs":[` + string(w.Replicated) + `]}`)
		case w.Deleted != "":
			var doc struct {
				Rev string `json:"_rev"`
			}
			require.NoError(t, json.Unmarshal([]byte(s.ok(t, "GET", "/db/"+w.Deleted, "")), &doc))
			s.ok(t, "DELETE", "/db/"+w.Deleted+"?rev="+doc.Rev, "")
		case w.Doc != nil:
			write(`{"docs":[` + string(w.Doc) + `]}`)
		case w.Put != nil:
			write(`{"docs":[` + string(w.Put) + `]}`)
		case w.PutDesign != "":
			for _, design := range recorded.DesignDocs {
				if strings.Contains(string(design), `"_design/`+w.PutDesign+`"`) {
					write(`{"docs":[` + string(design) + `]}`)
				}
			}
		case w.Later != "":
			replay(false)
		}
	}
	replay(true)
	assert.Greater(t, same, 200, "answers that are the same in every member and in order")
}

// replay sends a request, and reports whether the answer is the recorded one.
func (c *recordedView) replay(t *testing.T, s *testServer) bool {
	request := call{path: "/db/_design/" + c.Ddoc + "/_view/" + c.View}
	if c.Queries {
		request.path += "/queries"
	}
	if c.Query != "" {
		request.path += "?" + c.Query
	}
	if len(c.Body) > 0 {
		request.method, request.body = "POST", string(c.Body)
	}
	response, text := s.do(t, request)
	if e, excepted := viewsOtherwise[c.N]; excepted {
		assert.Equal(t, e.status, response.StatusCode, "%d %s: %s", c.N, request.path, text)
		return false
	}
	if c.isByStrings() && (c.Status == 400 || response.StatusCode == 400) && strings.Contains(string(c.Resp)+text, "No rows can match") {
		return false // which of two strings comes first
	}
	assert.Equal(t, c.Status, response.StatusCode, "%d %s: %s", c.N, request.path, text)
	wanted, err := decodeJSON(c.Resp)
	require.NoError(t, err)
	gotten, err := decodeJSON([]byte(text))
	require.NoError(t, err)
	if object, ok := wanted.(map[string]any); ok {
		delete(object, "ref") // there is nothing about it in the log
	}
	difference := matchJSON("", wanted, gotten)
	if !c.isByStrings() {
		assert.Empty(t, difference, "%d %s %s: %.500s", c.N, request.path, c.Body, text)
	}
	return difference == ""
}
