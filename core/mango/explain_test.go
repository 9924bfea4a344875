package mango_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// explained is the part of an explain that does not depend on what we plan better.
type explained struct {
	DBName      string          `json:"dbname"`
	Partitioned bool            `json:"partitioned"`
	Selector    json.RawMessage `json:"selector"`
	Options     map[string]any  `json:"opts"`
	Limit       int             `json:"limit"`
	Skip        int             `json:"skip"`
	Fields      any             `json:"fields"`
	Index       struct {
		Name string          `json:"name"`
		Def  json.RawMessage `json:"def"`
	} `json:"index"`
	Candidates []struct {
		Index struct {
			Name string `json:"name"`
		} `json:"index"`
		Analysis struct {
			Usable  bool `json:"usable"`
			Reasons []struct {
				Name string `json:"name"`
			} `json:"reasons"`
		} `json:"analysis"`
	} `json:"index_candidates"`
}

// reasons tells of each index whether it could be used, and why it was not.
func (e explained) reasons() map[string]string {
	reasons := map[string]string{}
	for _, c := range e.Candidates {
		reasons[c.Index.Name] = c.Analysis.Reasons[0].Name
		if c.Analysis.Usable && c.Analysis.Reasons[0].Name != "sort_order_mismatch" { // which is no obstacle for us, who sort
			reasons[c.Index.Name] += ", usable"
		}
	}
	return reasons
}

func TestExplainAsRecorded(t *testing.T) {
	t.Parallel()
	for _, c := range loadRecorded().Explains {
		var want, got explained
		require.NoError(t, json.Unmarshal(c.Resp, &want))
		request, err := mango.ParseRequest(c.Req, regexps.Compile)
		require.NoError(t, err, "%s", c.Req)
		plan, err := mango.NewPlan(request, indexesOf(c.DB))
		require.NoError(t, err, "%s", c.Req)
		text := plan.AppendExplain(nil, "<db>")
		require.NoError(t, json.Unmarshal(text, &got), "%s", text)
		require.JSONEq(t, string(want.Selector), string(got.Selector), "%s", c.Req)
		want.Selector, got.Selector = nil, nil
		if string(want.Index.Def) == "" || want.Index.Name != got.Index.Name {
			assert.True(t, plan.SortInMemory || otherPlans(plan), "%s: %s instead of %s", c.Req, got.Index.Name, want.Index.Name)
			continue
		}
		require.JSONEq(t, string(want.Index.Def), string(got.Index.Def), "%s", c.Req)
		wantReasons, gotReasons := want.reasons(), got.reasons()
		if len(request.Sort) > 0 { // there the documents themselves are an answer for us, because we sort
			delete(wantReasons, "_all_docs")
			delete(gotReasons, "_all_docs")
		}
		assert.Equal(t, wantReasons, gotReasons, "%s", c.Req)
		want.Index, got.Index, want.Candidates, got.Candidates = got.Index, want.Index, nil, nil
		want.Index.Def, got.Index.Def = nil, nil
		assert.Equal(t, want, got, "%s", c.Req)
	}
}

// otherPlans tells whether a plan differs from CouchDB's on purpose: a field that is fixed is preferred to one in a range.
func otherPlans(plan *mango.Plan) bool {
	if plan.Index == nil || len(plan.Ranges) != 1 {
		return false
	}
	low, high := plan.Bounds()
	return low[:len(low)-1]+`,"<MAX>"]` == high
}
