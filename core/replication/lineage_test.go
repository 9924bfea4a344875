package replication

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/gouchdb/gouchdb/core"
)

func TestLineage(t *testing.T) {
	t.Parallel()
	lineage := Lineage{Origins: []string{"a", `b"`}}
	for i := range historyLimit + 5 {
		lineage = lineage.With(DumpNote{Session: strconv.Itoa(i), Seq: core.Seq(strconv.Itoa(i * 10))})
	}
	assert.Len(t, lineage.Dumps, historyLimit)
	lineage = lineage.With(DumpNote{Session: "opaque", Seq: "7-x"}).With(DumpNote{Session: "unknown"})
	assert.Equal(t, lineage, ParseLineage(lineage.AppendJSON(nil)))
	assert.Equal(t, DumpNote{Session: "unknown"}, lineage.Dumps[0])

	assert.Equal(t, Lineage{}, ParseLineage(nil))
	assert.Equal(t, Lineage{Dumps: []DumpNote{{Session: "s", Seq: "3"}}},
		ParseLineage([]byte(`{"origins":5,"history":[{"session_id":4,"last_seq":3},{"session_id":"s"},{"session_id":"s","last_seq":3},7]}`)))
}
