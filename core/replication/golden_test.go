package replication_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/golden"
)

// notReplayed are the recordings of CouchDB's replicator that say nothing about this package, with the reason.
var notReplayed = map[string]string{
	"missing_source": "an error of opening the database; TestPeersThatCannotBe has it",
	"missing_target": "an error of opening the database; TestPeersThatCannotBe has it",
	"wrong_password": "an error of the HTTP adapter; TestWrongPasswordIsNotRepeated has it",
}

type goldenWrite struct {
	BulkDocs *struct {
		NewEdits *bool             `json:"new_edits"`
		Docs     []json.RawMessage `json:"docs"`
	} `json:"bulk_docs"`
	Put        json.RawMessage `json:"put"`
	Delete     string          `json:"delete"`
	DeleteBody string          `json:"deletebody"`
}

type goldenRow struct {
	ID      string `json:"id"`
	Changes []struct {
		Rev string `json:"rev"`
	} `json:"changes"`
	Deleted bool `json:"deleted"`
}

type goldenRun struct {
	Before    []goldenWrite `json:"writes_before"`
	Meanwhile []goldenWrite `json:"writes_meanwhile"`
	Request   struct {
		Continuous      bool
		DocIDs          []string `json:"doc_ids"`
		WinningRevsOnly bool     `json:"winning_revs_only"`
		BatchSize       int      `json:"worker_batch_size"`
		Selector        json.RawMessage
		Filter          string
		QueryParams     json.RawMessage `json:"query_params"`
	} `json:"request"`
	Answer struct {
		NoChanges bool `json:"no_changes"`
		History   []struct {
			Checked int `json:"missing_checked"`
			Found   int `json:"missing_found"`
			Read    int `json:"docs_read"`
			Written int `json:"docs_written"`
		} `json:"history"`
	} `json:"resp"`
}

// What CouchDB's replicator was seen to do between two databases, ours does: the same counts, and the same leaves in the target.
func TestGoldenReplications(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(golden.Path("replication"), "couchdb_*.json"))
	require.NoError(t, err)
	replayed := 0
	for _, file := range files {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "couchdb_"), ".json")
		_, scenario, _ := strings.Cut(name, "_")
		if notReplayed[scenario] != "" {
			continue
		}
		replayed++
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			replayGolden(t, file)
		})
	}
	assert.GreaterOrEqual(t, replayed, 27)
}

func replayGolden(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	var recorded struct {
		Written     []goldenWrite `json:"written"`
		Runs        []goldenRun   `json:"runs"`
		AfterSource []goldenRow   `json:"after_source"`
		AfterTarget []goldenRow   `json:"after_target"`
	}
	require.NoError(t, json.Unmarshal(text, &recorded))

	source, target := openWith(t, docstore.Options{Scripts: remainders}), open(t)
	sourceRevs, targetRevs := revsOf(recorded.AfterSource), revsOf(recorded.AfterTarget)
	for docID, revs := range targetRevs { // what the target had of its own
		for _, rev := range revs {
			if !strings.Contains(strings.Join(sourceRevs[docID], " "), rev) {
				parsed, err := core.ParseRev(rev)
				require.NoError(t, err)
				require.Equal(t, uint64(1), parsed.Generation)
				graft(t, target, docID, core.Rev{}, parsed.Hash, `{"own":true}`, false)
			}
		}
	}
	writeGolden(t, source, withContents(t, recorded.Written, sourceRevs))

	var sum replication.Counts // CouchDB's statistics go on from session to session
	for _, run := range recorded.Runs {
		writeGolden(t, source, run.Before)
		if run.Request.Continuous {
			replayContinuous(t, source, target, run.Meanwhile)
			continue
		}
		result := replicate(t, source, target, replication.Options{
			DocIDs: run.Request.DocIDs, WinningRevsOnly: run.Request.WinningRevsOnly, BatchSize: run.Request.BatchSize,
			Selector: run.Request.Selector, DesignFilter: run.Request.Filter, QueryParams: run.Request.QueryParams,
		})
		sum = replication.Counts{
			MissingChecked: sum.MissingChecked + result.MissingChecked, MissingFound: sum.MissingFound + result.MissingFound,
			DocsRead: sum.DocsRead + result.DocsRead, DocsWritten: sum.DocsWritten + result.DocsWritten,
		}
		var want replication.Counts
		if len(run.Answer.History) > 0 {
			newest := run.Answer.History[0]
			want = replication.Counts{MissingChecked: newest.Checked, MissingFound: newest.Found, DocsRead: newest.Read, DocsWritten: newest.Written}
		}
		assert.Equal(t, want, sum)
		if run.Answer.NoChanges {
			assert.Equal(t, replication.Counts{}, result.Counts)
		}
	}
	assert.Equal(t, sourceRevs, revsOf(changesOf(t, source)))
	assert.Equal(t, targetRevs, revsOf(changesOf(t, target)))
	if strings.Contains(file, "attachments") {
		assert.Equal(t, leavesWithContents(t, source, targetRevs), leavesWithContents(t, target, targetRevs))
	}
}

// leavesWithContents describes documents with all that is attached to them.
func leavesWithContents(t *testing.T, db core.Adapter, revs map[string][]string) map[string]string {
	all := map[string]string{}
	for docID := range revs {
		leaves, err := db.OpenRevs(t.Context(), docID, core.OpenRevsOptions{All: true, WithRevisions: true, Attachments: true})
		require.NoError(t, err)
		for _, leaf := range leaves {
			all[docID+" "+leaf.Rev.String()] = string(leaf.Doc.AppendJSON(nil))
		}
	}
	return all
}

// replayContinuous replicates live while more is written.
func replayContinuous(t *testing.T, source, target core.Adapter, meanwhile []goldenWrite) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	began := false
	_, err := replication.Run(ctx, source, target, replication.Options{Live: true, OnEvent: func(event replication.Event) {
		if event.Type == replication.EventPaused && !began {
			began = true
			go writeGolden(t, source, meanwhile)
		}
		if event.Type == replication.EventPaused && event.Result.DocsWritten == 8 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
}

// withContents makes up attachments that were not recorded whole. The revisions stay the recorded ones, though they follow from the contents.
func withContents(t *testing.T, writes []goldenWrite, revs map[string][]string) []goldenWrite {
	for _, write := range writes {
		if write.BulkDocs == nil || !strings.Contains(string(slices.Concat(write.BulkDocs.Docs...)), "<trimmed>") {
			continue
		}
		no := false
		write.BulkDocs.NewEdits = &no
		for i, text := range write.BulkDocs.Docs {
			var doc map[string]any
			require.NoError(t, json.Unmarshal(text, &doc))
			rev := revs[doc["_id"].(string)][0]
			doc["_rev"], doc["_revisions"] = rev, map[string]any{"start": 1, "ids": []string{rev[2:]}}
			attachments, _ := doc["_attachments"].(map[string]any)
			for _, value := range attachments {
				if attachment := value.(map[string]any); attachment["data"] == "<trimmed>" {
					attachment["data"] = make([]byte, int(attachment["length"].(float64)))
					delete(attachment, "digest")
				}
			}
			var err error
			write.BulkDocs.Docs[i], err = json.Marshal(doc)
			require.NoError(t, err)
		}
	}
	return writes
}

func writeGolden(t *testing.T, db core.Adapter, writes []goldenWrite) {
	for _, write := range writes {
		switch {
		case write.Put != nil:
			doc, err := core.ParseDocument(write.Put)
			assert.NoError(t, err)
			_, err = core.Put(t.Context(), db, doc)
			assert.NoError(t, err)
		case write.Delete != "":
			remove(t, db, write.Delete, `{}`)
		case write.DeleteBody != "":
			remove(t, db, write.DeleteBody, `{"note":"tombstone with a body"}`)
		default:
			var docs []*core.Document
			for _, text := range write.BulkDocs.Docs {
				doc, err := core.ParseDocument(text)
				require.NoError(t, err)
				docs = append(docs, doc)
			}
			replicated := write.BulkDocs.NewEdits != nil && !*write.BulkDocs.NewEdits
			results, err := db.BulkDocs(t.Context(), docs, core.BulkDocsOptions{Replicated: replicated})
			require.NoError(t, err)
			for _, result := range results {
				require.Nil(t, result.Err)
			}
		}
	}
}

// changesOf reads a feed as the recordings show it.
func changesOf(t *testing.T, db core.Adapter) (rows []goldenRow) {
	changes, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{AllLeaves: true})
	require.NoError(t, err)
	for _, change := range changes {
		row := goldenRow{ID: change.ID, Deleted: change.Deleted}
		for _, rev := range change.Revs {
			row.Changes = append(row.Changes, struct {
				Rev string `json:"rev"`
			}{rev.String()})
		}
		rows = append(rows, row)
	}
	return rows
}

// revsOf lists the leaves of each document, the winner first, marked when it is deleted.
func revsOf(rows []goldenRow) map[string][]string {
	revs := map[string][]string{}
	for _, row := range rows {
		for _, change := range row.Changes {
			revs[row.ID] = append(revs[row.ID], change.Rev)
		}
		if row.Deleted {
			revs[row.ID] = append(revs[row.ID], "deleted")
		}
	}
	return revs
}
