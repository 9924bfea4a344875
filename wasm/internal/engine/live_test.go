package engine_test

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// eventOf waits for an event of a call that contains text, and returns it.
func (s *shell) eventOf(call uint32, text string) string {
	s.t.Helper()
	var found string
	require.Eventually(s.t, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, event := range s.events[call] {
			if strings.Contains(event, text) {
				found = event
				return true
			}
		}
		return false
	}, 10*time.Second, time.Millisecond, "no event with %s", text)
	return found
}

func TestLiveReplication(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	a, b := s.open("memory", "a"), s.open("memory", "b")
	s.call(`["put",` + a + `,{},{"_id":"x"}]`)
	call := s.submit(`["replicate",0,{"source":` + a + `,"target":` + b + `,"source_name":"A","target_name":"B","live":true,"retry":true,"checkpoint":"both"}]`)
	s.eventOf(call, `"paused"`)
	s.call(`["put",` + a + `,{},{"_id":"y"}]`)
	change := s.eventOf(call, `"docs_written":2`)
	assert.Contains(t, change, `"pending":`)

	var tasks []map[string]any
	require.NoError(t, json.Unmarshal([]byte(s.call(`["activeTasks",0,{}]`)), &tasks))
	require.Len(t, tasks, 1)
	assert.Equal(t, "A", tasks[0]["source"])
	assert.Equal(t, true, tasks[0]["continuous"])
	assert.Equal(t, 2.0, tasks[0]["docs_written"])
	s.call(`["wake",0,{}]`)

	s.engine.Cancel(call)
	assert.Contains(t, s.wait(call).text, `"canceled"`)
	assert.Equal(t, `[]`, s.call(`["activeTasks",0,{}]`))
	assert.Contains(t, s.call(`["usage",0,{}]`), `"calls":0,`)
	assert.Contains(t, s.call(`["usage",0,{}]`), `"tasks":0,"questions":0`)
}

func TestFilterIsAsked(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	a, b := s.open("memory", "a"), s.open("memory", "b")
	s.call(`["bulkDocs",` + a + `,{},[{"_id":"x"},{"_id":"y"},{"_id":"z"}]]`)
	call := s.submit(`["replicate",0,{"source":` + a + `,"target":` + b + `,"filter":"v1"}]`)
	var question struct {
		Number int
		About  string
		Docs   []struct {
			ID string `json:"_id"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(s.eventOf(call, `"question"`)), &question))
	assert.Equal(t, "filter", question.About)
	require.Len(t, question.Docs, 3)
	s.call(`["reply",0,{"question":` + strconv.Itoa(question.Number) + `},[true,false,true]]`)
	assert.Contains(t, s.wait(call).text, `"docs_written":2`)
	s.call(`["get",` + b + `,{"id":"z"}]`)
	assert.Equal(t, 404, s.fail(`["get",`+b+`,{"id":"y"}]`).Status)
	s.call(`["reply",0,{"question":99},true]`) // nobody asks any more

	s.call(`["put",` + a + `,{},{"_id":"w"}]`)
	unanswered := s.submit(`["replicate",0,{"source":` + a + `,"target":` + b + `,"filter":"v1"}]`)
	s.eventOf(unanswered, `"question"`)
	s.engine.Cancel(unanswered)
	assert.Contains(t, s.wait(unanswered).text, `"canceled"`)
	assert.Contains(t, s.call(`["usage",0,{}]`), `"tasks":0,"questions":0`)
}

func TestReplicationIsFilteredAtTheSource(t *testing.T) {
	t.Parallel()
	s := newShell(t)
	a, b := s.open("memory", "a"), s.open("memory", "b")
	s.call(`["bulkDocs",` + a + `,{},[{"_id":"x","n":1},{"_id":"y","n":2},{"_id":"_design/d"}]]`)
	peers := `"source":` + a + `,"target":` + b
	assert.Contains(t, s.call(`["replicate",0,{`+peers+`,"selector":{"n":1},"checkpoint":"both"}]`), `"docs_written":1,`)
	assert.Contains(t, s.call(`["replicate",0,{`+peers+`,"design_docs":true}]`), `"docs_written":1,`)
	assert.Contains(t, s.fail(`["replicate",0,{`+peers+`,"selector":1}]`).Reason, "`selector` must be an object")
	assert.Contains(t, s.call(`["replicate",0,{`+peers+`,"view":"d/v"}]`), "missing json key: views")
	assert.Contains(t, s.call(`["replicate",0,{`+peers+`,"design_filter":"d/f","query_params":{"a":1}}]`), "missing json key: filters")
}
