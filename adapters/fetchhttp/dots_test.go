package fetchhttp

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// TestNoURLForDots: "." and ".." in the path of a URL would be resolved by every client.
func TestNoURLForDots(t *testing.T) {
	t.Parallel()
	const row = `{"rows":[{"id":".","key":".","value":{"rev":"2-b"},"doc":{"_id":".","_rev":"2-b","v":1,"_conflicts":["2-a"]}}]}`
	const bulk = `{"results":[{"id":".","docs":[{"ok":{"_id":".","_rev":"2-b","v":1,"_revisions":{"start":2,"ids":["b","a"]}}}]}]}`
	for _, test := range []struct {
		options core.GetOptions
		answers []string
		want    string
		err     *core.Error
	}{
		{core.GetOptions{}, []string{row}, "2-b", nil},
		{core.GetOptions{Revs: true, Conflicts: true}, []string{row, bulk}, "2-b", nil},
		{core.GetOptions{Rev: rev(t, "2-b")}, []string{bulk}, "2-b", nil},
		{core.GetOptions{Rev: rev(t, "1-a"), Latest: true}, []string{row}, "2-b", nil},
		{core.GetOptions{Rev: rev(t, "9-x")}, []string{`{"results":[{"id":".","docs":[{"error":{"id":".","rev":"9-x","error":"not_found","reason":"missing"}}]}]}`}, "", core.ErrMissing},
		{core.GetOptions{}, []string{`{"rows":[{"key":".","error":"not_found"}]}`}, "", core.ErrMissing},
		{core.GetOptions{}, []string{`{"rows":[{"id":".","key":".","value":{"rev":"3-c","deleted":true},"doc":null}]}`}, "", core.ErrDeleted},
		{core.GetOptions{}, []string{`{"rows":[{"id":".","key":".","value":{"rev":"3-c"}}]}`}, "", core.ErrNotCouchDB},
		{core.GetOptions{RevsInfo: true}, nil, "", core.ErrNotImplemented},
	} {
		var answers []*Response
		for _, answer := range test.answers {
			answers = append(answers, reply(200, answer))
		}
		server := script(t, answers...)
		doc, err := openFake(t, server, Options{}).Get(t.Context(), ".", test.options)
		if test.err != nil {
			assert.ErrorIs(t, err, test.err)
		} else {
			require.NoError(t, err)
			assert.Equal(t, test.want, doc.Rev.String())
			assert.True(t, !test.options.Revs || doc.Revisions != nil)
		}
		for _, request := range server.requests {
			assert.False(t, strings.HasSuffix(request.URL, "/."), request.URL)
		}
	}
	server := script(t, reply(200, bulk))
	revs, err := openFake(t, server, Options{}).OpenRevs(t.Context(), ".", core.OpenRevsOptions{All: true})
	require.NoError(t, err)
	assert.Len(t, revs, 1)
}
