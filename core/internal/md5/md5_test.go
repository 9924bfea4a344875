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

func TestInPieces(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		whole, hash := []byte{}, md5.New()
		for range random.IntN(6) {
			piece := make([]byte, random.IntN(200))
			for i := range piece {
				piece[i] = byte(random.Uint32())
			}
			whole = append(whole, piece...)
			n, err := hash.Write(piece)
			require.NoError(t, err)
			require.Equal(t, len(piece), n)
			require.Equal(t, standard.Sum(whole), hash.Sum())
		}
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
