package multipart_test

import (
	"bytes"
	"io"
	stdmultipart "mime/multipart"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/multipart"
)

type part struct{ contentType, content string }

func readAll(source io.Reader, boundary string) (parts []part, err error) {
	reader := multipart.NewReader(source, boundary)
	for {
		p, err := reader.Next()
		if err == io.EOF {
			return parts, nil
		}
		if err != nil {
			return parts, err
		}
		content, err := io.ReadAll(p)
		if err != nil {
			return parts, err
		}
		parts = append(parts, part{p.Header("content-type"), string(content)})
	}
}

func TestParts(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("\r\n--\r\n--b\r-", 10_000)
	for name, test := range map[string]struct {
		body string
		want []part
		err  error
	}{
		"two":                     {body: "--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\n\r\nhi\r\n--b1--", want: []part{{"text/plain", "hello"}, {"", "hi"}}},
		"preamble and epilogue":   {body: "before\r\n--b1\r\n\r\nhi\r\n--b1--\r\nafter", want: []part{{"", "hi"}}},
		"none":                    {body: "--b1--"},
		"empty":                   {body: "--b1\r\n\r\n\r\n--b1\r\nContent-Type: a\r\n\r\n\r\n--b1--", want: []part{{}, {"a", ""}}},
		"empty, in short":         {body: "--b1\r\n\r\n--b1\r\nContent-Type: a\r\n\r\n--b1--", want: []part{{}, {"a", ""}}},
		"like a boundary":         {body: "--b1\r\n\r\n\r\n--b12\r\n--b1x\r\n-- b1\r\n--b1--", want: []part{{"", "\r\n--b12\r\n--b1x\r\n-- b1"}}},
		"spaces behind":           {body: "--b1 \t\r\n\r\nhi\r\n--b1  \r\n\r\nho\r\n--b1--", want: []part{{"", "hi"}, {"", "ho"}}},
		"large":                   {body: "--b1\r\n\r\n" + large + "\r\n--b1--", want: []part{{"", large}}},
		"cut in a content":        {body: "--b1\r\n\r\nhel", err: io.ErrUnexpectedEOF},
		"cut in a delimiter":      {body: "--b1\r\n\r\nhel\r\n--b", err: io.ErrUnexpectedEOF},
		"cut behind a delimiter":  {body: "--b1\r\n\r\nhel\r\n--b1\r", err: io.ErrUnexpectedEOF},
		"cut in a head":           {body: "--b1\r\nContent-Ty", err: io.ErrUnexpectedEOF},
		"nothing":                 {err: io.ErrUnexpectedEOF},
		"no head":                 {body: "--b1\r\nhello\r\n--b1--", err: multipart.ErrMalformed},
		"a head without an end":   {body: "--b1\r\n" + strings.Repeat("x", 100_000), err: multipart.ErrMalformed},
		"one of another boundary": {body: "--c\r\n\r\nhi\r\n--c--", err: io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, source := range []io.Reader{
				strings.NewReader(test.body), iotest.OneByteReader(strings.NewReader(test.body)), iotest.DataErrReader(strings.NewReader(test.body)),
			} {
				parts, err := readAll(source, "b1")
				require.ErrorIs(t, err, test.err)
				if test.err == nil {
					require.Equal(t, test.want, parts)
				}
			}
		})
	}
}

// TestNested: a part may be a body of parts, with a boundary that begins like the outer one.
func TestNested(t *testing.T) {
	t.Parallel()
	body := "--b\r\nContent-Type: multipart/related; boundary=\"bb\"\r\n\r\n--bb\r\n\r\none\r\n--bb\r\n\r\ntwo\r\n--bb--\r\n--b\r\n\r\nthree\r\n--b--"
	outer := multipart.NewReader(iotest.OneByteReader(strings.NewReader(body)), "b")
	first, err := outer.Next()
	require.NoError(t, err)
	inner, err := readAll(first, multipart.Parameter(first.Header("content-type"), "boundary"))
	require.NoError(t, err)
	assert.Equal(t, []part{{"", "one"}, {"", "two"}}, inner)
	second, err := outer.Next()
	require.NoError(t, err)
	_, err = first.Read(make([]byte, 10))
	assert.Equal(t, io.EOF, err, "its time is over")
	content, err := io.ReadAll(second)
	require.NoError(t, err)
	assert.Equal(t, "three", string(content))
}

func TestParameter(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		`multipart/mixed; boundary="a;b\"c"; x=y`:    `a;b"c`,
		`multipart/mixed;charset=x; Boundary = abc `: "abc",
		`multipart/mixed; boundary=`:                 "",
		`multipart/mixed`:                            "",
		`multipart/mixed; x="boundary=y"`:            "",
		`a;boundary="open`:                           "open",
		`a;boundary="\`:                              "",
	} {
		assert.Equal(t, want, multipart.Parameter(value, "boundary"), value)
	}
	assert.Equal(t, "multipart/mixed", multipart.MediaType(" Multipart/Mixed ;boundary=x"))
}

// FuzzReader: where the standard library reads a body without bare line feeds, this reads the same; nothing makes it panic or run on.
func FuzzReader(f *testing.F) {
	f.Add([]byte("--b1\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b1\r\n\r\nhi\r\n--b1--"))
	f.Add([]byte("x\r\n--b1\r\nA: b\r\n\r\n\r\n--b1x\r\n--b1--"))
	f.Fuzz(func(t *testing.T, body []byte) {
		parts, err := readAll(bytes.NewReader(body), "b1")
		slowly, slowErr := readAll(iotest.OneByteReader(bytes.NewReader(body)), "b1")
		require.Equal(t, err, slowErr)
		require.Equal(t, parts, slowly, "however it arrives")
		if err != nil || bytes.Contains(bytes.ReplaceAll(body, []byte("\r\n"), nil), []byte("\n")) {
			return
		}
		standard := stdmultipart.NewReader(bytes.NewReader(body), "b1")
		for _, p := range parts {
			other, err := standard.NextRawPart()
			if err != nil {
				return // stricter with heads
			}
			content, err := io.ReadAll(other)
			if err != nil {
				return
			}
			require.Equal(t, p.content, string(content))
		}
	})
}
