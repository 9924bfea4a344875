package revid_test

import (
	"bytes"
	"crypto/md5"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// plainTerm is the Erlang term of the next value of decoder, made the obvious way: decoded, recursive, with math/big.
func plainTerm(t testing.TB, decoder *json.Decoder) string {
	token, err := decoder.Token()
	require.NoError(t, err)
	switch token := token.(type) {
	case nil:
		return "d\x00\x04null"
	case bool:
		text := strconv.FormatBool(token)
		return "d\x00" + string(rune(len(text))) + text
	case string:
		return plainBinary(token)
	case json.Number:
		return plainNumber(t, token.String())
	}
	var terms, names []string
	for decoder.More() {
		if token == json.Delim('{') {
			name, err := decoder.Token()
			require.NoError(t, err)
			if i := slices.Index(names, name.(string)); i >= 0 {
				names, terms = slices.Delete(names, i, i+1), slices.Delete(terms, i, i+1)
			}
			names = append(names, name.(string))
			terms = append(terms, "h\x02"+plainBinary(name.(string))+plainTerm(t, decoder))
		} else {
			terms = append(terms, plainTerm(t, decoder))
		}
	}
	_, err = decoder.Token()
	require.NoError(t, err)
	list := "j"
	switch {
	case len(terms) > 0 && len(terms) < 65536 && !slices.ContainsFunc(terms, func(term string) bool { return term[0] != 'a' }):
		list = "k" + string(binary.BigEndian.AppendUint16(nil, uint16(len(terms)))) + lastBytes(terms)
	case len(terms) > 0:
		list = "l" + plainLength(len(terms)) + strings.Join(terms, "") + "j"
	}
	if token == json.Delim('{') {
		return "h\x01" + list
	}
	return list
}

func lastBytes(terms []string) string {
	var last strings.Builder
	for _, term := range terms {
		last.WriteString(term[1:])
	}
	return last.String()
}

func plainLength(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }

func plainBinary(text string) string { return "m" + plainLength(len(text)) + text }

func plainNumber(t testing.TB, text string) string {
	if !strings.ContainsAny(text, ".eE") {
		n, ok := new(big.Int).SetString(text, 10)
		require.True(t, ok)
		switch {
		case n.Sign() >= 0 && n.BitLen() <= 8:
			return "a" + string([]byte{byte(n.Uint64())})
		case n.IsInt64() && n.Int64() >= math.MinInt32 && n.Int64() <= math.MaxInt32:
			return "b" + plainLength(int(uint32(n.Int64())))
		}
		magnitude := n.Bytes()
		slices.Reverse(magnitude)
		sign := byte(0)
		if n.Sign() < 0 {
			sign = 1
		}
		return "n" + string([]byte{byte(len(magnitude)), sign}) + string(magnitude)
	}
	f, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	if digits, power, found := strings.Cut(strings.ToLower(text), "e"); found && !strings.Contains(digits, ".") {
		n, ok := new(big.Int).SetString(digits, 10)
		require.True(t, ok)
		if len(text) >= 32 || (math.Abs(f) < 0x1p-1022 && n.Sign() != 0) {
			f = 0
			for rest := new(big.Int).Abs(n).Bits(); len(rest) > 0; rest = rest[:len(rest)-1] {
				f = f*0x1p64 + float64(rest[len(rest)-1])
			}
			tens, err := strconv.ParseFloat("1e"+power, 64)
			require.NoError(t, err)
			f *= tens
			if n.Sign() < 0 {
				f = -f
			}
		}
	}
	return "F" + string(binary.BigEndian.AppendUint64(nil, math.Float64bits(f)))
}

func plainRev(t testing.TB, body []byte) string {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	term := "\x83l\x00\x00\x00\x05d\x00\x05falsea\x00a\x00" + plainTerm(t, decoder) + "jj"
	return fmt.Sprintf("1-%x", md5.Sum([]byte(term)))
}

func TestNewEqualsPlainEncoder(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	for range 1000 {
		body := g.Object()
		want := plainRev(t, body)
		require.Equal(t, want, mustNew(t, string(body)), "%s", body)
		respelled := g.Respell(body)
		require.Equal(t, want, mustNew(t, string(respelled)), "%s and %s", body, respelled)
		canonical := rawjson.AppendCanonical(nil, body)
		require.Equal(t, want, mustNew(t, string(canonical)), "%s and %s", body, canonical)
	}
}

// Lengths at which the encoding of a list changes, and more members than are compared pairwise.
func TestNewAtSizeLimits(t *testing.T) {
	t.Parallel()
	for _, count := range []int{0, 1, 65535, 65536} {
		ones := strings.TrimSuffix(strings.Repeat("1,", count), ",")
		body := `{"a":[` + ones + `]}`
		assert.Equal(t, plainRev(t, []byte(body)), mustNew(t, body), "%d", count)
	}
	for _, length := range []int{0, 1, 255, 256, 65535, 65536} {
		text := strings.Repeat("x", length)
		assert.Equal(t, plainRev(t, []byte(`{"a":"`+text+`"}`)), mustNew(t, `{"a":"`+text+`"}`), "%d", length)
		assert.Equal(t, plainRev(t, []byte(`{"a":"\n`+text+`"}`)), mustNew(t, `{"a":"\n`+text+`"}`), "%d, escaped", length)
	}
	for _, count := range []int{15, 16, 17, 40, 1000} {
		var body strings.Builder
		for i := range count {
			fmt.Fprintf(&body, `,"m%d":{"m":%d}`, i*7%(count/2), i)
		}
		text := "{" + body.String()[1:] + "}"
		assert.Equal(t, plainRev(t, []byte(text)), mustNew(t, text), "%d", count)
	}
}

// Documents made to cost much: nested as deep as a megabyte can be, with or without a duplicate at each level, and wide
// with names that are long alike.
func TestNewOnHostileDocuments(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	nest := func(open, closing string, n int) string {
		return `{"a":` + strings.Repeat(open, n) + "0" + strings.Repeat(closing, n) + "}"
	}
	var wide strings.Builder
	for i := range size / 40 {
		fmt.Fprintf(&wide, `,"%030d":1`, i*7919%1000003)
	}
	tests := map[string]string{
		"arrays":                 nest("[", "]", size/2),
		"objects":                nest(`{"":`, "}", size/5),
		"duplicates around":      nest(`{"":0,"":`, "}", size/10),
		"duplicates dropped":     nest(`{"":`, `,"":0}`, size/10),
		"wide":                   "{" + wide.String()[1:] + "}",
		"long numbers":           `{"a":[` + strings.Repeat(strings.Repeat("9", 308)+",", size/309) + "0]}",
		"escapes":                `{"a":"` + strings.Repeat(`\u0000`, size/6) + `"}`,
		"many equal names":       `{"a":0` + strings.Repeat(`,"a":0`, size/6) + "}",
		"the same text as names": `{"` + strings.Repeat("x", size/4) + `":0,"` + strings.Repeat("x", size/4) + `":1}`,
	}
	for name, body := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := mustNew(t, body)
			assert.Equal(t, first, mustNew(t, body))
		})
	}
	assert.Equal(t, mustNew(t, `{"a":{"":0}}`), mustNew(t, tests["duplicates dropped"]))
	assert.Equal(t, mustNew(t, `{"a":0}`), mustNew(t, tests["many equal names"]))
}

func FuzzNew(f *testing.F) {
	for _, c := range load(f).Cases {
		f.Add([]byte(c.Doc), c.Deleted)
	}
	f.Fuzz(func(t *testing.T, body []byte, deleted bool) {
		rev, err := revid.New(core.Rev{}, deleted, body, nil) // must not panic on anything
		again, errAgain := revid.New(core.Rev{}, deleted, body, nil)
		assert.Equal(t, rev, again)
		assert.Equal(t, err, errAgain)
		if rawjson.Validate(body) != nil || rawjson.KindOf(body) != rawjson.Object {
			return
		}
		require.NoError(t, err)
		if !deleted {
			assert.Equal(t, plainRev(t, body), rev.String())
		}
		respelled, err := revid.New(core.Rev{}, deleted, randjson.New(1).Respell(body), nil)
		require.NoError(t, err)
		assert.Equal(t, rev, respelled)
	})
}

func BenchmarkNew(b *testing.B) {
	parent := mustRev(b, "1-61f0e30e6ff519d017a3bd26ebb54939")
	small := `{"type":"task","title":"water the plants","done":false,"created":1700000000000,"tags":["home","garden"]}`
	record := `{"name":"Ada \"Countess\" Lovelace","born":1815,"score":12.75,"path":[1,2,300],"nested":{"a":null,"b":[true,false]},"note":"first of many, é"},`
	large := `{"rows":[` + strings.TrimSuffix(strings.Repeat(record, 5000/len(record)), ",") + `]}`
	for _, test := range []struct{ name, body string }{{"small", small}, {"5KB", large}} {
		b.Run(test.name, func(b *testing.B) {
			b.SetBytes(int64(len(test.body)))
			b.ReportAllocs()
			body := []byte(test.body)
			for b.Loop() {
				if _, err := revid.New(parent, false, body, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
