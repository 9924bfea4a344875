package fetchhttp_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/fetchhttp"
	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/expresspouch"
)

// TestReplicationWithExpressPouchDB brings two databases together by way of one behind PouchDB's own server, once and live: all three then have the same revisions,
// and the same bytes in the attachments of each.
func TestReplicationWithExpressPouchDB(t *testing.T) {
	t.Parallel()
	url := expresspouch.Start(t)
	for _, live := range []bool{false, true} {
		name := map[bool]string{false: "once", true: "live"}[live]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, err := fetchhttp.Open(t.Context(), url+"/"+name, fetchhttp.Options{Create: true})
			require.NoError(t, err)
			t.Cleanup(func() { assert.NoError(t, hub.Close()) })
			var local [2]core.Adapter
			for i := range local {
				local[i], err = memory.Open(t.Context(), "")
				require.NoError(t, err)
				t.Cleanup(func() { assert.NoError(t, local[i].Close()) })
				writeBranches(t, local[i], string(rune('a'+i)))
			}
			if live {
				syncUntilEqual(t, hub, local[0], local[1])
			} else {
				for _, db := range []core.Adapter{local[0], local[1], local[0]} {
					_, _, err := replication.Sync(t.Context(), db, hub, replication.Options{})
					require.NoError(t, err)
				}
			}
			want := contents(t, local[0])
			require.Len(t, want, 9)
			for _, db := range []core.Adapter{local[1], hub} {
				for i, leaf := range contents(t, db) {
					assert.True(t, want[i] == leaf, "want %.500s\ngot %.500s", want[i], leaf)
				}
			}
		})
	}
}

// syncUntilEqual keeps databases in step with a hub until all have what the first two began with.
func syncUntilEqual(t *testing.T, hub core.Adapter, databases ...core.Adapter) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	checkpoints := make(chan struct{}, 1)
	ended := make(chan error, len(databases))
	for _, db := range databases {
		go func() {
			_, _, err := replication.Sync(ctx, db, hub, replication.Options{Live: true, Retry: replication.RetryPolicy{Forever: true}, OnEvent: func(event replication.Event) {
				if event.Type == replication.EventPaused {
					select {
					case checkpoints <- struct{}{}:
					default:
					}
				}
			}})
			ended <- err
		}()
	}
	for want := ""; ; {
		select {
		case <-checkpoints:
		case <-ctx.Done():
			require.FailNow(t, "they do not become equal")
		}
		if want = strings.Join(contents(t, hub), "\n"); strings.Count(want, "\n") == 8 && want == strings.Join(contents(t, databases[0]), "\n") && want == strings.Join(contents(t, databases[1]), "\n") {
			break
		}
	}
	cancel()
	for range databases {
		assert.ErrorIs(t, <-ended, context.Canceled)
	}
}

// writeBranches writes documents of which another database has other revisions, with attachments that have the same names and other contents.
func writeBranches(t *testing.T, db core.Adapter, by string) {
	hash := func(digit string) string {
		hash, err := core.ParseHash(strings.Repeat(digit, 32))
		require.NoError(t, err)
		return hash
	}
	root, second := hash("0"), hash(by)
	attached := func(length int) []core.Attachment {
		return []core.Attachment{
			{Name: "same", ContentType: "text/plain", RevPos: 2, Data: []byte("the same everywhere")},
			{Name: "x ü.bin", ContentType: "application/octet-stream", RevPos: 2, Data: bytes.Repeat([]byte(by+"\x00\xff"), length)},
		}
	}
	body := []byte(`{"by":"` + by + `"}`)
	branch := func(docID, hash string, deleted bool, attachments []core.Attachment) *core.Document {
		return &core.Document{ID: docID, Rev: core.Rev{Generation: 2, Hash: hash}, Deleted: deleted, Body: body,
			Revisions: &core.Revisions{Start: 2, Hashes: []string{hash, root}}, Attachments: attachments}
	}
	agreed := branch("agreed", hash("f"), false, []core.Attachment{{Name: "y", ContentType: "image/png", RevPos: 2, Data: []byte("y")}})
	agreed.Body = []byte(`{}`)
	results, err := db.BulkDocs(t.Context(), []*core.Document{
		agreed,
		branch("conflict", second, false, attached(10)),
		branch("deleted on one side", second, by == "a", nil),
		branch("large", second, false, attached(500_000)), // read while it is written
		branch("only "+by, second, false, attached(0)),
	}, core.BulkDocsOptions{Replicated: true})
	require.NoError(t, err)
	for _, result := range results {
		require.Nil(t, result.Err)
	}
}

// contents lists all leaves of a database with the bytes of their attachments.
func contents(t *testing.T, db core.Adapter) (all []string) {
	changes, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{AllLeaves: true})
	require.NoError(t, err)
	for _, change := range changes {
		leaves, err := db.OpenRevs(t.Context(), change.ID, core.OpenRevsOptions{All: true, WithRevisions: true, Attachments: true})
		require.NoError(t, err)
		for _, leaf := range leaves {
			require.NoError(t, leaf.Doc.Load(t.Context()))
			slices.SortFunc(leaf.Doc.Attachments, func(a, b core.Attachment) int { return strings.Compare(a.Name, b.Name) })
			all = append(all, string(leaf.Doc.AppendJSON(nil)))
		}
	}
	slices.Sort(all)
	return all
}
