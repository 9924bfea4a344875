package core_test

import (
	"encoding/json"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

type recordedCase struct {
	N      int             `json:"n"`
	Group  string          `json:"group"`
	Method string          `json:"method"`
	Path   string          `json:"path"`
	Req    json.RawMessage `json:"req"`
	Status int             `json:"status"`
	Resp   json.RawMessage `json:"resp"`
}

type recordedError struct {
	Error  string `json:"error"`
	Reason string `json:"reason"`
}

func recordedGroup(t testing.TB, group string) []recordedCase {
	var file struct {
		Cases []recordedCase `json:"cases"`
	}
	golden.Load(t, "newedits.json", &file)
	cases := slices.DeleteFunc(file.Cases, func(c recordedCase) bool { return c.Group != group })
	require.NotEmpty(t, cases, group)
	return cases
}

// CouchDB was asked for many strange revisions, in queries and as _rev members. It answers 400 when it cannot read them.
func TestRevFormatsAsRecorded(t *testing.T) {
	t.Parallel()
	for _, c := range recordedGroup(t, "rev_formats") {
		refused := strings.Contains(string(c.Resp), "Invalid rev format")
		address, err := url.Parse(c.Path)
		require.NoError(t, err)
		if query := address.Query(); query.Has("rev") {
			rev, err := core.ParseRev(query.Get("rev"))
			if refused {
				assert.ErrorIs(t, err, core.ErrBadRev, "case %d: %q", c.N, query.Get("rev"))
				assert.True(t, rev.IsZero())
				continue
			}
			require.NoError(t, err, "case %d: %q", c.N, query.Get("rev"))
			assert.False(t, rev.IsZero(), "case %d: %q is a revision, if an unknown one", c.N, query.Get("rev"))
			again, err := core.ParseRev(rev.String())
			require.NoError(t, err)
			assert.Equal(t, rev, again, "case %d", c.N)
			var read struct {
				Rev string `json:"_rev"`
			}
			require.NoError(t, json.Unmarshal(c.Resp, &read))
			if read.Rev != "" {
				assert.Equal(t, read.Rev, rev.String(), "case %d", c.N)
			}
		} else if len(c.Req) > 0 {
			_, err := core.ParseDocument(c.Req)
			if refused {
				assert.ErrorIs(t, err, core.ErrBadRev, "case %d: %s", c.N, c.Req)
			} else {
				assert.NoError(t, err, "case %d: %s", c.N, c.Req)
			}
		}
	}
}

func TestParseRev(t *testing.T) {
	t.Parallel()
	const hash = "57a05520e46ce9c7a30901bf7791dc2c"
	tests := []struct {
		text       string
		generation uint64
		printed    string
	}{
		{"1-" + hash, 1, "1-" + hash},
		{"1-" + strings.ToUpper(hash), 1, "1-" + hash},
		{"001-" + hash, 1, "1-" + hash},
		{"12-abc", 12, "12-abc"},
		{"12-ABC", 12, "12-ABC"},
		{"1-a-b", 1, "1-a-b"},
		{"1-", 1, "1-"},
		{"1-é", 1, "1-é"},
		{"0-abc", 0, "0-abc"},
		{"0-", 0, "0-0"},
		{"18446744073709551615-a", math.MaxUint64, "18446744073709551615-a"},
		{"99999999999999999999-a", math.MaxUint64, "18446744073709551615-a"},
	}
	for _, test := range tests {
		rev, err := core.ParseRev(test.text)
		require.NoError(t, err, test.text)
		assert.Equal(t, test.generation, rev.Generation, test.text)
		assert.Equal(t, test.printed, rev.String(), test.text)
	}
	assert.Empty(t, core.Rev{}.String())
	for _, text := range []string{"", "-", "-1", "-a", "1", "a-1", "+1-a", " 1-a", "1.0-a", "1 -a", "1-" + strings.Repeat("g", 32)} {
		_, err := core.ParseRev(text)
		assert.ErrorIs(t, err, core.ErrBadRev, "%q", text)
	}
}

// Generations first, as numbers; then hashes as bytes, hexadecimal ones as the bytes they stand for.
func TestRevCompare(t *testing.T) {
	t.Parallel()
	ascending := []string{"1-5f" + strings.Repeat("0", 30), "1-b", "1-ba", "1-ff" + strings.Repeat("0", 30), "2-a", "10-0"}
	for i, a := range ascending {
		for j, b := range ascending {
			revA, err := core.ParseRev(a)
			require.NoError(t, err)
			revB, err := core.ParseRev(b)
			require.NoError(t, err)
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			assert.Equal(t, want, revA.Compare(revB), "%s and %s", a, b)
		}
	}
}

func FuzzParseRev(f *testing.F) {
	f.Add("1-57a05520e46ce9c7a30901bf7791dc2c")
	f.Add("0-")
	f.Add("99999999999999999999-abc")
	f.Fuzz(func(t *testing.T, text string) {
		rev, err := core.ParseRev(text)
		if err != nil {
			require.ErrorIs(t, err, core.ErrBadRev)
			require.True(t, rev.IsZero())
			return
		}
		require.False(t, rev.IsZero())
		again, err := core.ParseRev(rev.String())
		require.NoError(t, err)
		require.Equal(t, rev, again)
	})
}

// TestReadRev: a revision as JSON is what the string says, and nothing but a string is one.
func TestReadRev(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"1-a", "2-0123456789abcdef0123456789ABCDEF", "1-\"é", "99999999999999999999-a", "18446744073709551615-a", "18446744073709551616-a", "0-", "", "-a", "1", "x-a", "1-zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz"} {
		want, wantErr := core.ParseRev(text)
		quoted, err := json.Marshal(text)
		require.NoError(t, err)
		got, err := core.ReadRev(append(append([]byte(" "), quoted...), '\n'))
		assert.Equal(t, wantErr, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, value := range []string{"1", "null", "{}", `["1-a"]`, ""} {
		_, err := core.ReadRev([]byte(value))
		assert.ErrorIs(t, err, core.ErrBadRev, value)
	}
	saturated, err := core.ParseRev("184467440737095516159-a")
	require.NoError(t, err)
	assert.Equal(t, uint64(math.MaxUint64), saturated.Generation)
}
