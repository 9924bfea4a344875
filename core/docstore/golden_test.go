package docstore_test

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// goldenCase is one request to CouchDB with its answer.
type goldenCase struct {
	N        int
	Group    string
	Method   string
	Path     string
	Req      json.RawMessage
	ReqText  *string `json:"req_text"`
	Status   int
	Resp     json.RawMessage
	RespText *string `json:"resp_text"`
}

// notFollowed names the recorded answers that this database deliberately does not give, and what follows from them. These
// requests are not sent.
var notFollowed = map[string]map[int]string{
	"newedits.json": {
		105: "CouchDB takes an edit of an unknown document's unknown revision by PUT, but not by _bulk_docs; here it is a conflict",
		109: "follows from 105",
		126: "the text 0- is the zero Rev, which asks for the winner; a server can tell them apart",
		263: "an empty id reads as no id; a server can tell them apart",
		286: "CouchDB answers 500 for a local revision that it cannot count on; here it is a 400",
		328: "CouchDB answers 500 for a _revisions without ids; here it is a 400",
		330: "a _revisions with more ids than generations contradicts itself and is refused",
		331: "follows from 330",
		351: "as 105, by POST",
		357: "follows from 330 and 351",
	},
	"alldocs_changes.json": {
		149: "leaves come ascending, as from open_revs; CouchDB shows the order inside its trees",
		157: "how the missing revision of an illegal id is spelled is the server's",
		158: "as 157",
		188: "of revisions asked for twice, CouchDB reports known ones as missing",
	},
}

// outOfScope tells which requests are not about the adapter: attachments are not supported yet, and the server has the rest.
func outOfScope(c *goldenCase) string {
	request := c.Path + string(c.Req)
	switch {
	case strings.Contains(request, "attachments=true") || strings.Contains(request, "withatt") || strings.Contains(c.Path, "att.txt"):
		return "attachments"
	case strings.Contains(c.Path, "_security") || strings.Contains(c.Path, "_purged_infos") || strings.Contains(c.Path, "/queries") ||
		strings.Contains(c.Path, "_compact/") || strings.Contains(c.Path, "_view_cleanup") || strings.Contains(c.Path, "_local/weird/") ||
		strings.Contains(c.Path, "feed=") || strings.Contains(c.Path, "seq_interval") || strings.Contains(c.Path, "_design_docs") ||
		c.Method == "HEAD" || c.Method == "COPY" || c.RespText != nil || c.Resp == nil:
		return "the server's"
	case strings.Contains(string(c.Req), "all_or_nothing"):
		return "all_or_nothing is refused by the server"
	case strings.HasSuffix(c.Path, "/_bulk_get") && !strings.Contains(string(c.Req), `"id":"`),
		strings.HasSuffix(c.Path, "/_bulk_get") && strings.Contains(string(c.Resp), "Invalid rev format"),
		c.Status >= 400 && (c.Req == nil || c.Req[0] != '{') && c.ReqText != nil:
		return "the form of the request"
	case c.Status == 500:
		return "CouchDB's own defects"
	}
	return ""
}

// TestGoldenNormalWrites and its siblings send the recorded requests, which a small translation turns into calls of the adapter.
func TestGoldenNormalWrites(t *testing.T) {
	t.Parallel()
	replay(t, "newedits.json", 480)
}

func TestGoldenListings(t *testing.T) {
	t.Parallel()
	replay(t, "alldocs_changes.json", 280)
}

func replay(t *testing.T, file string, atLeast int) {
	var recorded struct{ Cases []goldenCase }
	golden.Load(t, file, &recorded)
	var session *replaySession
	group, checked := "", 0
	for i := range recorded.Cases {
		c := &recorded.Cases[i]
		if c.Group == "partitioned" {
			continue // partitioned databases are the server's, if at all
		}
		if c.Group != group {
			group = c.Group
			session = newReplaySession(t)
		}
		if _, deviates := notFollowed[file][c.N]; deviates {
			continue
		}
		if outOfScope(c) != "" {
			session.imitate(c)
			continue
		}
		checked++
		session.compare(c)
	}
	assert.GreaterOrEqual(t, checked, atLeast, "cases compared")
}

type replaySession struct {
	t    *testing.T
	ctx  context.Context
	db   *docstore.DB
	seqs []string // of the rows of all changes feeds so far
	last string   // last_seq of the first of them
}

func newReplaySession(t *testing.T) *replaySession {
	db, err := memory.OpenWith(t.Context(), docstore.Options{Name: "golden", Scripts: goFunctions})
	require.NoError(t, err)
	t.Cleanup(func() {
		report, err := db.Check(context.Background())
		require.NoError(t, err)
		require.Empty(t, report.Problems)
	})
	return &replaySession{t: t, ctx: t.Context(), db: db}
}

var (
	volatileSeq  = regexp.MustCompile(`"(\d+)-<seq>"`)
	volatileInfo = []string{"instance_start_time", "db_name", "sizes", "props", "disk_format_version", "compact_running", "cluster"}
	attachments  = regexp.MustCompile(`,"_attachments":\{"a.bin":\{[^}]*\}\}`)
)

// The one document of the listings that has an attachment is written without, and so gets another revision.
const (
	withAttachment    = "1-d26db92019b8a76df62122a933932fb5"
	withoutAttachment = "1-967a00dff5e02add41819138abb3284d"
)

func (s *replaySession) compare(c *goldenCase) {
	s.t.Helper()
	status, got := s.send(c)
	want := volatileSeq.ReplaceAllString(string(c.Resp), "$1")
	want = strings.ReplaceAll(attachments.ReplaceAllString(want, ""), withAttachment, withoutAttachment)
	name := strconv.Itoa(c.N) + " " + c.Group + ": " + c.Method + " " + c.Path + " " + string(c.Req)
	if c.Status >= 400 {
		assert.Equal(s.t, c.Status, status, "%s answered %s", name, got)
		if status >= 400 && c.Resp[0] == '{' {
			var wanted, found struct{ Error string }
			require.NoError(s.t, json.Unmarshal(c.Resp, &wanted))
			require.NoError(s.t, json.Unmarshal(got, &found))
			assert.Equal(s.t, wanted.Error, found.Error, name)
		}
		return
	}
	if !assert.Less(s.t, status, 400, "%s answered %s", name, got) {
		return
	}
	assert.JSONEq(s.t, normalise(s.t, want), normalise(s.t, string(got)), name)
}

// normalise removes what is volatile and where the printed shape is the server's business.
func normalise(t *testing.T, text string) string {
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	require.NoError(t, decoder.Decode(&value), text)
	if object, ok := value.(map[string]any); ok {
		for _, name := range volatileInfo {
			delete(object, name)
		}
		for _, name := range []string{"total_rows", "offset"} {
			if object[name] == nil {
				delete(object, name)
			}
		}
		if object["purge_seq"] == nil {
			delete(object, "purge_seq")
		}
		// Ids that CouchDB made up sort elsewhere.
		if rows, ok := object["rows"].([]any); ok {
			kept := []any{}
			for _, row := range rows {
				id, _ := row.(map[string]any)["id"].(string)
				if id == "<uuid>" || len(id) == 32 {
					continue
				}
				kept = append(kept, row)
			}
			object["rows"] = kept
		}
	}
	out, err := json.Marshal(value)
	require.NoError(t, err)
	return string(out)
}

// imitate does what requests that are out of scope do to sequences and counts, so that what follows can be compared.
func (s *replaySession) imitate(c *goldenCase) {
	docID, _ := s.target(c)
	switch {
	case c.Method == "PUT" && docID == "withatt":
		_, err := core.Put(s.ctx, s.db, &core.Document{ID: docID, Body: core.EmptyBody})
		require.NoError(s.t, err)
	case c.Method == "COPY":
		doc, err := s.db.Get(s.ctx, docID, core.GetOptions{})
		require.NoError(s.t, err)
		_, err = core.Put(s.ctx, s.db, &core.Document{ID: "frombd", Body: doc.Body})
		require.NoError(s.t, err)
	case c.Method == "PUT" && docID == "_security":
		require.NoError(s.t, s.db.SetRevsLimit(s.ctx, 1000)) // takes a sequence, too
	}
}
