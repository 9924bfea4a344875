package core_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

func TestValidateDocID(t *testing.T) {
	t.Parallel()
	tests := []struct{ id, reason string }{
		{"a", ""},
		{" ", ""},
		{"a/b", ""},
		{"\x00", ""},
		{"_design/d", ""},
		{"_local/l", ""},
		{"", "Document id must not be empty"},
		{"_", "Only reserved document ids may start with underscore."},
		{"_a", "Only reserved document ids may start with underscore."},
		{"_design", "Only reserved document ids may start with underscore."},
		{"_designx/d", "Only reserved document ids may start with underscore."},
		{"_design/", "Illegal document id `_design/`"},
		{"_local/", "Illegal document id `_local/`"},
	}
	for _, test := range tests {
		err := core.ValidateDocID(test.id)
		if test.reason == "" {
			assert.NoError(t, err, "%q", test.id)
			continue
		}
		var e *core.Error
		require.ErrorAs(t, err, &e, "%q", test.id)
		assert.ErrorIs(t, err, core.ErrIllegalDocID)
		assert.Equal(t, test.reason, e.Reason, "%q", test.id)
	}
	assert.True(t, core.IsDesignID("_design/d"))
	assert.True(t, core.IsLocalID("_local/l"))
	assert.False(t, core.IsDesignID("_local/l"))
	assert.False(t, core.IsLocalID("local"))
}

// Ids in documents of recorded bulk writes and POSTs, where CouchDB looks at nothing but the document.
func TestIDsInDocumentsAsRecorded(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []recordedCase `json:"cases"`
	}
	golden.Load(t, "newedits.json", &file)
	refused := 0
	for _, c := range file.Cases {
		var answer recordedError
		_ = json.Unmarshal(c.Resp, &answer) // lists are no errors
		var bulk struct {
			Docs []json.RawMessage `json:"docs"`
		}
		_ = json.Unmarshal(c.Req, &bulk)
		if c.Method == "POST" && bulk.Docs == nil {
			bulk.Docs = []json.RawMessage{c.Req}
		}
		if answer.Error != "illegal_docid" || len(bulk.Docs) != 1 {
			continue
		}
		refused++
		doc, err := core.ParseDocument(bulk.Docs[0])
		if err == nil {
			err = core.ValidateDocID(doc.ID)
		}
		var e *core.Error
		if assert.True(t, errors.As(err, &e), "case %d: %s", c.N, c.Req) {
			assert.Equal(t, c.Status, e.Status, "case %d", c.N)
			assert.Equal(t, answer.Error, e.Name, "case %d", c.N)
			assert.True(t, strings.HasPrefix(e.Reason, answer.Reason), "case %d: %s", c.N, e.Reason)
		}
	}
	assert.Positive(t, refused)
}
