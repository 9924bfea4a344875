package rawjson_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

func TestCursor(t *testing.T) {
	t.Parallel()
	c := rawjson.NewCursor([]byte(` { "a" : [ 1 , {"x":2} , [] ] , "b\"" :"]}", "c": { } , "d":null } `))
	assert.False(t, c.Open(rawjson.Array))
	require.True(t, c.Open(rawjson.Object))
	require.True(t, c.Next())
	assert.Equal(t, `"a"`, string(c.Name()))
	require.True(t, c.Open(rawjson.Array))
	var elements []string
	for c.Next() {
		elements = append(elements, string(c.Value()))
	}
	assert.Equal(t, []string{"1", `{"x":2}`, "[]"}, elements)
	require.True(t, c.Next())
	assert.Equal(t, `"b\""`, string(c.Name()))
	assert.False(t, c.Open(rawjson.Object), "a string stays")
	assert.Equal(t, `"]}"`, string(c.Value()))
	require.True(t, c.Next())
	assert.Equal(t, `"c"`, string(c.Name()))
	require.True(t, c.Open(rawjson.Object))
	assert.False(t, c.Next())
	require.True(t, c.Next())
	assert.Equal(t, `"d"`, string(c.Name()))
	assert.Equal(t, "null }", string(c.Rest()))
	assert.Equal(t, "null", string(c.Value()))
	assert.False(t, c.Next())
	assert.False(t, c.Next(), "nor ever after")
}

// walk prints a value compactly by means of a Cursor alone.
func walk(dst []byte, c *rawjson.Cursor) []byte {
	switch {
	case c.Open(rawjson.Array):
		dst = append(dst, '[')
		for i := 0; c.Next(); i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = walk(dst, c)
		}
		return append(dst, ']')
	case c.Open(rawjson.Object):
		dst = append(dst, '{')
		for i := 0; c.Next(); i++ {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, c.Name()...), ':')
			dst = walk(dst, c)
		}
		return append(dst, '}')
	}
	return append(dst, c.Value()...)
}

func TestCursorProperties(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 2000 {
		value := g.Value()
		c := rawjson.NewCursor(value)
		require.Equal(t, string(rawjson.AppendCompact(nil, value)), string(walk(nil, &c)), "%s", value)
		require.Empty(t, c.Rest())
		// On what is no JSON it ends, too.
		broken := append([]byte(nil), value...)
		for range 1 + random.IntN(3) {
			broken[random.IntN(len(broken))] = `{}[]",:\ 1`[random.IntN(10)]
		}
		c = rawjson.NewCursor(broken[:random.IntN(len(broken)+1)])
		walk(nil, &c)
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for quoted, want := range map[string]string{`"_id"`: "_id", `""`: "", `"\u005fid"`: "_id", `"a\\\"b"`: `a\"b`, ``: "", `"`: ""} {
		assert.Equal(t, want, string(rawjson.Name([]byte(quoted))), quoted)
	}
}
