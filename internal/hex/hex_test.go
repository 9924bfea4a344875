package hex

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAllBytes(t *testing.T) {
	t.Parallel()
	var all []byte
	for i := range 256 {
		all = append(all, byte(i))
	}
	text := Encode(all)
	assert.Equal(t, hex.EncodeToString(all), text)
	assert.Equal(t, text, Encode(string(all)))
	data, ok := AppendDecode(nil, []byte(text))
	assert.True(t, ok)
	assert.Equal(t, all, data)
	data, ok = AppendDecode([]byte{7}, []byte("ABcdEF09"))
	assert.True(t, ok)
	assert.Equal(t, []byte{7, 0xab, 0xcd, 0xef, 0x09}, data)
}

func TestEveryPairIsReadAsTheStandardLibraryDoes(t *testing.T) {
	t.Parallel()
	for first := range 256 {
		for second := range 256 {
			text := string([]byte{byte(first), byte(second)})
			want, err := hex.DecodeString(text)
			got, ok := AppendDecode(nil, []byte(text))
			if assert.Equal(t, err == nil, ok, "%q", text) && ok {
				assert.Equal(t, want, got)
			}
		}
	}
	_, ok := AppendDecode(nil, []byte("abc"))
	assert.False(t, ok)
}
