package rawjson_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

func TestAppendCanonical(t *testing.T) {
	t.Parallel()
	tests := []struct{ rule, text, want string }{
		{"white space goes", " { \"a b\" : [ 1 ,\n2 ] ,\t\"c\":{ } }\r", `{"a b":[1,2],"c":{}}`},
		{"numbers stay as they are", `[1.0,1e0,-0,0.50,1E5]`, `[1.0,1e0,-0,0.50,1E5]`},
		{"escapes go where they are not needed", `"\u00e9\/\u0041\ud83d\ude00\u007f"`, "\"é/A😀\u007f\""},
		{"and are as short as can be", `"\u0008\u000a\u001f\u0022\u005c"`, `"\b\n\u001F\"\\"`},
		{"the last of equal names stays", `{"a":1,"b":2,"a":3}`, `{"b":2,"a":3}`},
		{"however it is spelled", `{"a":1,"b":2,"\u0061":3}`, `{"b":2,"a":3}`},
		{"also inside", `[{"x":{"a":1,"a":{"b":1,"b":2}}}]`, `[{"x":{"a":{"b":2}}}]`},
		{"also inside what goes", `{"x":{"a":1,"a":2},"x":{"b":{"c":1,"c":2}}}`, `{"x":{"b":{"c":2}}}`},
		{"a string value is no name", `["a","a",{"b":"a","a":"b"}]`, `["a","a",{"b":"a","a":"b"}]`},
		{"a scalar", " true ", "true"},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, test.want, string(rawjson.AppendCanonical(nil, []byte(test.text))))
			assert.Equal(t, `{"a":0,`+test.want, string(rawjson.AppendCanonical([]byte(`{"a":0,`), []byte(test.text))), "what stands before is left alone")
		})
	}
}

func TestAppendCanonicalProperties(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	for range 3000 {
		value := g.Value()
		canonical := rawjson.AppendCanonical(nil, value)
		require.NoError(t, rawjson.Validate(canonical), "%s became %s", value, canonical)
		require.LessOrEqual(t, len(canonical), len(value), "%s became %s", value, canonical)
		require.Equal(t, plain(t, value), plain(t, canonical), "%s became %s", value, canonical)
		require.Equal(t, string(canonical), string(rawjson.AppendCanonical(nil, canonical)), "twice is once")
		require.Equal(t, string(canonical), string(rawjson.AppendCanonical(nil, g.Respell(value))), "spelling does not matter")
		require.Equal(t, string(canonical), string(rawjson.AppendCanonical(value[:0], value)), "nor does the place")
	}
}

// plain decodes with another parser, for which too the last of equal names counts.
func plain(t testing.TB, text []byte) any {
	t.Helper()
	var value any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&value))
	return value
}

// A cut for each level must not move the rest for each level.
func TestAppendCanonicalOnHostileNesting(t *testing.T) {
	t.Parallel()
	const depth = 300_000
	text := strings.Repeat(`{"":0,"":`, depth) + "0" + strings.Repeat("}", depth)
	want := strings.Repeat(`{"":`, depth) + "0" + strings.Repeat("}", depth)
	assert.True(t, want == string(rawjson.AppendCanonical(nil, []byte(text))))
}

// Canonical is what Validate, AppendCanonical and Members are together.
func TestCanonical(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	texts := [][]byte{[]byte(`{}`), []byte(`0`), []byte(`{"a":1,"a":2}`), []byte(` { "x" : {"a":1,"a":2} , "b":[{"c":1}] ,"x":3, "\u0061":{}}`)}
	for range 3000 {
		texts = append(texts, g.Value(), g.Respell(g.Value()))
	}
	for range 30 { // around the sizes at which the brackets are kept elsewhere
		texts = append(texts, g.Deep(60+g.IntN(80)))
	}
	shared := 0
	for _, text := range texts {
		requireCanonical(t, text)
		canonical := rawjson.AppendCanonical(nil, text)
		requireCanonical(t, canonical)
		if value, _, _, err := rawjson.Canonical(canonical, 0, nil); err == nil && &value[0] == &canonical[0] {
			shared++
		}
	}
	assert.Greater(t, shared, len(texts)*8/10, "text that is canonical already is seldom copied")
}

func requireCanonical(t *testing.T, text []byte) {
	t.Helper()
	const before, after = `[7 ,`, ` ,7]`
	at := len(before) - 1
	whole := []byte(before + string(text) + after)
	value, members, end, err := rawjson.Canonical(whole, at+1, nil)
	require.NoError(t, err, "%s", text)
	_ = append(value, "more"...)
	require.Equal(t, before+string(text)+after, string(whole), "what is appended to the value")
	require.Equal(t, string(rawjson.AppendCanonical(nil, text)), string(value))
	require.Equal(t, len(before)+len(bytes.TrimRight(text, " \t\r\n")), end, "%s", text)
	begin, also, err := rawjson.Value([]byte(before+string(text)+after), at+1)
	require.NoError(t, err)
	require.Equal(t, []int{end, len(before) + len(text) - len(bytes.TrimLeft(text, " \t\r\n"))}, []int{also, begin})
	var want, found []string
	for name, value := range rawjson.Members(value) {
		want = append(want, string(name)+":"+string(value))
	}
	for i, start := range members {
		end := len(value) - 1
		if i+1 < len(members) {
			end = members[i+1] - 1
		}
		found = append(found, string(value[start:end]))
	}
	require.Equal(t, want, found, "%s", text)
}

// Names that are alike in all that a quick look takes in, and objects with more members than are compared with each other.
func TestCanonicalFindsEqualNames(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{
		{"", ""}, {"a", "a"}, {"abcdefg", "abcdefg"}, {"abcdefgh", "abcdefgh"}, {"abcdefgh-1-abcdefgh", "abcdefgh-2-abcdefgh", "abcdefgh-1-abcdefgh"}, {"a", `\u0061`}, {`\n`, `\u000a`},
	} {
		for _, between := range []int{0, 1, 10, 46, 47, 48, 49, 200} {
			var text []byte
			for i, name := range names {
				text = append(text, `,"`+name+`":`+string(rune('0'+i))...)
				for j := range between {
					text = append(text, `,"x`+string(rune('A'+i))+string(rune(0x100+j))+`":{"x":1}`...)
				}
			}
			text[0] = '{'
			text = append(text, '}')
			value, _, _, err := rawjson.Canonical(text, 0, nil)
			require.NoError(t, err, "%s", text)
			require.Equal(t, string(rawjson.AppendCanonical(nil, text)), string(value))
		}
	}
}

func TestCanonicalRefusesWhatValidateRefuses(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	refused := 0
	for range 3000 {
		text := g.Respell(g.Value())
		switch i := g.IntN(len(text)); g.IntN(3) {
		case 0:
			text = text[:i]
		case 1:
			text = append(text[:i:i], text[i+1:]...)
		default:
			text[i] = "\"\\{}[]:,\x00\x1f\xff0-e.ut "[g.IntN(18)]
		}
		if checkCanonical(t, text) != nil {
			refused++
		}
	}
	assert.Greater(t, refused, 1000)
}

func checkCanonical(t *testing.T, text []byte) error {
	t.Helper()
	want := rawjson.Validate(text)
	value, _, end, err := rawjson.Canonical(text, 0, nil)
	if err == nil {
		err = rawjson.Ends(text, end)
	}
	require.Equal(t, want, err, "%q", text)
	_, also, failure := rawjson.Value(text, 0)
	if failure == nil {
		require.Equal(t, end, also, "%q", text)
		failure = rawjson.Ends(text, also)
	}
	require.Equal(t, want, failure, "%q", text)
	if err == nil {
		require.Equal(t, string(rawjson.AppendCanonical(nil, text)), string(value))
	}
	return err
}

func FuzzCanonical(f *testing.F) {
	for _, text := range []string{`{"_id":"a","b":[1,{"c":"\n\u001f"}],"b":2}`, ` [ ] `, `"\ud83d\ude00"`, `{"__proto__":-0,"n":1e21}`, `[[[`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) { _ = checkCanonical(t, text) })
}

func TestArrayReader(t *testing.T) {
	t.Parallel()
	read := func(text string) (elements []string, err error) {
		r := rawjson.NewArrayReader([]byte(text))
		for {
			at, more, err := r.Next()
			if err != nil || !more {
				return elements, err
			}
			begin, end, err := rawjson.Value(r.Text, at)
			if err != nil {
				return elements, err
			}
			elements, r.At = append(elements, text[begin:end]), end
		}
	}
	for text, want := range map[string][]string{`[]`: nil, ` [ ] `: nil, `[1]`: {"1"}, "[\n1 , [2] ]\t": {"1", "[2]"}} {
		got, err := read(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for text, offset := range map[string]int{``: 0, `{}`: 0, ` 1`: 1, `[`: 1, `[] x`: 3, `[1`: 2, `[1 x`: 3, `[1,`: 3, `[1,]`: 3, `[,1]`: 1, `[1}`: 2, `[1] ]`: 4, `[1]]`: 3} {
		_, err := read(text)
		var syntax *rawjson.SyntaxError
		if assert.ErrorAs(t, err, &syntax, text) {
			assert.Equal(t, offset, syntax.Offset, text)
		}
	}
	seed := seeds.For(t)
	g := randjson.New(seed)
	for range 2000 {
		text := g.Respell(append(append([]byte{'['}, g.Value()...), ']'))
		if g.IntN(2) == 0 {
			text = g.Respell([]byte(`[1,{},"x"  ,[[2]]]`))
		}
		if g.IntN(3) > 0 {
			i := g.IntN(len(text))
			text[i] = "[],{}\" 0"[g.IntN(8)]
		}
		var want []string
		for element := range rawjson.Elements(text) {
			want = append(want, string(element))
		}
		got, err := read(string(text))
		if rawjson.KindOf(text) != rawjson.Array || rawjson.Validate(text) != nil {
			require.Error(t, err, "%q", text)
			continue
		}
		require.NoError(t, err, "%q", text)
		require.Equal(t, want, got, "%q", text)
	}
}

// In objects with many members names are not compared with each other while the text is gone through: a hostile one would take for ever. They are sorted then, in a copy.
func TestCanonicalOfManyMembers(t *testing.T) {
	t.Parallel()
	for count, shared := range map[int]bool{1: true, 2: true, 48: true, 49: false, 1000: false} {
		var text []byte
		for i := range count {
			text = fmt.Appendf(text, `,"member%d":{"a":1,"b":2}`, i)
		}
		text[0] = '{'
		text = append(text, '}')
		value, members, _, err := rawjson.Canonical(text, 0, nil)
		require.NoError(t, err)
		assert.Len(t, members, count)
		assert.Equal(t, string(text), string(value))
		assert.Equal(t, shared, &value[0] == &text[0], "%d", count)
	}
}
