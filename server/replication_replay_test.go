package server_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/internal/golden"
	"github.com/gouchdb/gouchdb/server"
)

// transcript is what CouchDB's or PouchDB's replicator sent to a CouchDB, and what that answered.
type transcript struct {
	Direction     string
	Written       []written
	WrittenTarget []written `json:"written_target"`
	Runs          []struct {
		Run             int
		WritesBefore    []written `json:"writes_before"`
		WritesMeanwhile []written `json:"writes_meanwhile"`
	}
	Transcript []transcribed
}

type transcribed struct {
	recorded
	Run        int
	ReqLength  int `json:"req_length"`  // of a body that was not recorded whole
	RespLength int `json:"resp_length"` // of an answer that was not
}

// written is something that was done to a database aside from the replication.
type written struct {
	BulkDocs   json.RawMessage `json:"bulk_docs"`
	Put        json.RawMessage
	Delete     string
	DeleteBody string
}

func TestReplicationTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(golden.Path(filepath.Join("replication", "*.json")))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			var recording transcript
			require.NoError(t, json.Unmarshal(text, &recording))
			replayTranscript(t, name, recording)
		})
	}
}

// peer is this server in the place of the CouchDB that was recorded.
type peer struct {
	*testServer
	replay     *replay
	db         string // the database that the replicator reads or writes here
	transcript []transcribed
}

func replayTranscript(t *testing.T, name string, recording transcript) {
	s := start(t, server.Options{})
	p := &peer{testServer: s, replay: newReplay(s, "unused"), db: "target", transcript: recording.Transcript}
	p.replay.variables["source"], p.replay.variables["target"] = "source", "target"
	if recording.Direction == "pull" {
		p.db = "source"
	}
	if !strings.Contains(name, "create_target") && !strings.Contains(name, "missing_target") {
		s.ok(t, "PUT", "/"+p.db, "")
	}
	p.complete(t, &recording)
	p.transcript = recording.Transcript
	if recording.Direction == "pull" {
		p.write(t, recording.Written)
		if strings.Contains(name, "attachments") {
			p.learnRevisions(t)
		}
	} else {
		p.write(t, recording.WrittenTarget)
	}
	run := 0
	for _, c := range recording.Transcript {
		if name == "pouchdb_pull_live" && c.N == 8 {
			continue // it was answered while the long poll before it still waited, and so before the write
		}
		for run < c.Run {
			run++
			if recording.Direction == "pull" {
				p.write(t, recording.Runs[run-1].WritesBefore)
			}
		}
		p.exchange(t, c, recording.Runs[run-1].WritesMeanwhile)
	}
}

var recordedSeq = regexp.MustCompile(`([0-9]+)-<seq>`)

// exchange sends one recorded request and compares the answer.
func (p *peer) exchange(t *testing.T, c transcribed, meanwhile []written) {
	c.Path = strings.NewReplacer("<", "", ">", "").Replace(recordedSeq.ReplaceAllString(c.Path, "$1-"+p.mark(t)))
	if c.Headers["cookie"] != nil {
		cookie := "AuthSession=" + p.replay.variables["cookie"]
		c.Headers["cookie"] = &cookie
		c.Auth = "none"
	}
	delete(c.Headers, "authorization")
	if c.Path == "/_session" {
		c.Auth, c.Saves = "none", []string{"cookie"}
	}
	c.RespHeaders = map[string]string{"content-type": c.RespHeaders["content-type"]}
	feed := strings.Contains(c.Path, "feed=longpoll") || strings.Contains(c.Path, "feed=continuous")
	if feed {
		p.follow(t, c, meanwhile)
		return
	}
	switch {
	case c.RespB64 != nil && strings.Contains(c.Path, "open_revs="):
		p.fetchParts(t, c)
		return
	case strings.Contains(c.Path, "?rev="):
		p.fetchAttachment(t, c)
		return
	}
	if c.RespLength > 0 || c.Path == "/" {
		c.Resp, c.RespText = nil, nil // not recorded whole; and each server welcomes in its own words
	}
	p.replay.unordered = strings.HasSuffix(c.Path, "/_revs_diff") // of an unknown document, CouchDB lists the revisions as they were asked for
	_, difference := p.replay.send(t, c.recorded)
	assert.Empty(t, difference, "%d %s %s", c.N, c.Method, c.Path)
}

// mark returns the part of the database's sequences after the number.
func (p *peer) mark(t *testing.T) string {
	response, answer := p.do(t, call{path: "/" + p.db})
	if response.StatusCode != http.StatusOK {
		return ""
	}
	var info struct {
		UpdateSeq string `json:"update_seq"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &info))
	_, mark, _ := strings.Cut(info.UpdateSeq, "-")
	return mark
}

// follow sends a request for a feed that waits, does what was done meanwhile, and compares what came until the client closed.
func (p *peer) follow(t *testing.T, c transcribed, meanwhile []written) {
	response := p.open(t, p.replay.call(t, c.recorded))
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, c.Status, response.StatusCode)
	p.write(t, meanwhile)
	if !c.Cut {
		p.writeLive(t, c)
		answer, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		assert.Empty(t, p.replay.matchBody(c.recorded, "application/json", answer), "%d %s", c.N, c.Path)
		return
	}
	want := *c.RespText
	// Heartbeats come when they come.
	want = strings.ReplaceAll(strings.TrimRight(want, "\n")+"\n", "\n\n", "\n")
	var got strings.Builder
	buffer := make([]byte, 512)
	for strings.Count(got.String(), "\n") < strings.Count(want, "\n") {
		n, err := response.Body.Read(buffer)
		got.Write(buffer[:n])
		require.NoError(t, err)
	}
	assert.Empty(t, matchLines(want, got.String()), "%d %s", c.N, c.Path)
}

// writeLive writes the documents that a long poll was recorded to answer with, as later requests show them.
func (p *peer) writeLive(t *testing.T, c transcribed) {
	var answer struct{ Results []struct{ ID string } }
	require.NoError(t, json.Unmarshal(c.Resp, &answer))
	for _, row := range answer.Results {
		p.ok(t, "POST", "/"+p.db+"/_bulk_docs", `{"new_edits":false,"docs":[`+p.fetched(t, row.ID)+`]}`)
	}
}

// fetched returns a document as one of the recorded answers to _bulk_get shows it.
func (p *peer) fetched(t *testing.T, docID string) string {
	for _, c := range p.transcript {
		var answer struct {
			Results []struct {
				ID   string
				Docs []struct{ OK json.RawMessage }
			}
		}
		if !strings.Contains(c.Path, "/_bulk_get") || json.Unmarshal(c.Resp, &answer) != nil {
			continue
		}
		for _, row := range answer.Results {
			if row.ID == docID {
				return string(row.Docs[0].OK)
			}
		}
	}
	require.Fail(t, "the document was never fetched", docID)
	return ""
}

func (p *peer) write(t *testing.T, writes []written) {
	for _, w := range writes {
		switch {
		case w.BulkDocs != nil:
			p.ok(t, "POST", "/"+p.db+"/_bulk_docs", string(w.BulkDocs))
		case w.Put != nil:
			p.ok(t, "POST", "/"+p.db, string(w.Put))
		case w.DeleteBody != "":
			// The tombstone's body is only in what was fetched of it.
			p.ok(t, "POST", "/"+p.db+"/_bulk_docs", `{"new_edits":false,"docs":[`+p.fetched(t, w.DeleteBody)+`]}`)
		default:
			response, _ := p.do(t, call{method: "HEAD", path: "/" + p.db + "/" + w.Delete})
			p.ok(t, "DELETE", "/"+p.db+"/"+w.Delete+"?rev="+strings.Trim(response.Header.Get("ETag"), `"`), "")
		}
	}
}
