package fetchhttp

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

func readRows(source io.Reader, limit int) (rows []string, rest string, err error) {
	text, err := (&rowReader{source: source, limit: limit}).run("rows", func(row []byte) error {
		rows = append(rows, string(row))
		return nil
	})
	return rows, string(text), err
}

var rowTexts = []struct {
	text string
	rows []string
	rest string
}{
	{`{"rows":[]}`, nil, `{"rows":[]}`},
	{`{}`, nil, `{}`},
	{`{"other":5}`, nil, `{"other":5}`},
	{`{"rows":null,"a":true}`, nil, `{"rows":null,"a":true}`},
	{"\n\n{\"rows\":[\n\n{\"a\":1},\r\n{\"b\":[1,{\"c\":\"]},\\\"\"}]}\n],\n\"last_seq\":\"7-x\",\"pending\":0}\n\n", []string{`{"a":1}`, `{"b":[1,{"c":"]},\""}]}`},
		`{"rows":[],"last_seq":"7-x","pending":0}`},
	{`{"before":{"rows":[1]},"rows":[1,"two",null,[3]],"after":[]}`, []string{"1", `"two"`, "null", "[3]"}, `{"before":{"rows":[1]},"rows":[],"after":[]}`},
	{`{"rows":[123,-4.5e6,78]}`, []string{"123", "-4.5e6", "78"}, `{"rows":[]}`}, // a number may go on after what has arrived
	{`{"r\u006fws":[1 ]}`, []string{"1"}, `{"r\u006fws":[]}`},
}

func TestRowReader(t *testing.T) {
	t.Parallel()
	for _, test := range rowTexts {
		for name, source := range map[string]io.Reader{
			"whole": strings.NewReader(test.text), "byte by byte": iotest.OneByteReader(strings.NewReader(test.text)),
			"end with data": iotest.DataErrReader(strings.NewReader(test.text)),
		} {
			rows, rest, err := readRows(source, 1000)
			require.NoError(t, err, "%s: %s", name, test.text)
			assert.Equal(t, test.rows, rows, "%s: %s", name, test.text)
			assert.Equal(t, test.rest, rest, "%s: %s", name, test.text)
		}
	}
}

func TestRowReaderNoticesEveryCut(t *testing.T) {
	t.Parallel()
	const text = `{"rows":[{"a":"\""},[2,3],4],"last_seq":"7","n":12}`
	for i := range len(text) {
		_, _, err := readRows(strings.NewReader(text[:i]), 1000)
		assert.ErrorIs(t, err, io.ErrUnexpectedEOF, text[:i])
	}
}

func TestRowReaderRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"<html>", "[]", `"x"`, "7", "nope", `{"rows":[1,]}`, `{"rows":[1 2]}`, `{"rows":[{]}]}`, `{"rows":[nul]}`, `{"rows":[1]}x`, `{"rows":[1],}`, `{rows:[1]}`, `{"rows" 1}`,
		`{"rows":[1]]`, `{"a":}`, `{"a":1 "b":2}`, `{"rows":["\x"]}`, `{,}`, `{"rows":[,]}`, `{"a":tru}`, "\xff",
	} {
		_, _, err := readRows(strings.NewReader(text), 1000)
		assert.ErrorIs(t, err, errNotRows, text)
	}
}

func TestRowReaderLimitsWhatItHolds(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 200<<10)
	rows, _, err := readRows(strings.NewReader(`{"rows":["`+long+`","`+long+`"]}`), 250<<10)
	require.NoError(t, err, "the limit is that of one row")
	assert.Len(t, rows, 2)
	for _, text := range []string{`{"rows":["` + long + `"]}`, `{"a":"` + long + `"}`, `{"` + long + `":1}`, `{"rows":[[[[` + long} {
		_, _, err = readRows(strings.NewReader(text), 100<<10)
		assert.ErrorIs(t, err, core.ErrTooLarge)
	}
}

func TestRowReaderPassesErrorsOn(t *testing.T) {
	t.Parallel()
	broken, stop := errors.New("broken"), errors.New("stop")
	_, _, err := readRows(io.MultiReader(strings.NewReader(`{"rows":[1,`), iotest.ErrReader(broken)), 1000)
	assert.Equal(t, broken, err)
	_, err = (&rowReader{source: strings.NewReader(`{"rows":[1,2]}`), limit: 10}).run("rows", func([]byte) error { return stop })
	assert.Equal(t, stop, err)
	_, _, err = readRows(stuck{}, 1000)
	assert.Equal(t, io.ErrNoProgress, err)
}

// stuck is a reader that never fails nor gets anywhere.
type stuck struct{}

func (stuck) Read([]byte) (int, error) { return 0, nil }

func FuzzRowReader(f *testing.F) {
	for _, test := range rowTexts {
		f.Add(test.text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		rows, rest, err := readRows(iotest.OneByteReader(strings.NewReader(text)), 1<<20)
		atOnce, same, failure := readRows(strings.NewReader(text), 1<<20)
		require.Equal(t, err == nil, failure == nil, "%v %v", err, failure)
		if err != nil {
			return
		}
		require.Equal(t, rows, atOnce)
		require.Equal(t, rest, same)
		// What is accepted is JSON, and what was taken out of it is what a reader of the whole finds.
		require.NoError(t, rawjson.Validate([]byte(text)))
		require.NoError(t, rawjson.Validate([]byte(rest)))
		var all []string
		for name, value := range rawjson.Members([]byte(text)) {
			if rawjson.Is(name, "rows") {
				for element := range rawjson.Elements(value) {
					all = append(all, string(element))
				}
			}
		}
		assert.Equal(t, all, rows)
	})
}
