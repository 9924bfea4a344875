package docstore_test

import (
	"encoding/json"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/internal/golden"
)

type revtreeAnswer struct {
	Status int
	Body   json.RawMessage
}

type revtreeOpen struct {
	Revs []string
	revtreeAnswer
}

type revtreeRev struct {
	Rev  string
	Revs bool
	revtreeAnswer
}

// revtreeCase is a history of replicated writes and every view of the tree that results.
type revtreeCase struct {
	N      int
	Kind   string
	Limit  int `json:"revs_limit"`
	Writes []struct {
		Docs   []json.RawMessage
		Put    bool
		Winner string
	}
	LimitLowered    int                      `json:"revs_limit_lowered"`
	Reads           map[string]revtreeAnswer `json:"reads"`
	RevGets         []revtreeRev             `json:"rev_gets"`
	OpenRevs        revtreeOpen              `json:"open_revs"`
	OpenRevsLatest  revtreeOpen              `json:"open_revs_latest"`
	RevLatest       revtreeRev               `json:"rev_latest"`
	Changes         json.RawMessage
	ChangesMainOnly json.RawMessage `json:"changes_main_only"`
	RevsDiff        []exchange      `json:"revs_diff"`
	MissingRevs     exchange        `json:"missing_revs"`
	DocCount        struct {
		DocCount    uint64 `json:"doc_count"`
		DocDelCount uint64 `json:"doc_del_count"`
	} `json:"doc_count"`
}

type exchange struct{ Req, Resp json.RawMessage }

var revtreeReads = map[string]string{
	"get": "", "conflicts": "conflicts=true", "deleted_conflicts": "deleted_conflicts=true", "revs": "revs=true", "revs_info": "revs_info=true",
	"meta": "meta=true", "local_seq": "local_seq=true", "open_revs_all": "open_revs=all", "open_revs_all_revs": "open_revs=all&revs=true",
}

func TestGoldenRevisionTrees(t *testing.T) {
	t.Parallel()
	var recorded struct{ Cases []revtreeCase }
	golden.Load(t, "revtrees.json", &recorded)
	require.NotEmpty(t, recorded.Cases)
	for i := range recorded.Cases {
		c := &recorded.Cases[i]
		t.Run(strconv.Itoa(c.N)+" "+c.Kind, func(t *testing.T) { c.replay(t) })
	}
}

func (c *revtreeCase) replay(t *testing.T) {
	s := newReplaySession(t)
	if c.Limit > 0 {
		require.NoError(t, s.db.SetRevsLimit(s.ctx, c.Limit))
	}
	for i, write := range c.Writes {
		if i == len(c.Writes)-1 && c.LimitLowered > 0 {
			require.NoError(t, s.db.SetRevsLimit(s.ctx, c.LimitLowered))
		}
		docs := make([]*core.Document, len(write.Docs))
		for j, text := range write.Docs {
			doc, err := core.ParseDocument(text)
			require.NoError(t, err)
			docs[j] = doc
		}
		results, err := s.db.BulkDocs(s.ctx, docs, core.BulkDocsOptions{Replicated: true})
		require.NoError(t, err)
		for _, result := range results {
			require.Nil(t, result.Err)
		}
		doc, err := s.db.Get(s.ctx, "d", core.GetOptions{})
		if err != nil {
			assert.Equal(t, write.Winner, core.AsError(err).Reason, "winner after write %d", i)
		} else {
			assert.Equal(t, write.Winner, doc.Rev.String(), "winner after write %d", i)
		}
	}

	get := func(what, query string, want revtreeAnswer) {
		t.Helper()
		values, err := url.ParseQuery(query)
		require.NoError(t, err)
		answer, err := s.get("d", values)
		if want.Status != 200 {
			require.Error(t, err, what)
			answer = wire.AppendError(nil, core.AsError(err))
			assert.Equal(t, want.Status, core.AsError(err).Status, what)
		} else {
			require.NoError(t, err, what)
		}
		assert.JSONEq(t, string(want.Body), string(answer), what)
	}
	for name, want := range c.Reads {
		query, known := revtreeReads[name]
		require.True(t, known, "a read that the test does not know: %s", name)
		get(name, query, want)
	}
	for _, rev := range c.RevGets {
		get("rev "+rev.Rev, "rev="+rev.Rev+"&revs="+strconv.FormatBool(rev.Revs), rev.revtreeAnswer)
	}
	open := func(revs []string) string { return "open_revs=" + url.QueryEscape(`["`+strings.Join(revs, `","`)+`"]`) }
	get("open_revs", open(c.OpenRevs.Revs), c.OpenRevs.revtreeAnswer)
	get("open_revs, latest", open(c.OpenRevsLatest.Revs)+"&latest=true", c.OpenRevsLatest.revtreeAnswer)
	get("rev, latest", "latest=true&rev="+c.RevLatest.Rev, c.RevLatest.revtreeAnswer)

	changes := func(query string, want json.RawMessage) {
		t.Helper()
		values, _ := url.ParseQuery(query)
		answer, err := s.changes(values, nil)
		require.NoError(t, err)
		var got struct{ Results json.RawMessage }
		require.NoError(t, json.Unmarshal(answer, &got))
		assert.JSONEq(t, volatileSeq.ReplaceAllString(string(want), "$1"), string(got.Results))
	}
	changes("style=all_docs", c.Changes)
	changes("", c.ChangesMainOnly)

	for _, diff := range c.RevsDiff {
		answer, err := s.answer("POST", "_revs_diff", nil, diff.Req)
		require.NoError(t, err)
		assert.JSONEq(t, string(diff.Resp), string(answer), "%s", diff.Req)
	}
	answer, err := s.answer("POST", "_missing_revs", nil, c.MissingRevs.Req)
	require.NoError(t, err)
	assert.JSONEq(t, string(c.MissingRevs.Resp), string(answer))

	info, err := s.db.Info(s.ctx)
	require.NoError(t, err)
	assert.Equal(t, c.DocCount.DocCount, info.DocCount)
	assert.Equal(t, c.DocCount.DocDelCount, info.DocDelCount)
}
