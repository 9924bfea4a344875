package collation_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/randjson"
)

func FuzzCompare(f *testing.F) {
	g := randjson.New(7)
	for range 50 {
		f.Add(g.Value(), g.Value())
	}
	f.Fuzz(func(t *testing.T, a, b []byte) {
		order := collation.Compare(a, b) // must not panic on anything
		keyA, keyB := collation.AppendKey(nil, a), collation.AppendKey(nil, b)
		if rawjson.Validate(a) != nil || rawjson.Validate(b) != nil {
			return
		}
		require.Equal(t, bytes.Compare(keyA, keyB), order)
		require.Equal(t, -order, collation.Compare(b, a))
		require.Zero(t, collation.Compare(a, randjson.New(1).Respell(a)))
		checkRoundTrip(t, a)
	})
}

func FuzzDecodeKey(f *testing.F) {
	g := randjson.New(8)
	for range 50 {
		f.Add(collation.AppendKey(nil, g.Value()))
	}
	f.Fuzz(func(t *testing.T, key []byte) {
		value, rest, err := collation.DecodeKey(nil, key)
		if err != nil {
			return
		}
		require.NoError(t, rawjson.Validate(value), "%s", value)
		skipped, err := collation.Skip(key)
		require.NoError(t, err)
		require.Equal(t, rest, skipped)
	})
}

func BenchmarkCompare(b *testing.B) {
	for _, test := range []struct{ name, a, b string }{
		{"numbers", "1700000000000", "1700000000001"},
		{"strings", `"water the plants"`, `"water the garden"`},
		{"arrays", `["home",2026,11,21]`, `["home",2026,11,22]`},
		{"objects", `{"a":1,"b":{"c":"x"}}`, `{"a":1,"b":{"c":"y"}}`},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			x, y := []byte(test.a), []byte(test.b)
			for b.Loop() {
				collation.Compare(x, y)
			}
		})
	}
}

func BenchmarkAppendKey(b *testing.B) {
	for _, test := range []struct{ name, value string }{
		{"number", "1700000000000"},
		{"string", `"water the plants"`},
		{"array", `["home",2026,11,21]`},
		{"object", `{"a":1,"b":{"c":"x"}}`},
	} {
		b.Run(test.name, func(b *testing.B) {
			b.ReportAllocs()
			value := []byte(test.value)
			var key []byte
			for b.Loop() {
				key = collation.AppendKey(key[:0], value)
			}
		})
	}
}
