package rawjson_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

func TestKindOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]rawjson.Kind{
		"": rawjson.Invalid, " \n": rawjson.Invalid, " null": rawjson.Null, "false": rawjson.False, "\ttrue": rawjson.True, "-1": rawjson.Number, "0": rawjson.Number,
		`"x"`: rawjson.String, "[]": rawjson.Array, "\r\n{}": rawjson.Object,
	} {
		assert.Equal(t, want, rawjson.KindOf([]byte(text)), "%q", text)
	}
}

func TestMembersAndElements(t *testing.T) {
	t.Parallel()
	var members []string
	for name, value := range rawjson.Members([]byte(` { "a" : 1 ,"b\"}":"]}" , "c":[1,{"d":"\\"}] , "a": {} } `)) {
		members = append(members, string(name)+"="+string(value))
	}
	assert.Equal(t, []string{`"a"=1`, `"b\"}"="]}"`, `"c"=[1,{"d":"\\"}]`, `"a"={}`}, members)
	var elements []string
	for value := range rawjson.Elements([]byte(` [ 1 ,"a]" , [ 2 , 3 ] ,{"b":4},null ] `)) {
		elements = append(elements, string(value))
	}
	assert.Equal(t, []string{"1", `"a]"`, "[ 2 , 3 ]", `{"b":4}`, "null"}, elements)

	for range rawjson.Members([]byte(`[1]`)) {
		t.Fatal("an array has no members")
	}
	for range rawjson.Elements([]byte(`{"a":1}`)) {
		t.Fatal("an object has no elements")
	}
	for range rawjson.Members([]byte(" {\n} ")) {
		t.Fatal("there are none")
	}
	for range rawjson.Elements([]byte(" [\n] ")) {
		t.Fatal("there are none")
	}
	seen := 0
	for range rawjson.Elements([]byte(`[1,2,3]`)) {
		seen++
		break
	}
	for range rawjson.Members([]byte(`{"a":1,"b":2}`)) {
		seen++
		break
	}
	assert.Equal(t, 2, seen, "a loop can be left")
}

func TestMember(t *testing.T) {
	t.Parallel()
	object := []byte(`{"a":1,"b":null,"\u0061":2,"c":{"a":3}}`)
	assert.Equal(t, "2", string(rawjson.Member(object, "a")), "the last one, however it is spelled")
	assert.Equal(t, "null", string(rawjson.Member(object, "b")))
	assert.Nil(t, rawjson.Member(object, "x"))
	assert.Nil(t, rawjson.Member([]byte("1"), "a"))
	assert.Nil(t, rawjson.Member(nil, "a"))
}

func TestScalars(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{" 7 ": 7, "-0": 0, "9223372036854775807": math.MaxInt64, "-9223372036854775808": math.MinInt64} {
		n, ok := rawjson.Int([]byte(text))
		assert.True(t, ok, text)
		assert.Equal(t, want, n, text)
	}
	for _, text := range []string{"", "1.0", "1e0", "9223372036854775808", "-9223372036854775809", "123456789012345678901", `"1"`, "null", "[1]", "true"} {
		_, ok := rawjson.Int([]byte(text))
		assert.False(t, ok, text)
	}
	b, ok := rawjson.Bool([]byte(" true"))
	assert.True(t, b && ok)
	b, ok = rawjson.Bool([]byte("false"))
	assert.True(t, !b && ok)
	_, ok = rawjson.Bool([]byte("0"))
	assert.False(t, ok)
	texts, ok := rawjson.Texts([]byte(`["a","\n",""]`))
	assert.True(t, ok)
	assert.Equal(t, []string{"a", "\n", ""}, texts)
	texts, ok = rawjson.Texts([]byte(`[]`))
	assert.True(t, ok)
	assert.Equal(t, []string{}, texts)
	for _, text := range []string{`["a",1]`, `"a"`, `{}`, ``} {
		_, ok = rawjson.Texts([]byte(text))
		assert.False(t, ok, text)
	}
	assert.Equal(t, "1", string(rawjson.Trim([]byte(" \n1\t\r"))))
	assert.Empty(t, rawjson.Trim([]byte("  ")))
}

func TestText(t *testing.T) {
	t.Parallel()
	for quoted, want := range map[string]string{
		`""`: "", ` "a" `: "a", `"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t", `"\u0000\u00e9\uFFFF"`: "\x00é\uffff", `"a\ud83d\uDE00b"`: "a😀b", `"\uDBFF\uDFFF"`: "\U0010ffff", `"é😀"`: "é😀", `"\\u0041"`: `\u0041`,
	} {
		text, ok := rawjson.Text([]byte(quoted))
		assert.True(t, ok, quoted)
		assert.Equal(t, want, text, quoted)
		assert.True(t, rawjson.Is(rawjson.Trim([]byte(quoted)), want), quoted)
		assert.False(t, rawjson.Is(rawjson.Trim([]byte(quoted)), want+"x"), quoted)
		assert.Equal(t, "x"+want, string(rawjson.AppendText([]byte("x"), rawjson.Trim([]byte(quoted)))), quoted)
	}
	for _, text := range []string{"", "1", `"`, "null", `["a"]`} {
		_, ok := rawjson.Text([]byte(text))
		assert.False(t, ok, text)
		assert.False(t, rawjson.Is([]byte(text), text), text)
		assert.Equal(t, "x", string(rawjson.AppendText([]byte("x"), []byte(text))), text)
	}
}

func TestAppendStringEscapesNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                     `""`,
		"a/b<é😀\u2028\x7f":     "\"a/b<é😀\u2028\x7f\"",
		"\"\\\b\f\n\r\t":       `"\"\\\b\f\n\r\t"`,
		"\x00\x01\x0b\x1f":     `"\u0000\u0001\u000B\u001F"`,
		"a\xffb\xc0\x80c\xed ": "\"a\uFFFDb\uFFFD\uFFFDc\uFFFD \"",
		"\xe2\x82":             "\"\uFFFD\uFFFD\"",
		"\uFFFD":               "\"\uFFFD\"",
	} {
		assert.Equal(t, want, string(rawjson.AppendString(nil, text)), "%q", text)
		assert.Equal(t, "x"+want, string(rawjson.AppendString([]byte("x"), []byte(text))), "%q", text)
	}
	assert.Equal(t, `["a","\"",""]`, string(rawjson.AppendQuoted(nil, []string{"a", `"`, ""})))
	assert.Equal(t, `[]`, string(rawjson.AppendQuoted(nil, nil)))
	assert.Equal(t, "truefalse", string(rawjson.AppendBool(rawjson.AppendBool(nil, true), false)))
}

// As JavaScript prints them.
func TestAppendNumber(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]float64{
		"0": 0, "1": 1, "-1.5": -1.5, "0.1": 0.1, "0.000001": 1e-6, "1e-7": 1e-7, "1.5e-7": 1.5e-7, "100000000000000000000": 1e20, "1e+21": 1e21, "-1.25e+22": -1.25e22, "123456789012345680000": 123456789012345678901,
		"5e-324": math.SmallestNonzeroFloat64, "1.7976931348623157e+308": math.MaxFloat64, "null": math.NaN(), "1e-10": 1e-10, "1e+100": 1e100, "0.30000000000000004": 0.1 + func() float64 { return 0.2 }(),
	} {
		assert.Equal(t, "x"+want, string(rawjson.AppendNumber([]byte("x"), f)))
	}
	assert.Equal(t, "0", string(rawjson.AppendNumber(nil, math.Copysign(0, -1))))
	assert.Equal(t, "null", string(rawjson.AppendNumber(nil, math.Inf(-1))))
	for text, want := range map[string]bool{"1": true, " -1.5e3 ": true, "1e400": false, `"1"`: false, "": false, "null": false, "Infinity": false} {
		_, ok := rawjson.Float([]byte(text))
		assert.Equal(t, want, ok, text)
	}
}

// Numbers of few digits are read in a way of their own.
func TestFloatIsTheNearest(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0", "-0", "0.0", "-0.0", "0.1", "-0.000000000001", "999999999999999", "99999999999999.9", "1234567890.12345", "-123456789012345", "0.00000000000012", "1.000000000000005"} {
		requireNearest(t, text)
	}
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for range 5000 {
		text := strconv.FormatInt(random.Int64N(int64(math.Pow10(1+random.IntN(16)))), 10)
		if point := random.IntN(len(text) + 1); point > 0 && point < len(text) {
			text = text[:point] + "." + text[point:]
		}
		if random.IntN(2) == 0 {
			text = "-" + text
		}
		requireNearest(t, text)
	}
}

func requireNearest(t *testing.T, text string) {
	want, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	got, ok := rawjson.Float([]byte(text))
	require.True(t, ok, text)
	require.Equal(t, math.Float64bits(want), math.Float64bits(got), text)
}

// rebuild writes a value again from what Members, Elements, Text and the like say of it.
func rebuild(t testing.TB, dst, value []byte) []byte {
	switch rawjson.KindOf(value) {
	case rawjson.Object:
		dst = append(dst, '{')
		separator := ""
		for name, value := range rawjson.Members(value) {
			text, ok := rawjson.Text(name)
			require.True(t, ok)
			require.True(t, rawjson.Is(name, text))
			dst = append(dst, separator...)
			dst = append(rawjson.AppendString(dst, text), ':')
			dst = rebuild(t, dst, value)
			separator = ","
		}
		return append(dst, '}')
	case rawjson.Array:
		dst = append(dst, '[')
		separator := ""
		for value := range rawjson.Elements(value) {
			dst = append(dst, separator...)
			dst = rebuild(t, dst, value)
			separator = ","
		}
		return append(dst, ']')
	case rawjson.String:
		text, ok := rawjson.Text(value)
		require.True(t, ok)
		return rawjson.AppendString(dst, text)
	case rawjson.True, rawjson.False:
		b, ok := rawjson.Bool(value)
		require.True(t, ok)
		return rawjson.AppendBool(dst, b)
	}
	return append(dst, rawjson.Trim(value)...)
}

func TestRebuiltValuesAreTheSame(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	g.Duplicates = false
	for range 2000 {
		value := g.Respell(g.Value())
		rebuilt := rebuild(t, nil, value)
		require.Equal(t, plain(t, value), plain(t, rebuilt), "%s became %s", value, rebuilt)
		require.Equal(t, string(rawjson.AppendCanonical(nil, value)), string(rebuilt))
		compact := rawjson.AppendCompact(nil, value)
		require.Equal(t, plain(t, value), plain(t, compact))
		require.Equal(t, string(compact), string(rawjson.AppendCompact(nil, compact)))
	}
}

func FuzzStrings(f *testing.F) {
	f.Add("a\x00é😀\"\\")
	f.Add("\xff\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, text string) {
		quoted := rawjson.AppendString(nil, text)
		require.NoError(t, rawjson.Validate(quoted))
		back, ok := rawjson.Text(quoted)
		require.True(t, ok)
		require.Equal(t, string([]rune(text)), back) // what is invalid becomes U+FFFD
		if utf8.ValidString(text) {
			require.Equal(t, text, back)
		}
		var decoded string
		require.NoError(t, json.Unmarshal(quoted, &decoded))
		require.Equal(t, back, decoded)
	})
}

// Text that nobody validated may give any answer, but no panic and no endless loop.
func FuzzScanAnything(f *testing.F) {
	for _, text := range []string{`{"a":[1,"\ud83d`, `"`, `{"`, `{"a"`, `{"a":`, `[1`, `]`, `:,`, `"\`, `{"a":1,"a`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for name, value := range rawjson.Members(text) {
			rawjson.Text(name)
			rawjson.Is(name, "a")
			rawjson.Text(value)
		}
		for element := range rawjson.Elements(text) {
			rawjson.Int(element)
			rawjson.Float(element)
		}
		rawjson.Member(text, "a")
		rawjson.Text(text)
		rawjson.Texts(text)
		rawjson.Bool(text)
		rawjson.AppendText(nil, text)
		rawjson.AppendCompact(nil, text)
		require.LessOrEqual(t, len(rawjson.AppendCanonical(nil, text)), 3*len(text)+2)
		for i := 0; i < len(text); {
			start, end := rawjson.NextToken(text, i)
			require.GreaterOrEqual(t, start, i)
			if start == end {
				require.Equal(t, len(text), start)
				break
			}
			require.Greater(t, end, start)
			require.LessOrEqual(t, end, len(text))
			i = end
		}
	})
}

func benchmarkText() []byte {
	var text strings.Builder
	text.WriteString(`{"rows":[`)
	for i := range 60 {
		if i > 0 {
			text.WriteByte(',')
		}
		text.WriteString(`{"id":"task:` + strconv.Itoa(i) + `","title":"water the plants and feed the cat","done":false,"created":1700000000000,"weight":12.5,"tags":["home","garden"],"note":"caf\u00e9 é"}`)
	}
	text.WriteString("]}")
	return []byte(text.String())
}

func BenchmarkValidate(b *testing.B) {
	text := benchmarkText()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if err := rawjson.Validate(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMembers(b *testing.B) {
	text := benchmarkText()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		for _, rows := range rawjson.Members(text) {
			for row := range rawjson.Elements(rows) {
				if rawjson.Member(row, "title") == nil {
					b.Fatal("no title")
				}
			}
		}
	}
}

func BenchmarkAppendCanonical(b *testing.B) {
	text := benchmarkText()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	var out []byte
	for b.Loop() {
		out = rawjson.AppendCanonical(out[:0], text)
	}
}
