//go:build js && wasm

package engine_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/wasm/internal/engine"
)

// With one thread, what was submitted begins when the test waits. A read that comes after it sees what it did.
func TestNothingIsAnsweredBeforeWhatWaitsToBegin(t *testing.T) {
	s := newShell(t)
	db := s.open("memory", "a")
	put := s.submit(`["put",` + db + `,{},{"_id":"x"}]`)
	get := `["get",` + db + `,{"id":"x"}]`
	_, done := s.answer(get)
	require.False(t, done)
	assert.Equal(t, engine.Result, s.wait(s.submit(get)).kind)
	assert.Equal(t, engine.Result, s.wait(put).kind)
	assert.Contains(t, s.atOnce(get), `"_id":"x"`)
}

// So puts of one turn are written together, in their order.
func TestPutsOfOneTurnKeepTheirOrder(t *testing.T) {
	s := newShell(t)
	db := s.open("memory", "a")
	var calls []uint32
	for i := range 1000 {
		calls = append(calls, s.submit(`["put",`+db+`,{},{"_id":"`+strconv.Itoa(i*7919%1000)+`"}]`))
	}
	for _, call := range calls {
		require.Equal(t, engine.Result, s.wait(call).kind)
	}
	ids, _ := s.idsIn(s.submit(`["changes",`+db+`,{"since":0}]`), "results")
	for i, id := range ids {
		require.Equal(t, strconv.Itoa(i*7919%1000), id)
	}
}
