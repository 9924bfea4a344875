package engine_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/core/kv/logkv/memdevice"
	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// fill writes documents of about a kilobyte, those with the highest ids first.
func (s *shell) fill(db string, count int) {
	s.t.Helper()
	for batch := count / 100; batch > 0; batch-- {
		docs := make([]string, 100)
		for i := range docs {
			docs[i] = `{"_id":"` + strconv.Itoa(1000+batch*100+i) + `","text":"` + strings.Repeat("text ", 200) + `"}`
		}
		s.call(`["bulkDocs",` + db + `,{},[` + strings.Join(docs, ",") + `]]`)
	}
}

// idsIn returns the ids of all rows of an answer, those of its parts first, and how many parts there were.
func (s *shell) idsIn(call uint32, list string) (ids []string, parts int) {
	s.t.Helper()
	result := s.wait(call)
	require.Equal(s.t, engine.Result, result.kind, result.text)
	var answer map[string]json.RawMessage
	require.NoError(s.t, json.Unmarshal([]byte(result.text), &answer))
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range append(s.parts[call], string(answer[list])) {
		assert.Less(s.t, len(text), 200_000)
		var rows []struct {
			ID  string
			Doc string `json:"_id"`
		}
		require.NoError(s.t, json.Unmarshal([]byte(text), &rows))
		for _, row := range rows {
			ids = append(ids, row.ID+row.Doc)
		}
	}
	return ids, len(s.parts[call])
}

func TestLongAnswersComeInParts(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	db := s.open("memory", "a")
	s.fill(db, 1000)
	for list, request := range map[string]string{
		"rows":    `["allDocs",` + db + `,{"include_docs":true}]`,
		"results": `["changes",` + db + `,{"since":0,"include_docs":true}]`,
		"docs":    `["find",` + db + `,{},{"selector":{},"limit":100000}]`,
	} {
		ids, parts := s.idsIn(s.submit(request), list)
		assert.Greater(t, parts, 5, list)
		require.Len(t, ids, 1000, list)
		seen := map[string]bool{}
		for i, id := range ids {
			seen[id] = true
			if list != "results" {
				require.Equal(t, strconv.Itoa(1100+i), id, list)
			}
		}
		assert.Len(t, seen, 1000, list)
	}
}

// The beginning is in memory, what follows is not: the rows that went ahead do not come twice.
func TestAnAnswerThatIsMadeAnewComesOnce(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	s.engine = engine.New(engine.Openers{"log": {Open: func(ctx context.Context, name string, _ []byte) (core.Adapter, error) {
		store, err := logkv.Open(ctx, memdevice.New().Open(nil), logkv.Options{CacheBytes: 600_000})
		if err != nil {
			return nil, err
		}
		return docstore.Open(ctx, store, docstore.Options{Name: name})
	}}}, s.deliver)
	db := s.open("log", "a")
	s.fill(db, 1000)
	request := `["allDocs",` + db + `,{"include_docs":true}]`
	s.mu.Lock()
	s.last++
	call := s.last
	s.answers[call] = make(chan answer, 2)
	s.mu.Unlock()
	require.Equal(t, engine.Not, s.engine.Answer(call, []byte(request)), "it does not fit into the cache")
	assert.True(t, s.again[call], "parts of it do")
	s.engine.Submit(call, []byte(request))
	ids, parts := s.idsIn(call, "rows")
	assert.Greater(t, parts, 5)
	require.Len(t, ids, 1000)
	for i, id := range ids {
		require.Equal(t, strconv.Itoa(1100+i), id)
	}
	s.call(`["close",0,{"db":` + db + `}]`)
}
