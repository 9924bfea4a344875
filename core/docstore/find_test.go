package docstore_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/adaptertest"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/internal/golden"
)

func TestRecordedQueries(t *testing.T) {
	t.Parallel()
	adaptertest.RunRecordedQueries(t, func(t *testing.T, _ string) core.Adapter { return queryDB(t, memkv.New()) })
}

// The recorded session creates, lists and deletes indexes. What is a matter of HTTP is left out.
func TestRecordedIndexes(t *testing.T) {
	t.Parallel()
	var recorded struct {
		Session []struct {
			N            int
			Method, Path string
			Req          json.RawMessage
			ReqText      *string `json:"req_text"`
			Status       int
			Resp         json.RawMessage
		} `json:"index_api"`
	}
	golden.Load(t, "mango.json", &recorded)
	db := queryDB(t, memkv.New())
	created, deleted, listed := 0, 0, 0
	for _, c := range recorded.Session {
		body := []byte(c.Req)
		if c.ReqText != nil {
			body = []byte(*c.ReqText)
		}
		var want struct {
			Result, Error string
			Total         int `json:"total_rows"`
		}
		if len(c.Resp) > 0 && c.Resp[0] == '{' {
			require.NoError(t, json.Unmarshal(c.Resp, &want))
		}
		switch path := strings.TrimPrefix(c.Path, "/{db}/_index"); {
		case c.N == 45: // a partitioned index: CouchDB fails with a 500
			_, err := db.CreateIndex(t.Context(), body)
			require.Error(t, err)
			assert.Equal(t, 400, core.AsError(err).Status)
		case c.N == 29: // no body at all
		case c.Method == "POST" && path == "":
			made, err := db.CreateIndex(t.Context(), body)
			if c.Status != 200 {
				require.Error(t, err, "case %d: %s", c.N, body)
				assert.Equal(t, c.Status, core.AsError(err).Status, "case %d: %s", c.N, body)
				assert.Equal(t, want.Error, core.AsError(err).Name, "case %d: %s", c.N, body)
				continue
			}
			require.NoError(t, err, "case %d: %s", c.N, body)
			assert.Equal(t, want.Result == "exists", made.Existed, "case %d: %s", c.N, body)
			created++
		case c.Method == "DELETE" && strings.Contains(path, "/json/"):
			ddoc, name, _ := strings.Cut(strings.ReplaceAll(path[1:], "%2F", "/"), "/json/")
			err := db.DeleteIndex(t.Context(), ddoc, name)
			assert.Equal(t, c.Status == 200, err == nil, "case %d: %v", c.N, err)
			deleted++
		case c.N == 71: // several at once
			doc, err := db.Get(t.Context(), "_design/mydd", core.GetOptions{})
			require.NoError(t, err)
			_, err = core.Delete(t.Context(), db, doc.ID, doc.Rev)
			require.NoError(t, err)
		case c.Method == "GET" && path == "":
			list, err := db.Indexes(t.Context())
			require.NoError(t, err)
			assert.Len(t, list, want.Total, "case %d", c.N)
			listed++
		}
	}
	assert.Equal(t, []int{22, 5, 3}, []int{created, deleted, listed})
}

// An index is written into the design document that is there, with what others have put into it meanwhile.
func TestAnIndexJoinsItsDesignDocument(t *testing.T) {
	t.Parallel()
	db := queryDB(t, &contendedStore{Store: memkv.New()})
	attached := &core.Document{
		ID: "_design/d", Body: []byte(`{"language":"query","note":1}`),
		Attachments: []core.Attachment{{Name: "x", ContentType: "text/plain", Data: []byte("text")}},
	}
	_, err := core.Put(t.Context(), db, attached)
	require.NoError(t, err)
	const indexes = 8
	failed := make(chan error, indexes)
	for i := range indexes {
		go func() {
			_, err := db.CreateIndex(t.Context(), []byte(`{"index":{"fields":["f"]},"ddoc":"d","name":"`+string(rune('a'+i))+`"}`))
			failed <- err
		}()
	}
	for range indexes {
		require.NoError(t, <-failed)
	}
	list, err := db.Indexes(t.Context())
	require.NoError(t, err)
	assert.Len(t, list, 1+indexes)
	doc, err := db.Get(t.Context(), "_design/d", core.GetOptions{Attachments: true})
	require.NoError(t, err)
	assert.Contains(t, string(doc.Body), `"note":1`)
	require.Len(t, doc.Attachments, 1)
	assert.Equal(t, "text", string(doc.Attachments[0].Data))
	requireSound(t, db)
}
