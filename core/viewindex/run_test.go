package viewindex

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// A node has runs when they are few and short, and no function needs the keys of rows.
func TestWhichNodesHaveRuns(t *testing.T) {
	t.Parallel()
	long := `{"` + strings.Repeat("a", mostRunBytes) + `":1}`
	for _, c := range []struct {
		name, reduce string
		keys         int
		value        string
		runs         int
	}{
		{"one key", "_sum", 1, "2", 0},
		{"two keys", "_sum", 2, "2", 2},
		{"as many as may be", "_stats", mostRuns, "2", mostRuns},
		{"too many", "_sum", mostRuns + 1, "2", 0},
		{"long", "_sum", 2, long, 0},
		{"with keys", "_approx_count_distinct", 2, "2", 0},
		{"not built in", "function () {}", 2, "2", 0},
	} {
		k, err := newMaker([]string{c.reduce})
		require.NoError(t, err, c.name)
		for range 2 { // a maker makes one node after the other
			k.reset()
			for key := range c.keys {
				for i := range 3 {
					row := mapreduce.Entries(fmt.Sprint("doc", i), []core.Emitted{{Key: fmt.Append(nil, key), Value: []byte(c.value)}})[0]
					require.NoError(t, k.addRow(row.Key, row.Value), c.name)
				}
			}
			n, err := k.node(1)
			require.NoError(t, err, c.name)
			assert.Equal(t, uint64(3*c.keys), n.rows, c.name)
			runs, count := runsOf(n.append(nil)), 0
			for ; len(runs.rest) > 0; count++ {
				r, err := runs.next(0)
				require.NoError(t, err, c.name)
				assert.Equal(t, uint64(3), r.rows, c.name)
				if c.reduce == "_sum" {
					assert.Equal(t, "6", string(r.state), c.name)
				}
			}
			assert.Equal(t, c.runs, count, c.name)
			if c.reduce == "_sum" && c.value == "2" {
				assert.Equal(t, fmt.Sprint(6*c.keys), string(n.states[0]), c.name)
			}
		}
	}
}
