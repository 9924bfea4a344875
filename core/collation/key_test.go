package collation_test

import (
	"bytes"
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// Keys are stored, so their bytes may not change.
func TestKeysStayAsTheyAre(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, key string }{
		{`null`, "\x02"},
		{`false`, "\x03"},
		{`true`, "\x04"},
		{`0`, "\x06\x00"},
		{`-0.0`, "\x06\x00"},
		{`1`, "\x06\x7f\xf0"},
		{`1.0`, "\x06\x7f\xf0"},
		{`-1`, "\x05\x80\x0f"},
		{`1700000000000`, "\x06\x85y_?\xcbh"},
		{`0.1`, "\x06\x7f\xb9\xcdg3\x99\xcdg4"},
		{`""`, "\x07\x00"},
		{`"aé"`, "\x07aé\x00"},
		{`"\u0000\u0001\u0002"`, "\x07\x01\x01\x01\x02\x02\x00"},
		{`[]`, "\x08\x00"},
		{`[null,["a"]]`, "\x08\x02\x08\x07a\x00\x00\x00"},
		{`{}`, "\x09\x00"},
		{`{"a":{"b":true}}`, "\x09\x07a\x00\x09\x07b\x00\x04\x00\x00"},
	}
	for _, test := range tests {
		assert.Equal(t, test.key, string(collation.AppendKey(nil, []byte(test.value))), test.value)
	}
}

func TestDecodedAsJavaScriptPrints(t *testing.T) {
	t.Parallel()
	tests := []struct{ value, decoded string }{
		{` [ 1.0 , -0 , 1e3, 0.10, 9007199254740993, 1e21, 1E-7, 0.000001, 123456789012345678901 ] `, `[1,0,1000,0.1,9007199254740992,1e+21,1e-7,0.000001,123456789012345680000]`},
		{`{"a":{},"b":[],"\u0063":"\u00e9\n"}`, `{"a":{},"b":[],"c":"é\n"}`},
		{`{"a":1,"b":2,"a":3}`, `{"b":2,"a":3}`},
	}
	for _, test := range tests {
		decoded, rest, err := collation.DecodeKey([]byte("x"), collation.AppendKey(nil, []byte(test.value)))
		require.NoError(t, err)
		assert.Empty(t, rest)
		assert.Equal(t, "x"+test.decoded, string(decoded))
	}
}

// sample returns values among which many are equal or alike: some random ones, respelled, cut into each other, and the recorded ones.
func sample(t testing.TB, seed uint64, count int) [][]byte {
	g := randjson.New(seed)
	g.Depth, g.Width = 3, 3
	var values [][]byte
	for range count {
		value := g.Value()
		values = append(values, value, g.Respell(value))
		if g.IntN(3) == 0 {
			values = append(values, slices.Concat([]byte("["), value, []byte(","), g.Value(), []byte("]")), slices.Concat([]byte("["), value, []byte("]")))
		}
	}
	for _, row := range load(t).Raw {
		if g.IntN(10) == 0 {
			values = append(values, row.Key)
		}
	}
	return values
}

func TestKeysOrderAsValues(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	values := sample(t, seed, 60)
	keys := make([][]byte, len(values))
	for i, value := range values {
		keys[i] = collation.AppendKey(nil, value)
	}
	for i, a := range values {
		for j, b := range values {
			require.Equal(t, bytes.Compare(keys[i], keys[j]), collation.Compare(a, b), "%s and %s", a, b)
			require.Equal(t, -collation.Compare(a, b), collation.Compare(b, a), "%s and %s", a, b)
		}
	}
	// An order that agrees with that of byte strings is transitive. Sorting must then put equal ones side by side.
	slices.SortFunc(values, collation.Compare)
	for i := range values[1:] {
		require.LessOrEqual(t, collation.Compare(values[i], values[i+1]), 0)
		if i > 0 {
			require.LessOrEqual(t, collation.Compare(values[i-1], values[i+1]), 0)
		}
	}
}

func checkRoundTrip(t testing.TB, value []byte) {
	key := collation.AppendKey([]byte("before"), value)
	require.Equal(t, "before", string(key[:6]))
	key = append(key[6:], "after"...)
	decoded, rest, err := collation.DecodeKey(nil, key)
	require.NoError(t, err, "%s", value)
	require.Equal(t, "after", string(rest), "%s", value)
	require.NoError(t, rawjson.Validate(decoded), "%s", decoded)
	require.Zero(t, collation.Compare(value, decoded), "%s and %s", value, decoded)
	again, _, err := collation.DecodeKey(nil, collation.AppendKey(nil, decoded))
	require.NoError(t, err)
	require.Equal(t, string(decoded), string(again))
	rest, err = collation.Skip(key)
	require.NoError(t, err)
	require.Equal(t, "after", string(rest), "%s", value)
	for end := range len(key) - len("after") {
		_, _, err := collation.DecodeKey(nil, key[:end])
		require.ErrorIs(t, err, core.ErrCorrupt, "%s cut at %d", value, end)
		_, err = collation.Skip(key[:end])
		require.ErrorIs(t, err, core.ErrCorrupt, "%s cut at %d", value, end)
	}
}

func TestKeysRoundTrip(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	for _, value := range sample(t, seed, 300) {
		checkRoundTrip(t, value)
	}
	for _, row := range load(t).MangoOrder {
		checkRoundTrip(t, row.Key)
	}
}

func TestNumbersOrderAndRoundTrip(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	numbers := []float64{0, 1, -1, math.MaxFloat64, -math.MaxFloat64, math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0x1p-1022, 1 << 53}
	for len(numbers) < 500 {
		f := math.Float64frombits(random.Uint64() &^ (1<<random.IntN(64) - 1))
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			numbers = append(numbers, f, math.Nextafter(f, 0), math.Trunc(f))
		}
	}
	for _, f := range numbers {
		for _, g := range numbers {
			require.Equal(t, cmp.Compare(f, g), bytes.Compare(collation.AppendNumber(nil, f), collation.AppendNumber(nil, g)), "%v and %v", f, g)
		}
		decoded, rest, err := collation.DecodeKey(nil, collation.AppendNumber(nil, f))
		require.NoError(t, err)
		require.Empty(t, rest)
		back, ok := rawjson.Float(decoded)
		require.True(t, ok)
		require.Equal(t, f, back)
	}
	assert.Equal(t, collation.AppendNumber(nil, math.MaxFloat64), collation.AppendNumber(nil, math.Inf(1)))
	assert.Equal(t, collation.AppendNumber(nil, 0), collation.AppendNumber(nil, math.Copysign(0, -1)))
}

// Composite keys order by their first value, then by their second; what begins others comes before them and Highest after them.
func TestCompositeKeys(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	values := sample(t, seed, 40)
	random := rand.New(rand.NewPCG(seed, 1))
	pick := func() []byte { return values[random.IntN(len(values))] }
	for range 20_000 {
		a, b, id1, id2 := pick(), pick(), string(pick()), string(pick())
		first := collation.AppendString(collation.AppendKey(nil, a), id1)
		second := collation.AppendString(collation.AppendKey(nil, b), id2)
		want := cmp.Or(collation.Compare(a, b), strings.Compare(id1, id2))
		require.Equal(t, want, bytes.Compare(first, second), "%s %q and %s %q", a, id1, b, id2)

		prefix := collation.AppendKey(nil, a)
		inside := bytes.Compare(prefix, second) < 0 && bytes.Compare(second, append(prefix, collation.Highest)) < 0
		require.Equal(t, collation.Compare(a, b) == 0, inside, "%s and %s", a, b)
	}
}

func TestStringsOfAnyBytes(t *testing.T) {
	t.Parallel()
	texts := []string{"", "\x00", "\x00\x00", "\x00\x01", "\x01", "\x01\x01", "\x02", "a", "a\x00", "a\x01b", "\x80", "\xfe", "\xff", "\xff\x00", "\xff\xff"}
	for i, a := range texts {
		for j, b := range texts {
			assert.Equal(t, cmp.Compare(i, j), bytes.Compare(collation.AppendString(nil, a), collation.AppendString(nil, []byte(b))), "%q and %q", a, b)
		}
		text, rest, err := collation.DecodeString(collation.AppendString(nil, a))
		require.NoError(t, err)
		assert.Empty(t, rest)
		assert.Equal(t, a, string(text))
	}
}

func TestMalformedKeys(t *testing.T) {
	t.Parallel()
	for _, key := range []string{
		"", "\x00", "\x01", "\x0a", "\xff", "\x06", "\x06\x01", "\x06\x7f\xe1", "\x06\x7f\xf1\x01\x01\x01\x01\x01\x01\x01\x01\x00", "\x06\xff\xf0", "\x06\xff\xfe", "\x05\x00\x01",
		"\x07", "\x07a", "\x08", "\x08\x02", "\x08\xff", "\x09", "\x09\x02", "\x09\x07a\x00", "\x09\x07a\x00\x00",
	} {
		_, _, err := collation.DecodeKey(nil, []byte(key))
		assert.ErrorIs(t, err, core.ErrCorrupt, "%q", key)
	}
	for _, key := range []string{"", "\x02", "\x07", "\x07a", "\x07\x01\x00", "\x07\x01\x03\x00"} {
		_, _, err := collation.DecodeString([]byte(key))
		assert.ErrorIs(t, err, core.ErrCorrupt, "%q", key)
	}
	for _, key := range []string{"", "\x00", "\x01", "\xff", "\x06", "\x07a", "\x08\x0a"} {
		_, err := collation.Skip([]byte(key))
		assert.ErrorIs(t, err, core.ErrCorrupt, "%q", key)
	}
}

func TestDeepValues(t *testing.T) {
	t.Parallel()
	g := randjson.New(6)
	value := g.Deep(1_000_000)
	key := collation.AppendKey(nil, value)
	decoded, rest, err := collation.DecodeKey(nil, key)
	require.NoError(t, err)
	assert.Empty(t, rest)
	assert.True(t, bytes.Equal(value, decoded))
	assert.Zero(t, collation.Compare(value, decoded))
	rest, err = collation.Skip(key)
	require.NoError(t, err)
	assert.Empty(t, rest)
}
