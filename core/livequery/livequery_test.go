package livequery_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/adapters/memory"
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/livequery"
	"github.com/gouchdb/gouchdb/core/replication"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

func openMemory(t testing.TB) *docstore.DB {
	db, err := memory.OpenWith(context.Background(), docstore.Options{Regexp: regexps.Compile})
	require.NoError(t, err)
	return db
}

func put(t testing.TB, db core.Adapter, docID, body string) {
	doc := &core.Document{ID: docID, Body: []byte(body)}
	if winner, err := db.Get(context.Background(), docID, core.GetOptions{}); err == nil {
		doc.Rev = winner.Rev
	}
	_, err := core.Put(context.Background(), db, doc)
	require.NoError(t, err)
}

// viewer keeps the ids of a result.
type viewer struct {
	mu      sync.Mutex
	ids     []string
	updates []livequery.Update
}

func (v *viewer) take(update livequery.Update) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.updates = append(v.updates, update)
	for _, c := range update.Changes {
		if c.From >= 0 {
			v.ids = slices.Delete(v.ids, c.From, c.From+1)
		}
		if c.To >= 0 {
			v.ids = slices.Insert(v.ids, c.To, c.ID)
		}
	}
	return nil
}

func (v *viewer) seen() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.ids)
}

func (v *viewer) told() []livequery.Update {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.updates)
}

// Writers and a replication are at work while it follows. Nothing of it is left when the context has ended: the bubble would not end otherwise.
func TestConcurrentWritesAndReplication(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db, other := openMemory(t), openMemory(t)
		for i := range 50 {
			put(t, other, fmt.Sprintf("r%02d", i), fmt.Sprintf(`{"n":%d}`, i))
		}
		ctx, cancel := context.WithCancel(t.Context())
		var v viewer
		done := make(chan error, 1)
		go func() {
			done <- livequery.Run(ctx, db, []byte(`{"selector":{"n":{"$gte":10}},"sort":[{"n":"desc"}],"limit":30}`), livequery.Options{}, v.take)
		}()
		var writers sync.WaitGroup
		for w := range 3 {
			writers.Go(func() {
				for i := range 100 {
					put(t, db, fmt.Sprintf("w%d-%02d", w, i%20), fmt.Sprintf(`{"n":%d}`, (i*7+w)%60))
				}
			})
		}
		writers.Go(func() {
			_, err := replication.Run(ctx, other, db, replication.Options{})
			assert.NoError(t, err)
		})
		writers.Wait()
		synctest.Wait()
		var want []string
		_, err := db.Find(ctx, []byte(`{"selector":{"n":{"$gte":10}},"sort":[{"n":"desc"}],"limit":30,"fields":["_id"]}`), func(doc []byte) error {
			want = append(want, string(doc[len(`{"_id":"`):len(doc)-2]))
			return nil
		})
		require.NoError(t, err)
		assert.Equal(t, want, v.seen())
		assert.True(t, v.told()[0].Initial)
		cancel()
		assert.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, errors.Join(db.Close(), other.Close()))
	})
}

func TestUpdates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openMemory(t)
		var v viewer
		done := make(chan error, 1)
		go func() {
			done <- livequery.Run(t.Context(), db, []byte(`{"selector":{"name":{"$gte":"a"}},"sort":["name"],"fields":["name"]}`), livequery.Options{}, v.take)
		}()
		next := func(docID, body string) livequery.Update {
			synctest.Wait()
			v.updates = nil
			put(t, db, docID, body)
			synctest.Wait()
			if len(v.updates) == 0 {
				return livequery.Update{}
			}
			return v.updates[0]
		}
		synctest.Wait()
		assert.Equal(t, []livequery.Update{{Initial: true}}, v.told(), "that nothing is there is told, too")
		for _, step := range []struct {
			docID, body string
			want        []livequery.Change
		}{
			{"1", `{"name":"b"}`, []livequery.Change{{Type: livequery.Added, ID: "1", From: -1, To: 0, Doc: []byte(`{"name":"b"}`)}}},
			{"2", `{"name":"a"}`, []livequery.Change{{Type: livequery.Added, ID: "2", From: -1, To: 0, Doc: []byte(`{"name":"a"}`)}}},
			{"2", `{"name":"a","more":1}`, nil}, // nothing that is shown
			{"2", `{"name":"c"}`, []livequery.Change{{Type: livequery.Moved, ID: "2", From: 0, To: 1, Doc: []byte(`{"name":"c"}`)}}},
			{"2", `{"name":"d"}`, []livequery.Change{{Type: livequery.Changed, ID: "2", From: 1, To: 1, Doc: []byte(`{"name":"d"}`)}}},
			{"1", `{"name":"B"}`, []livequery.Change{{Type: livequery.Removed, ID: "1", From: 0, To: -1}}},
			{"1", `{"name":"C"}`, nil},
		} {
			assert.Equal(t, step.want, next(step.docID, step.body).Changes, "%s %s", step.docID, step.body)
		}
		require.NoError(t, db.Close())
		assert.ErrorIs(t, <-done, core.ErrClosed, "closing the database ends it")
	})
}

// A purged document leaves no row in the feed, and leaves the result nevertheless: while the feed is waited for, while it is not, and beside writes.
func TestPurgedDocumentsLeave(t *testing.T) {
	t.Parallel()
	for _, limit := range []string{"", `,"limit":2`} {
		synctest.Test(t, func(t *testing.T) {
			db := openMemory(t)
			purge := func(docID string) {
				doc, err := db.Get(t.Context(), docID, core.GetOptions{})
				require.NoError(t, err)
				_, err = db.Purge(t.Context(), []core.DocRevs{{ID: docID, Revs: []core.Rev{doc.Rev}}})
				require.NoError(t, err)
			}
			for _, docID := range []string{"a", "b", "c", "d", "e"} {
				put(t, db, docID, `{}`)
			}
			var v viewer
			var busy func()
			done := make(chan error, 1)
			go func() {
				done <- livequery.Run(t.Context(), db, []byte(`{"selector":{}`+limit+`}`), livequery.Options{}, func(update livequery.Update) error {
					if err := v.take(update); err != nil || busy == nil {
						return err
					}
					work := busy
					busy = nil
					work()
					return nil
				})
			}()
			synctest.Wait()
			purge("a")
			synctest.Wait()
			assert.NotContains(t, v.seen(), "a")
			busy = func() {
				purge("c")
				put(t, db, "f", `{}`)
			}
			put(t, db, "b", `{"n":1}`)
			synctest.Wait()
			want := []string{"b", "d", "e", "f"}
			if limit != "" {
				want = want[:2]
			}
			assert.Equal(t, want, v.seen())
			told := len(v.told())
			_, err := db.Purge(t.Context(), []core.DocRevs{{ID: "nope", Revs: []core.Rev{{Generation: 1, Hash: "a"}}}})
			require.NoError(t, err)
			synctest.Wait()
			assert.Len(t, v.told(), told, "a purge that changes nothing is not told")
			require.NoError(t, db.Close())
			assert.ErrorIs(t, <-done, core.ErrClosed)
		})
	}
}

// What comes while the listener is busy is told together, each document once.
func TestCoalesced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openMemory(t)
		release := make(chan struct{})
		var updates []livequery.Update
		stop := errors.New("enough")
		done := make(chan error, 1)
		go func() {
			done <- livequery.Run(t.Context(), db, []byte(`{"selector":{},"sort":["n"],"limit":3}`), livequery.Options{}, func(update livequery.Update) error {
				updates = append(updates, update)
				<-release
				if len(updates) == 2 {
					return stop
				}
				return nil
			})
		}()
		synctest.Wait()
		for i := range 20 {
			put(t, db, fmt.Sprintf("d%02d", i), fmt.Sprintf(`{"n":%d}`, 20-i))
			put(t, db, fmt.Sprintf("d%02d", i), fmt.Sprintf(`{"n":%d}`, 40-i))
		}
		close(release)
		assert.ErrorIs(t, <-done, stop)
		require.Len(t, updates, 2)
		var ids []string
		for _, c := range updates[1].Changes {
			assert.Equal(t, livequery.Added, c.Type)
			ids = append(ids, c.ID)
		}
		assert.Equal(t, []string{"d19", "d18", "d17"}, ids, "not what was in between")
		require.NoError(t, db.Close())
	})
}

func TestRequestsThatCannotBe(t *testing.T) {
	t.Parallel()
	db := openMemory(t)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	for text, reason := range map[string]string{
		`{`:                                      "JSON",
		`{}`:                                     "selector",
		`{"selector":{"$nope":1}}`:               "$nope",
		`{"selector":{},"execution_stats":true}`: `no option "execution_stats"`,
		`{"selector":{},"sort":[{"a":"up"}]}`:    "sort",
		`{"selector":{"a":{"$regex":"x"}}}`:      "engine",
		`{"selector":{},"use_index":["nope","neither"]}`: "",
	} {
		err := livequery.Run(t.Context(), db, []byte(text), livequery.Options{}, func(livequery.Update) error { return errors.New("it was asked") })
		require.ErrorContains(t, err, reason, text)
	}
}

func TestRegexp(t *testing.T) {
	t.Parallel()
	db := openMemory(t)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	put(t, db, "a", `{"name":"x1"}`)
	stop := errors.New("enough")
	var v viewer
	err := livequery.Run(t.Context(), db, []byte(`{"selector":{"name":{"$regex":"^x[0-9]$"}}}`), livequery.Options{Regexp: regexps.Compile}, func(update livequery.Update) error {
		if !update.Initial {
			return errors.Join(v.take(update), stop)
		}
		put(t, db, "b", `{"name":"y"}`)
		put(t, db, "c", `{"name":"x2"}`)
		return v.take(update)
	})
	require.ErrorIs(t, err, stop)
	assert.Equal(t, []string{"a", "c"}, v.seen())
}

// What a change costs with a result of 10 documents, and of 10,000.
func BenchmarkChange(b *testing.B) {
	for _, size := range []int{10, 10_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			db := openMemory(b)
			var docs []*core.Document
			for i := range size {
				docs = append(docs, &core.Document{ID: fmt.Sprintf("d%05d", i), Body: fmt.Appendf(nil, `{"n":%d,"text":"%0500d"}`, i, i)})
			}
			results, err := db.BulkDocs(context.Background(), docs, core.BulkDocsOptions{})
			require.NoError(b, err)
			told := make(chan struct{})
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan error, 1)
			go func() {
				done <- livequery.Run(ctx, db, []byte(`{"selector":{"n":{"$gte":0}},"sort":["n"]}`), livequery.Options{}, func(livequery.Update) error {
					told <- struct{}{}
					return nil
				})
			}()
			<-told
			rev, i := results[0].Rev, 0
			for b.Loop() {
				i += 7919
				rev, err = core.Put(ctx, db, &core.Document{ID: "d00000", Rev: rev, Body: fmt.Appendf(nil, `{"n":%d,"text":"%0500d"}`, i%size, i)})
				if err != nil {
					b.Fatal(err)
				}
				<-told
			}
			cancel()
			<-done
			require.NoError(b, db.Close())
		})
	}
}
