package rawjson_test

import (
	"encoding/base64"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/golden"
	"github.com/gouchdb/gouchdb/internal/randjson"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// Documents that CouchDB took and texts that it refused.
func TestValidateAsRecorded(t *testing.T) {
	t.Parallel()
	var file struct {
		Cases []struct {
			Doc string `json:"doc"`
			Get string `json:"get"`
		} `json:"cases"`
		Rejects []struct {
			Doc    string `json:"doc"`
			DocB64 string `json:"doc_b64"`
			Group  string `json:"group"`
			Reason string `json:"reason"`
		} `json:"rejects"`
	}
	golden.Load(t, "revids.json", &file)
	for _, c := range file.Cases {
		if c.Doc != "" {
			assert.NoError(t, rawjson.Validate([]byte(c.Doc)), "%.200s", c.Doc)
		}
		assert.NoError(t, rawjson.Validate([]byte(c.Get)), "%.200s", c.Get)
	}
	for _, c := range file.Rejects {
		text := []byte(c.Doc)
		if c.DocB64 != "" {
			var err error
			text, err = base64.StdEncoding.DecodeString(c.DocB64)
			require.NoError(t, err)
		}
		if c.Group == "foreign" || c.Reason == "Document must be a JSON object" {
			continue // refused for other reasons than the text
		}
		assert.Error(t, rawjson.Validate(text), "%.200q", text)
	}
}

func TestValidateTakes(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"null", "true", "false", "0", "-0", "0.0", "-0.0e-0", "1e5", "1E+5", "123456789012345678901234567890", "1e-400", "0e999", "1.7976931348623157e308",
		`""`, `"a"`, `"\"\\\/\b\f\n\r\t\u0000\uFFFF\u00e9"`, `"\ud83d\ude00"`, `"\uDBFF\uDFFF"`, "\"\x7f\u0080\u2028\uffff\U0010ffff\"",
		"[]", "{}", "[[],[{}]]", `{"":{"":0}}`, `{"a":1,"a":2}`, " \t\r\n[ \t\r\n] \t\r\n", "\n{ \"a\" : 1 , \"b\" : [ 1 , 2 ] }\n",
		"1" + strings.Repeat("0", 308), "0." + strings.Repeat("0", 5000) + "1",
	} {
		assert.NoError(t, rawjson.Validate([]byte(text)), "%.100s", text)
		assert.True(t, json.Valid([]byte(text)), "%.100s", text)
	}
}

func TestValidateRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		offset int
	}{
		{"", 0}, {" ", 1}, {"nul", 0}, {"nulL", 0}, {"True", 0}, {"truex", 4}, {"x", 0}, {"'a'", 0}, {"NaN", 0}, {"-Infinity", 1}, {"\xef\xbb\xbf1", 0}, {"1 1", 2}, {"\x00", 0}, {"1\x00", 1}, {"/*c*/1", 0},
		{"01", 1}, {"-", 1}, {"-a", 1}, {"+1", 0}, {".5", 0}, {"1.", 2}, {"1.e5", 2}, {"1e", 2}, {"1e+", 3}, {"0x1", 1}, {"1_0", 1}, {"1e400", 0}, {"[1,-1e309]", 3}, {"1" + strings.Repeat("0", 309), 0},
		{`"`, 1}, {`"a`, 2}, {`"\`, 1}, {`"\x"`, 1}, {`"\u12"`, 1}, {`"\u123g"`, 1}, {`"\U0041"`, 1}, {"\"\t\"", 1}, {"\"a\nb\"", 2}, {"\"\x1f\"", 1},
		{`"\ud800"`, 1}, {`"\udc00"`, 1}, {`"\ude00\ud83d"`, 1}, {`"a\ud83dx"`, 2}, {`"\ud83d\n"`, 1}, {`"\ud83d\ud83d"`, 1}, {`"\ud83d\u00"`, 1}, {`"\ud83d\`, 1},
		{"\"\xff\"", 1}, {"\"\xc0\x80\"", 1}, {"\"\xed\xa0\x80\"", 1}, {"\"\xe2\x82\"", 1}, {"\"\xf4\x90\x80\x80\"", 1}, {"\"\xe9\"", 1}, {"\"a\x80\"", 2},
		{"[", 1}, {"]", 0}, {"[1", 2}, {"[1,]", 3}, {"[,1]", 1}, {"[1 2]", 3}, {"[1}", 2}, {"[1,,2]", 3}, {"[]]", 2}, {"[\"a\":1]", 4},
		{"{", 1}, {"}", 0}, {`{"a"`, 4}, {`{"a"}`, 4}, {`{"a":`, 5}, {`{"a":}`, 5}, {`{"a":1`, 6}, {`{"a":1,`, 7}, {`{"a":1,}`, 7}, {`{,}`, 1}, {`{a:1}`, 1}, {`{1:1}`, 1}, {`{"a":1;"b":2}`, 6}, {`{"a":1]`, 6}, {`{"a" 1}`, 5}, {`{"a":1}{"b":2}`, 7}, {`{null:1}`, 1},
	}
	for _, test := range tests {
		err := rawjson.Validate([]byte(test.text))
		var syntax *rawjson.SyntaxError
		if assert.ErrorAs(t, err, &syntax, "%.100q", test.text) {
			assert.Equal(t, test.offset, syntax.Offset, "%.100q: %v", test.text, err)
			assert.NotEmpty(t, syntax.Reason)
			assert.Contains(t, err.Error(), syntax.Reason)
		}
	}
}

func TestValidateDeepNesting(t *testing.T) {
	t.Parallel()
	const depth = 1_000_000
	g := randjson.New(9)
	deep := g.Deep(depth)
	require.NoError(t, rawjson.Validate(deep))
	for _, cut := range []int{1, depth / 2, depth} {
		require.Error(t, rawjson.Validate(deep[:len(deep)-cut]))
	}
	// The innermost bracket closed by the wrong one, and the outermost.
	wrong := map[byte]byte{']': '}', '}': ']'}
	for _, at := range []int{len(deep) - depth, len(deep) - 1} {
		deep[at] = wrong[deep[at]]
		require.Error(t, rawjson.Validate(deep))
		deep[at] = wrong[deep[at]]
	}
	assert.Equal(t, len(deep), len(rawjson.AppendCompact(nil, deep)))
}

// oracle says what encoding/json thinks of a text, with the three differences that are meant: CouchDB, and so we, refuse
// invalid UTF-8 and lone surrogates, which encoding/json replaces, and numbers beyond a double, of which it checks the form alone.
// (It also gives up at a depth of 10000; texts as deep as that are tested apart.)
func oracle(text []byte) bool {
	return json.Valid(text) && utf8.Valid(text) && !hasLoneSurrogate(text) && !hasHugeNumber(text)
}

// hasLoneSurrogate looks for escapes in a valid text. A replaced surrogate shows as one more U+FFFD.
func hasLoneSurrogate(text []byte) bool {
	plain := strings.ReplaceAll(string(text), `\\`, "  ") // `\\ufffd` is not an escape of U+FFFD
	spelled := strings.Count(plain, "\uFFFD") + strings.Count(strings.ToLower(plain), `\ufffd`)
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	found := 0
	for {
		token, err := decoder.Token()
		if err != nil {
			return found != spelled
		}
		if s, ok := token.(string); ok {
			found += strings.Count(s, "\uFFFD")
		}
	}
}

func hasHugeNumber(text []byte) bool {
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if number, ok := token.(json.Number); ok {
			if _, err := number.Float64(); err != nil {
				return true
			}
		}
	}
}

// damage changes, removes or repeats a few bytes, with a liking for those that matter.
func damage(random *rand.Rand, text []byte) []byte {
	text = append([]byte(nil), text...)
	for range 1 + random.IntN(2) {
		if len(text) == 0 {
			return text
		}
		i := random.IntN(len(text))
		switch random.IntN(4) {
		case 0:
			text[i] = "{}[]\",:\\0-.eEu \x00\x1f\x80\xff"[random.IntN(19)]
		case 1:
			text = append(text[:i], text[i+1:]...)
		case 2:
			text = append(text[:i+1], text[i:]...)
		default:
			text[i] ^= 1 << random.IntN(8)
		}
	}
	return text
}

func TestValidateAgreesWithOracle(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	g := randjson.New(seed)
	refused := 0
	for range 5000 {
		text := g.Respell(g.Value())
		require.NoError(t, rawjson.Validate(text), "%s", text)
		text = damage(g.Rand, text)
		valid := oracle(text)
		require.Equal(t, valid, rawjson.Validate(text) == nil, "%q", text)
		if !valid {
			refused++
		}
	}
	assert.Greater(t, refused, 500)
}

func FuzzValidate(f *testing.F) {
	g := randjson.New(10)
	for range 50 {
		f.Add(g.Value())
	}
	for _, text := range []string{`"\ud83d\ude00"`, `"\ud800"`, `1e400`, `{"a":1,"a":2}`, `"\\ufffd"`, "\"\uFFFD\""} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		require.Equal(t, oracle(text), rawjson.Validate(text) == nil, "%q", text)
	})
}
