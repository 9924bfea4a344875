package mango_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// recorded is what CouchDB answered.
type recorded struct {
	Docs      []json.RawMessage `json:"docs"`
	Conflicts []json.RawMessage `json:"conflicts"`
	Indexes   []struct {
		Req json.RawMessage `json:"req"`
	} `json:"indexes"`
	Cases    []recordedCase `json:"cases"`
	Explains []struct {
		DB   string          `json:"db"`
		Req  json.RawMessage `json:"req"`
		Resp json.RawMessage `json:"resp"`
	} `json:"explains"`
	Paging []struct {
		DB    string          `json:"db"`
		Req   json.RawMessage `json:"req"`
		Pages []struct {
			IDs  []string          `json:"ids"`
			Docs []json.RawMessage `json:"docs"`
		} `json:"pages"`
	} `json:"paging"`
	Invalid  []recordedRequest `json:"invalid"`
	IndexAPI []recordedRequest `json:"index_api"`
}

type recordedCase struct {
	N       int               `json:"n"`
	Group   string            `json:"group"`
	DB      string            `json:"db"`
	Req     json.RawMessage   `json:"req"`
	Status  int               `json:"status"`
	Resp    recordedError     `json:"resp"`
	IDs     []string          `json:"ids"`
	Docs    []json.RawMessage `json:"docs"`
	Warning string            `json:"warning"`
	Explain *recordedExplain  `json:"explain"`
}

type recordedExplain struct {
	Index struct {
		Name string `json:"name"`
	} `json:"index"`
	Selector  json.RawMessage `json:"selector"`
	StartKey  json.RawMessage `json:"start_key"`
	EndKey    json.RawMessage `json:"end_key"`
	Direction string          `json:"direction"`
	Covering  bool            `json:"covering"`
}

type recordedRequest struct {
	N       int             `json:"n"`
	Method  string          `json:"method"`
	Path    string          `json:"path"`
	Req     json.RawMessage `json:"req"`
	ReqText *string         `json:"req_text"`
	Status  int             `json:"status"`
	Resp    json.RawMessage `json:"resp"`
}

func (r recordedRequest) body() []byte {
	if r.ReqText != nil {
		return []byte(*r.ReqText)
	}
	return r.Req
}

func (r recordedRequest) failure(t *testing.T) (failure recordedError) {
	if len(r.Resp) > 0 && r.Resp[0] == '{' {
		require.NoError(t, json.Unmarshal(r.Resp, &failure))
	}
	return failure
}

type recordedError struct {
	Error  string `json:"error"`
	Reason string `json:"reason"`
}

var loadRecorded = sync.OnceValue(func() *recorded {
	text, err := os.ReadFile(golden.Path("mango.json"))
	if err != nil {
		panic(err)
	}
	var r recorded
	if err := json.Unmarshal(text, &r); err != nil {
		panic(err)
	}
	return &r
})

// dataset returns the recorded documents in the order of their ids.
var dataset = sync.OnceValue(func() []*core.Document {
	var docs []*core.Document
	for _, text := range loadRecorded().Docs {
		doc, err := core.ParseDocument(text)
		if err != nil {
			panic(err)
		}
		if doc.Rev, err = revid.New(core.Rev{}, false, doc.Body, nil); err != nil {
			panic(err)
		}
		docs = append(docs, doc)
	}
	for _, text := range loadRecorded().Conflicts {
		losing, err := core.ParseDocument(text)
		if err != nil {
			panic(err)
		}
		for _, doc := range docs {
			if doc.ID == losing.ID {
				doc.Conflicts = []core.Rev{losing.Rev}
			}
		}
	}
	slices.SortFunc(docs, func(a, b *core.Document) int { return strings.Compare(a.ID, b.ID) })
	return docs
})
