package dump_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/dump"
)

// replicate returns how many revisions were looked at and how many were written.
func replicate(t *testing.T, source, target core.Adapter) [2]int {
	t.Helper()
	result, err := replication.Run(t.Context(), source, target, replication.Options{})
	require.NoError(t, err)
	return [2]int{result.MissingChecked, result.DocsWritten}
}

func fill(t *testing.T, db core.Adapter, prefix string, count int) {
	t.Helper()
	for i := range count {
		write(t, db, `{"_id":"`+prefix+strconv.Itoa(i)+`"}`)
	}
}

// A copy and the database that was dumped look at nothing that both have had, in either direction.
func TestCopyAndOriginal(t *testing.T) {
	t.Parallel()
	source := open(t)
	fill(t, source, "a", 50)
	target := loaded(t, dumped(t, source))
	fill(t, source, "b", 2)
	fill(t, target, "c", 3)
	assert.Equal(t, [2]int{2, 2}, replicate(t, source, target))
	assert.Equal(t, [2]int{5, 3}, replicate(t, target, source))
	assert.Equal(t, [2]int{3, 0}, replicate(t, source, target), "from its own checkpoint now")
	assert.Equal(t, ids(t, source), ids(t, target))
}

// Two copies of one dump, and a copy of a copy.
func TestCopies(t *testing.T) {
	t.Parallel()
	source := open(t)
	fill(t, source, "a", 50)
	text := dumped(t, source)
	one, two := loaded(t, text), loaded(t, text)
	fill(t, one, "b", 2)
	assert.Equal(t, [2]int{2, 2}, replicate(t, one, two))
	three := loaded(t, dumped(t, one))
	assert.Equal(t, [2]int{0, 0}, replicate(t, source, three))
	assert.Equal(t, [2]int{2, 2}, replicate(t, three, source))
}

// A copy goes on from the checkpoints that the original had with another database: it pulls what is new there, and pushes what the original
// had not pushed.
func TestCheckpointsOfTheOriginal(t *testing.T) {
	t.Parallel()
	original, server := open(t), open(t)
	fill(t, original, "a", 30)
	for i := range 30 { // sequences that no document has any more
		write(t, original, `{"_id":"often","_rev":"`+strconv.Itoa(i+1)+`-x"}`)
	}
	fill(t, server, "s", 20)
	replicate(t, original, server)
	replicate(t, server, original)
	write(t, original, `{"_id":"unpushed"}`)
	copied := loaded(t, dumped(t, original))
	write(t, copied, `{"_id":"own"}`)
	fill(t, server, "t", 4)

	pushed := replicate(t, copied, server)
	assert.Equal(t, 2, pushed[1], "unpushed, and own")
	assert.Less(t, pushed[0], 25, "what came from the server is looked at, what it has got from the original is not")
	assert.Equal(t, [2]int{6, 4}, replicate(t, server, copied))
	_, err := server.Get(t.Context(), "unpushed", core.GetOptions{})
	require.NoError(t, err)
	// The original goes on beside the copy, and neither takes the other's checkpoints for its own.
	write(t, original, `{"_id":"later"}`)
	assert.Equal(t, 1, replicate(t, original, server)[1])
	assert.Equal(t, [2]int{1, 1}, replicate(t, server, copied))
	assert.ElementsMatch(t, ids(t, copied), ids(t, server))
}

// What was in a database before a dump was loaded into it is pushed, and what the dump has need not be pulled.
func TestIntoADatabaseThatHasDocuments(t *testing.T) {
	t.Parallel()
	source, target := open(t), open(t)
	fill(t, source, "a", 30)
	write(t, target, `{"_id":"own"}`, `{"_id":"_local/settings","mine":true}`)
	write(t, source, `{"_id":"_local/settings","mine":false}`)
	_, err := dump.Read(t.Context(), strings.NewReader(dumped(t, source)), target)
	require.NoError(t, err)
	assert.Equal(t, [2]int{0, 0}, replicate(t, source, target))
	assert.Equal(t, [2]int{31, 1}, replicate(t, target, source))
	settings, err := target.Get(t.Context(), "_local/settings", core.GetOptions{})
	require.NoError(t, err)
	assert.JSONEq(t, `{"mine":true}`, string(settings.Body))
}

// A server that was made anew under the same name knows nothing of the dump: all is looked at.
func TestForgottenDump(t *testing.T) {
	t.Parallel()
	source := open(t)
	fill(t, source, "a", 10)
	target := loaded(t, dumped(t, source))
	assert.Equal(t, [2]int{10, 10}, replicate(t, target, open(t)))
}

func ids(t *testing.T, db core.Adapter) []string {
	t.Helper()
	var list []string
	_, err := db.AllDocs(t.Context(), core.AllDocsOptions{}, func(row *core.AllDocsRow) error {
		list = append(list, row.Key)
		return nil
	})
	require.NoError(t, err)
	return list
}
