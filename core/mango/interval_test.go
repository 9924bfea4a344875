package mango

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// The intervals of some kinds have all values of these kinds, and no others.
func TestOfKinds(t *testing.T) {
	t.Parallel()
	values := []string{`null`, `false`, `true`, `-1e300`, `-1`, `0`, `1`, `1e300`, `""`, `"a"`, `"￿"`, `[]`, `[null]`, `[{}]`, `{}`, `{"a":1}`}
	every := []rawjson.Kind{rawjson.Null, rawjson.False, rawjson.True, rawjson.Number, rawjson.String, rawjson.Array, rawjson.Object}
	for chosen := range 1 << len(every) {
		var set kindSet
		for i, kind := range every {
			if chosen&(1<<i) != 0 {
				set |= kinds(kind)
			}
		}
		found := ofKinds(set)
		for i := 1; i < len(found); i++ {
			require.Negative(t, bytes.Compare(found[i-1].high, found[i].low), "joined where they touch")
		}
		for _, value := range values {
			key, within := collation.AppendKey(nil, []byte(value)), false
			for _, each := range found {
				within = within || bytes.Compare(each.low, key) <= 0 && bytes.Compare(key, each.high) < 0
			}
			require.Equal(t, set.has(rawjson.KindOf([]byte(value))), within, "%s in %b", value, set)
		}
	}
}
