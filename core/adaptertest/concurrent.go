package adaptertest

import (
	"fmt"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

var concurrentCases = []testCase{
	{"one document", nil, func(f *fixture) {
		const writers, rounds = 8, 6
		var current core.Rev
		for round := range rounds {
			won := make(chan core.Rev, writers)
			var group sync.WaitGroup
			for writer := range writers {
				group.Go(func() {
					body := fmt.Sprintf(`{"round":%d,"writer":%d}`, round, writer)
					next, err := f.tryPut("a", body, current)
					if err == nil {
						won <- next
					} else {
						assert.ErrorIs(f, err, core.ErrConflict)
					}
				})
			}
			group.Wait()
			require.Len(f, won, 1, "exactly one writer wins")
			current = <-won
			assert.Equal(f, current, f.get("a", core.GetOptions{}).Rev)
		}
		assert.Equal(f, []string{current.String()}, f.leaves("a"))
	}},
	{"many documents", nil, func(f *fixture) {
		const writers, each = 6, 20
		var group sync.WaitGroup
		for writer := range writers {
			group.Go(func() {
				for n := range each {
					_, err := f.tryPut(fmt.Sprintf("w%dn%02d", writer, n), `{}`)
					assert.NoError(f, err)
				}
			})
		}
		group.Wait()
		f.requireCounts(writers*each, 0)
		changes, _ := f.changes(core.ChangesOptions{})
		assert.Len(f, changes, writers*each)
		seen := map[core.Seq]bool{}
		for _, change := range changes {
			assert.False(f, seen[change.Seq], "sequence %s was given out twice", change.Seq)
			seen[change.Seq] = true
		}
	}},
	{"readers and writers", []Capability{Snapshots}, func(f *fixture) {
		// A writer moves a token from one document to another in one batch. Whoever looks must see exactly one.
		f.put("a", `{"token":true}`)
		f.put("b", `{"token":false}`)
		stop := make(chan struct{})
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				for {
					tokens := 0
					_, err := f.db.AllDocs(f.ctx, core.AllDocsOptions{IncludeDocs: true}, func(row *core.AllDocsRow) error {
						if string(row.Doc.Body) == `{"token":true}` {
							tokens++
						}
						return nil
					})
					assert.NoError(f, err)
					assert.Equal(f, 1, tokens)
					select {
					case <-stop:
						return
					case <-time.After(time.Millisecond): // in a browser, whoever never pauses keeps the writer's storage from answering
					}
				}
			})
		}
		holder, other := "a", "b"
		for range f.rounds(60) {
			docs := []*core.Document{newDoc(holder, `{"token":false}`), newDoc(other, `{"token":true}`)}
			for _, doc := range docs {
				doc.Rev = f.get(doc.ID, core.GetOptions{}).Rev
			}
			results, err := f.db.BulkDocs(f.ctx, docs, core.BulkDocsOptions{})
			require.NoError(f, err)
			require.Nil(f, results[0].Err)
			require.Nil(f, results[1].Err)
			holder, other = other, holder
		}
		close(stop)
		group.Wait()
	}},
}
