package core

import (
	"encoding/base64"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/seeds"
)

func TestBase64(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for length := range 300 {
		data := make([]byte, length)
		for i := range data {
			data[i] = byte(random.Uint32())
		}
		for _, room := range []int{0, 3, 1000} {
			dst := append(make([]byte, 0, room), "before"[:min(room, 6)]...)
			require.Equal(t, string(dst)+base64.StdEncoding.EncodeToString(data), string(appendBase64(dst, data)), "%x", data)
		}
	}
}
