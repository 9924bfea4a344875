package javascript_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/javascript"
)

// To show what was thrown can take as long as anything else that a function does.
func TestWhatIsThrownIsShownInTime(t *testing.T) {
	t.Parallel()
	runner := javascript.New(javascript.Options{Timeout: 50 * time.Millisecond})
	endless := "throw {toString() { for (;;); }}"
	maps, err := runner.Maps(t.Context(), []string{"function (doc) { " + endless + " }"})
	require.NoError(t, err)
	_, err = maps.Map(t.Context(), [][]byte{[]byte("{}")})
	assert.Equal(t, "timeout", core.AsError(err).Name)
	reduce, err := runner.Reduce(t.Context(), "function () { "+endless+" }")
	require.NoError(t, err)
	_, err = reduce.Reduce(t.Context(), []core.ReduceCall{{Keys: []byte("null"), Values: []byte("[]")}})
	assert.Equal(t, "timeout", core.AsError(err).Name)
	_, err = runner.Filter(t.Context(), "(function () { "+endless+" })()")
	assert.Equal(t, "compilation_error", core.AsError(err).Name)
}

// A document's members are there whatever a function has done to all objects, and to make them runs none of its code.
func TestDocumentsDoNotMeetSetters(t *testing.T) {
	t.Parallel()
	source := `function (doc) {
		emit(doc.n);
		Object.defineProperty(Object.prototype, "n", {set() { for (;;); }, configurable: true});
	}`
	maps, err := javascript.New(javascript.Options{}).Maps(t.Context(), []string{source})
	require.NoError(t, err)
	results, err := maps.Map(t.Context(), [][]byte{[]byte(`{"n":1}`), []byte(`{"n":2}`)})
	require.NoError(t, err)
	require.Len(t, results, 2)
	assert.Equal(t, "1", string(results[0][0].Rows[0].Key))
	assert.Equal(t, "2", string(results[1][0].Rows[0].Key))
}
