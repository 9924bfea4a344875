package docstore

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNumberKeysSortByNumber(t *testing.T) {
	t.Parallel()
	numbers := []uint64{0, 1, 2, 127, 128, 255, 256, 257, 65535, 65536, 1 << 24, 1<<32 - 1, 1 << 32, 1 << 56, math.MaxUint64 - 1, math.MaxUint64}
	var keys [][]byte
	for _, number := range numbers {
		key := numberKey(bodyPrefix, number)
		decoded, ok := keyNumber(key)
		assert.True(t, ok)
		assert.Equal(t, number, decoded)
		keys = append(keys, key)
	}
	assert.True(t, slices.IsSortedFunc(keys, bytes.Compare))
	assert.Len(t, numberKey(bodyPrefix, 200), 3)
	for _, bad := range []string{"", "b", "b\x01", "b\x02\x01", "b\x09123456789"} {
		_, ok := keyNumber([]byte(bad))
		assert.False(t, ok, "%q", bad)
	}
}
