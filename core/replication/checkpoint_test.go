package replication

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// note writes a checkpoint as "session:checkpoint number:sequence", the newest session first; "" is no checkpoint.
func note(text string) *checkpoint {
	c := &checkpoint{}
	for part := range strings.FieldsSeq(text) {
		fields := strings.Split(part, ":")
		number, _ := strconv.ParseInt(fields[1], 10, 64)
		c.history = append(c.history, session{id: fields[0], checkpoints: number, recorded: core.Seq(fields[2])})
	}
	if len(c.history) == 0 {
		return nil
	}
	c.session, c.seq = c.history[0].id, c.history[0].recorded
	return c
}

func TestAgree(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, source, target, want string }{
		{"first run", "", "", ""},
		{"target made anew", "s1:1:5-a", "", ""},
		{"source made anew", "", "s1:1:5-a", ""},
		{"both have the same note", "s2:3:9-c s1:1:5-a", "s2:3:9-c s1:1:5-a", "s2:3:9-c s1:1:5-a"},
		{"the source missed a commit of the same run", "s1:1:5-a", "s1:2:9-b", "s1:1:5-a"},
		{"the target missed a commit of the same run", "s1:2:9-b", "s1:1:5-a", "s1:1:5-a"},
		{"sequences are not numbers: the older note counts, not the lower one", "s1:2:3-z", "s1:1:70-a", "s1:1:70-a"},
		{"source restored from a backup (P#1240)", "s1:1:5-a", "s3:1:20-d s2:2:9-c s1:1:5-a", "s1:1:5-a"},
		{"target restored from a backup", "s3:1:20-d s2:2:9-c s1:1:5-a", "s1:1:5-a", "s1:1:5-a"},
		{"backup taken in the middle of a run", "s2:1:7-b s1:1:5-a", "s3:1:20-d s2:4:9-c s1:1:5-a", "s2:1:7-b s1:1:5-a"},
		{"the source never took the last session's", "s1:1:5-a", "s2:1:9-b s1:1:5-a", "s1:1:5-a"},
		{"newest common session, not just any", "s4:1:d s3:1:c s2:1:b s1:1:a", "s5:1:e s3:1:c s2:1:b s1:1:a", "s3:1:c s2:1:b s1:1:a"},
		{"nothing in common", "s1:1:5-a", "s2:1:5-a", ""},
		{"not numbered and different: no telling which is older", "s2:0:9 s1:0:5", "s2:0:8 s1:0:5", "s1:0:5"},
		{"not numbered, one session: from the beginning", "s2:0:9", "s2:0:8", ""},
		{"same number and different: cannot be, so it is not trusted", "s2:1:9", "s2:1:8", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := agree(note(test.source), note(test.target))
			if want := note(test.want); want == nil {
				assert.Nil(t, got)
			} else {
				assert.Equal(t, want, got)
			}
		})
	}
}

func TestFollowKeepsWhatBothKnew(t *testing.T) {
	t.Parallel()
	agreed := agree(note("s3:1:9 s1:1:5"), note("s2:1:7 s1:1:5"))
	assert.Equal(t, note("s4:1:11 s1:1:5"), agreed.follow(session{id: "s4", checkpoints: 1, recorded: "11"}))
	assert.Equal(t, note("s4:1:11"), (*checkpoint)(nil).follow(session{id: "s4", checkpoints: 1, recorded: "11"}))
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	var c *checkpoint
	for i := range 3 * historyLimit {
		c = c.follow(session{id: strconv.Itoa(i), recorded: core.Seq(strconv.Itoa(i))})
	}
	require.Len(t, c.history, historyLimit)
	assert.Equal(t, "149", c.history[0].id)
	assert.Equal(t, "100", c.history[historyLimit-1].id)
}

func TestCheckpointTextRoundTrip(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 20, 23, 59, 58, 0, time.UTC)
	first := session{
		id: `with "quotes"`, recorded: "17-g1AAAA", startSeq: "3", checkpoints: 4, startTime: start, endTime: start.Add(time.Minute),
		counts: Counts{MissingChecked: 9, MissingFound: 8, DocsRead: 7, DocsWritten: 6, DocWriteFailures: 1},
	}
	second := session{id: "s0", recorded: "3", startTime: start, endTime: start}
	c := &checkpoint{session: first.id, seq: first.recorded, history: []session{first, second}}
	text := c.appendJSON(nil)
	require.True(t, json.Valid(text), "%s", text)
	assert.Equal(t, c, parseCheckpoint(text))
	assert.Contains(t, string(text), `"start_last_seq":0`, "the beginning is 0, as in CouchDB")
	assert.Contains(t, string(text), `"source_last_seq":"17-g1AAAA"`)
	assert.Contains(t, string(text), `"start_time":"Fri, 20 Nov 2026 23:59:58 GMT"`)
}

func TestUnreadableCheckpointsAreNone(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{}`, `{"session_id":"a"}`, `{"session_id":"a","source_last_seq":5}`, `{"session_id":"a","source_last_seq":5,"history":[]}`,
		`{"session_id":1,"source_last_seq":5,"history":[{"session_id":"a","recorded_seq":5}]}`,
		`{"session_id":"a","source_last_seq":5,"history":[{"session_id":"b","recorded_seq":5}]}`,
		`{"session_id":"a","source_last_seq":5,"history":[{"session_id":"a","recorded_seq":4}]}`,
		`{"session_id":"a","source_last_seq":null,"history":[{"session_id":"a","recorded_seq":null}]}`,
		`{"session_id":"a","source_last_seq":5,"history":"long"}`,
	} {
		assert.Nil(t, parseCheckpoint([]byte(body)), "%s", body)
	}
}

// CouchDB's replicator left these documents behind. Ours have the same members, and are understood in the same way.
func TestGoldenCheckpoints(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(golden.Path("replication"), "couchdb_*.json"))
	require.NoError(t, err)
	checked := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		var recorded struct {
			Source []json.RawMessage `json:"source_local_docs"`
			Target []json.RawMessage `json:"target_local_docs"`
		}
		require.NoError(t, json.Unmarshal(text, &recorded))
		require.Len(t, recorded.Target, len(recorded.Source))
		for i, doc := range recorded.Source {
			source, target := parseCheckpoint(doc), parseCheckpoint(recorded.Target[i])
			require.NotNil(t, source, "%s: %s", file, doc)
			agreed := agree(source, target)
			require.NotNil(t, agreed, "%s", file)
			assert.Equal(t, source.seq, agreed.seq)

			var theirs, ours struct {
				Session string           `json:"session_id"`
				Version int              `json:"replication_id_version"`
				Seq     any              `json:"source_last_seq"`
				History []map[string]any `json:"history"`
			}
			require.NoError(t, json.Unmarshal(doc, &theirs))
			require.NoError(t, json.Unmarshal(source.appendJSON(nil), &ours))
			assert.Equal(t, theirs.Session, ours.Session)
			assert.Equal(t, theirs.Seq, ours.Seq)
			assert.NotZero(t, ours.Version)
			require.Len(t, ours.History, len(theirs.History))
			for k, theirs := range theirs.History {
				for name, value := range theirs {
					if strings.HasPrefix(name, "bulk_get_") {
						continue // statistics about CouchDB's own way of fetching
					}
					if strings.HasSuffix(name, "_time") { // a placeholder in the recording
						assert.Contains(t, ours.History[k], name)
						continue
					}
					assert.Equal(t, value, ours.History[k][name], "%s: %s", file, name)
				}
			}
			checked++
		}
	}
	assert.Greater(t, checked, 20)
}
