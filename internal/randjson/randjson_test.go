package randjson_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/randjson"
)

func TestValuesAreValidAndRepeatable(t *testing.T) {
	t.Parallel()
	a, b := randjson.New(1), randjson.New(1)
	for range 2000 {
		value := a.Value()
		require.Equal(t, value, b.Value())
		require.True(t, json.Valid(value), "%s", value)
		require.True(t, utf8.Valid(value))
		var object map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(a.Object(), &object))
		b.Object()
	}
	assert.NotEqual(t, randjson.New(2).Object(), randjson.New(3).Object())
	assert.True(t, json.Valid(a.Deep(500)))
}

func TestRespellKeepsTheValue(t *testing.T) {
	t.Parallel()
	g := randjson.New(4)
	changed := 0
	for range 500 {
		value := g.Value()
		respelled := g.Respell(value)
		if string(value) != string(respelled) {
			changed++
		}
		require.JSONEq(t, string(value), string(respelled))
	}
	assert.Greater(t, changed, 250)
}

func TestWithoutDuplicates(t *testing.T) {
	t.Parallel()
	g := randjson.New(5)
	g.Depth, g.Duplicates = 1, false
	for range 500 {
		object := g.Object()
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(object, &members))
		decoder := json.NewDecoder(bytes.NewReader(object))
		names, depth := 0, 0
		for {
			token, err := decoder.Token()
			require.NoError(t, err)
			switch token {
			case json.Delim('{'), json.Delim('['):
				depth++
			case json.Delim('}'), json.Delim(']'):
				depth--
			}
			if depth == 0 {
				break
			}
			if depth == 1 {
				names++ // and their values, and the opening bracket
			}
		}
		assert.Equal(t, 2*len(members), names-1, "%s", object)
	}
}
