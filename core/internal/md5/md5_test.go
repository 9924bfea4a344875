package md5_test

import (
	standard "crypto/md5"
	"math/rand/v2"
	"testing"

	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/stretchr/testify/require"
)

func TestEqualsTheStandardLibrary(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	data := make([]byte, 1000)
	for length := range data {
		for i := range data[:length] {
			data[i] = byte(random.Uint32())
		}
		require.Equal(t, standard.Sum(data[:length]), md5.Sum(data[:length]), "length %d", length)
	}
}

func BenchmarkSum(b *testing.B) {
	data := make([]byte, 600)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		md5.Sum(data)
	}
}

func BenchmarkStandard(b *testing.B) {
	data := make([]byte, 600)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		standard.Sum(data)
	}
}
