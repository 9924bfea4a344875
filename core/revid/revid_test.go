package revid_test

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revid"
	"github.com/gouchdb/gouchdb/internal/golden"
)

type recordedAttachment struct {
	Name        string `json:"name"`
	ContentType string `json:"content_type"`
	Digest      string `json:"digest"`
}

type recordedCase struct {
	N           int                  `json:"n"`
	Group       string               `json:"group"`
	Via         string               `json:"via"`
	Doc         string               `json:"doc"`
	PrevRev     string               `json:"prev_rev"`
	HashPrevRev string               `json:"hash_prev_rev"`
	Deleted     bool                 `json:"deleted"`
	Atts        []recordedAttachment `json:"atts"`
	Rev         string               `json:"rev"`
	Get         string               `json:"get"`
	Reproduced  bool                 `json:"reproduced"`
}

type recorded struct {
	Cases   []recordedCase `json:"cases"`
	Rejects []struct {
		Group  string `json:"group"`
		Doc    string `json:"doc"`
		DocB64 string `json:"doc_b64"`
		Status int    `json:"status"`
		Error  string `json:"error"`
		Reason string `json:"reason"`
	} `json:"rejects"`
}

func load(t testing.TB) recorded {
	var r recorded
	golden.Load(t, "revids.json", &r)
	return r
}

func mustRev(t testing.TB, text string) core.Rev {
	t.Helper()
	if text == "" {
		return core.Rev{}
	}
	rev, err := core.ParseRev(text)
	require.NoError(t, err)
	return rev
}

func mustBody(t testing.TB, text string) []byte {
	t.Helper()
	if text == "" {
		return core.EmptyBody
	}
	doc, err := core.ParseDocument([]byte(text))
	require.NoError(t, err)
	return doc.Body
}

func mustNew(t testing.TB, body string) string {
	t.Helper()
	rev, err := revid.New(core.Rev{}, false, []byte(body), nil)
	require.NoError(t, err, "%.200s", body)
	return rev.String()
}

func attachments(t testing.TB, recorded []recordedAttachment) []revid.Attachment {
	t.Helper()
	var atts []revid.Attachment
	for _, r := range recorded {
		digest, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Digest, "md5-"))
		require.NoError(t, err)
		atts = append(atts, revid.Attachment{Name: r.Name, ContentType: r.ContentType, Digest: [16]byte(digest)})
	}
	return atts
}

// Every revision id that CouchDB assigned, from the text that was sent. This includes the one case that the recording's own encoder
// did not reproduce: the number 5e-324.
func TestNewAsRecorded(t *testing.T) {
	t.Parallel()
	r := load(t)
	require.NotEmpty(t, r.Cases)
	bodies := map[string]string{"": ""} // by revision: a write of an attachment keeps the body
	for _, c := range r.Cases {
		parent := c.PrevRev
		if c.HashPrevRev != "" {
			parent = c.HashPrevRev
		}
		text := c.Doc
		if strings.HasSuffix(c.Via, " attachment") {
			require.Contains(t, bodies, c.PrevRev, "case %d", c.N)
			text = bodies[c.PrevRev]
		}
		bodies[c.Rev] = text
		rev, err := revid.New(mustRev(t, parent), c.Deleted, mustBody(t, text), attachments(t, c.Atts))
		require.NoError(t, err, "case %d", c.N)
		assert.Equal(t, c.Rev, rev.String(), "case %d (%s): %.200s", c.N, c.Group, c.Doc)
	}
}

// What CouchDB refuses never gets as far as an id. One answer is deliberately another one: an integer beyond the range of a double
// gets through CouchDB's parser, then an arithmetic failure inside it becomes a 500. Here it is refused like 1e400, with a 400.
func TestRejectsAsRecorded(t *testing.T) {
	t.Parallel()
	for _, c := range load(t).Rejects {
		var err error
		if c.Group == "foreign" {
			_, err = core.ParseRev(c.Doc)
		} else {
			text := []byte(c.Doc)
			if c.DocB64 != "" {
				text, err = base64.StdEncoding.DecodeString(c.DocB64)
				require.NoError(t, err)
			}
			_, err = core.ParseDocument(text)
		}
		if c.Reason == "badarith" {
			c.Status, c.Error, c.Reason = 400, "bad_request", "invalid UTF-8 JSON"
		}
		var e *core.Error
		if assert.ErrorAs(t, err, &e, "%.100s %s", c.Doc, c.DocB64) {
			assert.Equal(t, c.Status, e.Status, "%.100s", c.Doc)
			if c.Error != "" {
				assert.Equal(t, c.Error, e.Name, "%.100s", c.Doc)
				assert.Equal(t, c.Reason, e.Reason, "%.100s", c.Doc)
			}
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := revid.New(core.Rev{Generation: math.MaxUint64, Hash: "a"}, false, []byte("{}"), nil)
	assert.ErrorIs(t, err, core.ErrBadRequest)
	for _, text := range []string{
		"", "[]", "1", `{"a"}`, `{"a":1`, `{"a":[}`, `{"a":]}`, `{1:2}`, `{"a":1}}`, `{"a":x}`, `{"a":-}`, `{"a":1.2.3}`, `{"`, `"`,
		`{"a":` + strings.Repeat("9", 400) + `}`, `{"a":1e999}`, `{"a":1.5e999}`,
	} {
		_, err := revid.New(core.Rev{}, false, []byte(text), nil)
		assert.True(t, errors.Is(err, core.ErrBadJSON), "%s", text)
	}
}

// Pairs of texts that are the same document to CouchDB, and pairs that are not although JSON parsers often make them so.
func TestNewTellsApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		rule, a, b string
		same       bool
	}{
		{"white space does not count", `{"a":[1,{}]}`, " {\n\"a\" :\t[ 1 , { } ] }\r\n", true},
		{"nor does the spelling of a string", `{"é/":"😀\n"}`, `{"\u00e9\/":"\ud83d\uDE00\u000A"}`, true},
		{"order of members counts", `{"a":1,"b":2}`, `{"b":2,"a":1}`, false},
		{"the last of equal names counts, in its place", `{"a":1,"b":2,"a":3}`, `{"b":2,"a":3}`, true},
		{"also when they are spelled differently", `{"a":1,"b":2,"\u0061":3}`, `{"b":2,"a":3}`, true},
		{"also three of them", `{"a":1,"a":2,"b":0,"a":3,"b":4}`, `{"a":3,"b":4}`, true},
		{"also within dropped ones", `{"a":{"x":1,"y":2,"x":3},"b":{"x":1,"x":2},"a":{"z":1,"z":[2]}}`, `{"b":{"x":2},"a":{"z":[2]}}`, true},
		{"-0 is the integer 0", `{"a":-0}`, `{"a":0}`, true},
		{"-0.0 is not 0.0", `{"a":-0.0}`, `{"a":0.0}`, false},
		{"1.0 is not 1", `{"a":1.0}`, `{"a":1}`, false},
		{"1e0 is 1.0", `{"a":1e0}`, `{"a":1.0}`, true},
		{"integers keep all their digits", `{"a":9007199254740993}`, `{"a":9007199254740992}`, false},
		{"also beyond 64 bits", `{"a":18446744073709551617}`, `{"a":18446744073709551616}`, false},
		{"doubles do not", `{"a":9007199254740993.0}`, `{"a":9007199254740992.0}`, true},
		{"a list of bytes is not one string", `{"a":[97]}`, `{"a":"a"}`, false},
		{"an empty list is not an empty object", `{"a":[]}`, `{"a":{}}`, false},
		{"a number without a point that underflows is a product", `{"a":5e-324}`, `{"a":0.0}`, true},
		{"with its sign", `{"a":-5e-324}`, `{"a":-0.0}`, true},
		{"with a point it is read right", `{"a":5.0e-324}`, `{"a":0.0}`, false},
		{"zero does not underflow", `{"a":-0e-400}`, `{"a":-0.0}`, true},
		{"from 32 characters on it is a product, too", `{"a":-0E+0000000000000000000000000000}`, `{"a":0.0}`, true},
		{"whose rounding shows", `{"a":9392577235410153704079602165e-300}`, `{"a":9392577235410153704079602165.0e-300}`, false},
		{"below 32 characters it is read right", `{"a":93925772354101537040796021e-300}`, `{"a":93925772354101537040796021.0e-300}`, true},
		{"a power beyond the range is read right", `{"a":0E+0000000000000000000000000400}`, `{"a":0.0}`, true},
	}
	for _, test := range tests {
		t.Run(test.rule, func(t *testing.T) {
			t.Parallel()
			if test.same {
				assert.Equal(t, mustNew(t, test.a), mustNew(t, test.b))
			} else {
				assert.NotEqual(t, mustNew(t, test.a), mustNew(t, test.b))
			}
		})
	}
}
