package server_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/server"
)

// replayed is a file of recorded requests, and how it is replayed.
type replayed struct {
	file       string
	leftOut    map[string]string // groups that are not replayed, and why
	exceptions []exception
	stripped   map[int]bool    // documents that are written without their attachments
	compressed map[string]bool // documents with attachments that CouchDB compressed
	// written returns the documents that a group begins with, in their order. They were written before the recording began.
	written map[string]func(*testing.T, *testServer, []recorded)
}

func (f replayed) run(t *testing.T) {
	groups, cases := loadRecorded(t, f.file)
	for group := range f.leftOut {
		assert.Contains(t, groups, group, "a group that is left out must exist")
	}
	for _, group := range groups {
		if _, found := f.leftOut[group]; found {
			continue
		}
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			f.replayGroup(t, cases[group])
		})
	}
}

// replayGroup replays a group on a server of its own.
func (f replayed) replayGroup(t *testing.T, cases []recorded) {
	s := start(t, server.Options{
		Origins: []string{"http://app.example"},
		Users:   []server.User{user(t, "admin", "password", "_admin"), user(t, "gold_user", "secret", "reader")},
	})
	r := newReplay(s, "gold_db")
	r.stripped, r.compressed = f.stripped, f.compressed
	r.while = func(t *testing.T, c recorded) {
		s.ok(t, "PUT", "/gold_db/"+liveDocument(t, c), `{"live":true}`)
	}
	// The group "database" begins without one, too.
	if !cases[0].NoDB && cases[0].Group != "database" {
		s.ok(t, "PUT", "/gold_db", "")
	}
	if write := f.written[cases[0].Group]; write != nil {
		write(t, s, cases)
		r.send(t, recorded{Method: "GET", Path: "/{db}/_changes", Status: 200})
	}
	for _, c := range cases {
		e := findException(f.exceptions, c.N)
		if e != nil && e.status == 0 {
			continue
		}
		status, difference := r.send(t, c)
		if e != nil {
			assert.Equal(t, e.status, status, "%d %s %s is excepted (%s), but answered otherwise than it says", c.N, c.Method, c.Path, e.reason)
			assert.NotEmpty(t, difference, "%d %s %s needs no exception", c.N, c.Method, c.Path)
			continue
		}
		assert.Empty(t, difference, "%d %s %s", c.N, c.Method, c.Path)
	}
}

func findException(exceptions []exception, n int) *exception {
	for i := range exceptions {
		if n >= exceptions[i].from && n <= exceptions[i].to {
			return &exceptions[i]
		}
	}
	return nil
}

// liveDocument returns the id of the document that a waiting feed was recorded to receive.
func liveDocument(t *testing.T, c recorded) string {
	for _, docID := range []string{"live_longpoll", "live_continuous", "live_eventsource"} {
		answer := string(c.Resp)
		if c.RespText != nil {
			answer = *c.RespText
		}
		if strings.Contains(answer, `"`+docID+`"`) {
			return docID
		}
	}
	require.Fail(t, "no live document in the recorded answer", "%d", c.N)
	return ""
}

// numbered writes {"n":0}, {"n":1}, ... under a prefix.
func numbered(prefix string, count int) func(*testing.T, *testServer, []recorded) {
	return func(t *testing.T, s *testServer, _ []recorded) {
		for i := range count {
			s.ok(t, "PUT", fmt.Sprintf("/gold_db/%s%d", prefix, i), fmt.Sprintf(`{"n":%d}`, i))
		}
	}
}

// recordedDocument returns a document as a recorded answer with include_docs shows it.
func recordedDocument(t *testing.T, cases []recorded, n int, docID string) string {
	for _, c := range cases {
		if c.N != n {
			continue
		}
		var answer struct {
			Results []struct {
				ID  string
				Doc json.RawMessage
			}
		}
		require.NoError(t, json.Unmarshal(c.Resp, &answer))
		for _, row := range answer.Results {
			if row.ID == docID {
				return string(row.Doc)
			}
		}
	}
	require.Fail(t, "the document is not in the recording", docID)
	return ""
}
