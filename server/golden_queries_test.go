package server_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/golden"
	"github.com/gouchdb/gouchdb/server"
)

// recordedIndexRequest is a request to _index and its like, sent in order, or one that CouchDB refused.
type recordedIndexRequest struct {
	N       int
	Method  string
	Path    string
	Req     json.RawMessage
	ReqText *string `json:"req_text"`
	Headers map[string]string
	Status  int
	Resp    json.RawMessage
}

func (c recordedIndexRequest) send(t *testing.T, s *testServer, db string) (status int, text string) {
	body := string(c.Req)
	if c.ReqText != nil {
		body = *c.ReqText
	}
	response, text := s.do(t, call{method: c.Method, path: strings.ReplaceAll(c.Path, "{db}", db), body: body, header: c.Headers})
	return response.StatusCode, text
}

// ourIndexNames stands for the names that CouchDB gives to indexes without one: hashes of definitions.
func ourIndexNames(name string) bool { return len(name) == 40 }

// TestGoldenIndexes replays what is recorded of _index, in its order. Names that are made of definitions are each server's own.
func TestGoldenIndexes(t *testing.T) {
	t.Parallel()
	var recorded struct {
		IndexAPI []recordedIndexRequest `json:"index_api"`
	}
	golden.Load(t, "mango.json", &recorded)
	otherwise := map[int]struct {
		status int
		reason string
	}{
		45: {400, "a request that is wrong is not the server's failure"},
		56: {400, "as 45"},
		57: {400, "as 45"},
		60: {500, "an index is not a view: it answers finds"},
	}
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	for _, c := range recorded.IndexAPI {
		want := c.Status
		e, excepted := otherwise[c.N]
		if excepted {
			want = e.status
		}
		status, text := c.send(t, s, "db")
		assert.Equal(t, want, status, "%d %s %s: %s", c.N, c.Method, c.Path, text)
		if excepted || status != want || strings.HasPrefix(string(c.Resp), `"`) {
			continue
		}
		expected, err := decodeJSON(c.Resp)
		require.NoError(t, err)
		got, err := decodeJSON([]byte(text))
		require.NoError(t, err)
		assert.Empty(t, matchIndexAnswer(expected, got), "%d %s %s: %s", c.N, c.Method, c.Path, text)
	}
}

// matchIndexAnswer is matchJSON for answers that may hold names made of definitions, and lists in their order.
func matchIndexAnswer(want, got any) string {
	wanted, _ := want.(map[string]any)
	gotten, _ := got.(map[string]any)
	if name, _ := wanted["name"].(string); ourIndexNames(name) {
		delete(wanted, "name")
		delete(gotten, "name")
	}
	if id, _ := wanted["id"].(string); ourIndexNames(strings.TrimPrefix(id, "_design/")) {
		delete(wanted, "id")
		delete(gotten, "id")
	}
	if reason, ok := wanted["reason"].(string); ok {
		// Values are shown as Erlang has them there, and as JSON here.
		wanted["reason"], _, _ = strings.Cut(reason, ":")
		text, _ := gotten["reason"].(string)
		gotten["reason"], _, _ = strings.Cut(text, ":")
		if strings.Contains(reason, "<<") {
			delete(wanted, "reason")
			delete(gotten, "reason")
		}
	}
	for _, list := range []string{"indexes", "rows", "views"} {
		if _, found := wanted[list]; found {
			delete(wanted, list)
			delete(gotten, list)
		}
	}
	delete(gotten, "ref")
	delete(wanted, "_rev")
	delete(gotten, "_rev")
	return matchJSON("", wanted, gotten)
}

// TestGoldenFindRefusals sends what CouchDB refused, byte for byte as it was sent.
func TestGoldenFindRefusals(t *testing.T) {
	t.Parallel()
	var recorded struct{ Invalid []recordedIndexRequest }
	golden.Load(t, "mango.json", &recorded)
	s := start(t, server.Options{})
	s.ok(t, "PUT", "/db", "")
	refused := 0
	for _, c := range recorded.Invalid {
		if c.Status == 200 || strings.Contains(c.Path, "_partition") {
			continue // what it means is a matter of the documents; and there are no partitions
		}
		if c.Method == "" {
			c.Method, c.Path = "POST", "/{db}/_find"
		}
		status, text := c.send(t, s, "db")
		if status == 200 && strings.Contains(string(c.Resp), "no_usable_index") && strings.Contains(text, "sorted in memory") {
			continue // CouchDB refuses to sort in memory
		}
		assert.GreaterOrEqual(t, status, 400, "%d: %s", c.N, text)
		if c.Status != 500 && c.Method != "HEAD" { // a 500 is a 400 here: the request is wrong
			assert.Equal(t, c.Status, status, "%d: %s", c.N, text)
			var want, got struct{ Error string }
			require.NoError(t, json.Unmarshal(c.Resp, &want))
			require.NoError(t, json.Unmarshal([]byte(text), &got))
			assert.Equal(t, want.Error, got.Error, "%d: %s", c.N, text)
		}
		refused++
	}
	assert.Greater(t, refused, 90)
}
