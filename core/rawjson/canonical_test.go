package rawjson_test

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/randjson"
)

func TestAppendCanonical(t *testing.T) {
	t.Parallel()
	tests := []struct{ rule, text, want string }{
		{"white space goes", " { \"a b\" : [ 1 ,\n2 ] ,\t\"c\":{ } }\r", `{"a b":[1,2],"c":{}}`},
		{"numbers stay as they are", `[1.0,1e0,-0,0.50,1E5]`, `[1.0,1e0,-0,0.50,1E5]`},
		{"escapes go where they are not needed", `"\u00e9\/\u0041\ud83d\ude00\u007f"`, "\"é/A😀\u007f\""},
		{"and are as short as can be", `"\u0008\u000a\u001f\u0022\u005c"`, `"\b\n\u001F\"\\"`},
		{"the last of equal names stays", `{"a":1,"b":2,"a":3}`, `{"b":2,"a":3}`},
		{"however it is spelled", `{"a":1,"b":2,"\u0061":3}`, `{"b":2,"a":3}`},
		{"also inside", `[{"x":{"a":1,"a":{"b":1,"b":2}}}]`, `[{"x":{"a":{"b":2}}}]`},
		{"also inside what goes", `{"x":{"a":1,"a":2},"x":{"b":{"c":1,"c":2}}}`, `{"x":{"b":{"c":2}}}`},
		{"a string value is no name", `["a","a",{"b":"a","a":"b"}]`, `["a","a",{"b":"a","a":"b"}]`},
		{"a scalar", " true ", "true"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, string(rawjson.AppendCanonical(nil, []byte(test.text))))
			assert.Equal(t, `{"a":0,`+test.want, string(rawjson.AppendCanonical([]byte(`{"a":0,`), []byte(test.text))), "what stands before is left alone")
		})
	}
}

func TestAppendCanonicalProperties(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	g := randjson.New(seed)
	for range 3000 {
		value := g.Value()
		canonical := rawjson.AppendCanonical(nil, value)
		require.NoError(t, rawjson.Validate(canonical), "%s became %s", value, canonical)
		require.LessOrEqual(t, len(canonical), len(value), "%s became %s", value, canonical)
		require.Equal(t, plain(t, value), plain(t, canonical), "%s became %s", value, canonical)
		require.Equal(t, string(canonical), string(rawjson.AppendCanonical(nil, canonical)), "twice is once")
		require.Equal(t, string(canonical), string(rawjson.AppendCanonical(nil, g.Respell(value))), "spelling does not matter")
		require.Equal(t, string(canonical), string(rawjson.AppendCanonical(value[:0], value)), "nor does the place")
	}
}

// plain decodes with another parser, for which too the last of equal names counts.
func plain(t testing.TB, text []byte) any {
	t.Helper()
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value))
	return value
}

// A cut for each level must not move the rest for each level.
func TestAppendCanonicalOnHostileNesting(t *testing.T) {
	t.Parallel()
	const depth = 300_000
	text := strings.Repeat(`{"":0,"":`, depth) + "0" + strings.Repeat("}", depth)
	want := strings.Repeat(`{"":`, depth) + "0" + strings.Repeat("}", depth)
	assert.True(t, want == string(rawjson.AppendCanonical(nil, []byte(text))))
}
