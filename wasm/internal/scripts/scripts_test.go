package scripts_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/wasm/internal/scripts"
)

// host answers requests from a table; one that is not there fails the test.
func host(t *testing.T, answers map[string]string) core.Scripts {
	return scripts.New(func(request []byte) []byte {
		answer, found := answers[string(request)]
		require.True(t, found, "%s", request)
		return []byte(answer)
	})
}

func texts(values ...string) [][]byte {
	var all [][]byte
	for _, value := range values {
		all = append(all, []byte(value))
	}
	return all
}

func TestMap(t *testing.T) {
	t.Parallel()
	s := host(t, map[string]string{
		`["map",["f","g\""],[]]`:                    `[]`,
		`["map",["f","g\""],[{"_id":"a"},{"n":1}]]`: `[[["k",1,[2],{"x":null}],"boom"],[[],[null,null]]]`,
	})
	maps, err := s.Maps(t.Context(), []string{"f", `g"`})
	require.NoError(t, err)
	defer maps.Close()
	mapped, err := maps.Map(t.Context(), texts(`{"_id":"a"}`, `{"n":1}`))
	require.NoError(t, err)
	require.Len(t, mapped, 2)
	assert.Equal(t, core.Mapped{Rows: []core.Emitted{{Key: []byte(`"k"`), Value: []byte("1")}, {Key: []byte("[2]"), Value: []byte(`{"x":null}`)}}}, mapped[0][0])
	assert.ErrorContains(t, mapped[0][1].Err, "boom")
	assert.Empty(t, mapped[0][1].Rows)
	assert.NoError(t, mapped[1][0].Err)
	assert.Empty(t, mapped[1][0].Rows)
	assert.Equal(t, core.Mapped{Rows: []core.Emitted{{Key: []byte("null"), Value: []byte("null")}}}, mapped[1][1])
}

// An answer that is not about the documents and functions of the request is a failure.
func TestMapWithAnotherCount(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{`[[[]]]`, `[[[],[],[]]]`, `[]`, `[[[],[]],[[],[]]]`, `[1]`} {
		s := host(t, map[string]string{`["map",["f","g"],[]]`: `[]`, `["map",["f","g"],[{}]]`: answer})
		maps, err := s.Maps(t.Context(), []string{"f", "g"})
		require.NoError(t, err)
		_, err = maps.Map(t.Context(), texts(`{}`))
		assert.ErrorIs(t, err, core.ErrInternal, answer)
	}
}

func TestReduce(t *testing.T) {
	t.Parallel()
	s := host(t, map[string]string{
		`["reduce",["f"],[]]`: `[]`,
		`["reduce",["f"],[[[[1,"a"]],[5],false],[null,[5,6],true]]]`: `[[{"n":5}],"boom"]`,
	})
	f, err := s.Reduce(t.Context(), "f")
	require.NoError(t, err)
	defer f.Close()
	reduced, err := f.Reduce(t.Context(), []core.ReduceCall{{Keys: []byte(`[[1,"a"]]`), Values: []byte("[5]")}, {Values: []byte("[5,6]"), Rereduce: true}})
	require.NoError(t, err)
	assert.Equal(t, core.Reduced{Value: []byte(`{"n":5}`)}, reduced[0])
	assert.ErrorContains(t, reduced[1].Err, "boom")
	assert.Nil(t, reduced[1].Value)
}

func TestFilter(t *testing.T) {
	t.Parallel()
	s := host(t, map[string]string{
		`["filter",["f"],[]]`:                        `[]`,
		`["filter",["f"],[{"n":1},{}],{"query":{}}]`: `[true,false]`,
		`["filter",["f"],[{"n":2}],{}]`:              `{"status":500,"name":"script_error","reason":"boom"}`,
	})
	f, err := s.Filter(t.Context(), "f")
	require.NoError(t, err)
	defer f.Close()
	passes, err := f.Filter(t.Context(), texts(`{"n":1}`, `{}`), []byte(`{"query":{}}`))
	require.NoError(t, err)
	assert.Equal(t, []bool{true, false}, passes)
	_, err = f.Filter(t.Context(), texts(`{"n":2}`), []byte(`{}`))
	assert.ErrorIs(t, err, core.NewError(500, "script_error", ""))
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]error{
		`{"status":400,"name":"compilation_error","reason":"no"}`: core.NewError(400, "compilation_error", ""),
		`{}`:  core.ErrInternal,
		``:    core.ErrInternal,
		`[1]`: core.ErrInternal,
	} {
		s := scripts.New(func([]byte) []byte { return []byte(answer) })
		_, err := s.Maps(t.Context(), []string{"f"})
		assert.ErrorIs(t, err, want, answer)
		_, err = s.Reduce(t.Context(), "f")
		assert.ErrorIs(t, err, want, answer)
		_, err = s.Filter(t.Context(), "f")
		assert.ErrorIs(t, err, want, answer)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := host(t, nil).Maps(ended, []string{"f"})
	assert.ErrorIs(t, err, context.Canceled)
}
