package docstore_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/internal/fault"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/javascript"
)

// Another tab changes everything, and compacts away what there was, at any moment of any reading: the answer is that of one state, before or after. A
// reading begins anew by itself as long as it has given nothing out, and otherwise it is for the caller to let go of what he has.
func TestReadingsThatAreOvertaken(t *testing.T) {
	t.Parallel()
	var ids []string
	for i := range racers {
		ids = append(ids, racer(i))
	}
	for name, kind := range map[string]struct {
		read   func(r *race) func(see func(sight)) error
		builds bool // the view's index is kept up to date by the other tab
		whole  bool // nothing is given out before all is read
	}{
		"a listing": {read: func(r *race) func(func(sight)) error { return r.listing(core.AllDocsOptions{}) }},
		"a listing with documents": {read: func(r *race) func(func(sight)) error {
			return r.listing(core.AllDocsOptions{IncludeDocs: true, Passing: true})
		}},
		"a listing with conflicts": {read: func(r *race) func(func(sight)) error {
			return r.listing(core.AllDocsOptions{IncludeDocs: true, Conflicts: true})
		}},
		"a listing of keys": {read: func(r *race) func(func(sight)) error {
			return r.listing(core.AllDocsOptions{IncludeDocs: true, Keys: ids})
		}},
		"a listing backwards": {read: func(r *race) func(func(sight)) error {
			return r.listing(core.AllDocsOptions{IncludeDocs: true, UpdateSeq: true, Descending: true})
		}},
		"changes": {read: func(r *race) func(func(sight)) error { return r.feed(core.ChangesOptions{}) }},
		"changes with documents": {read: func(r *race) func(func(sight)) error {
			return r.feed(core.ChangesOptions{IncludeDocs: true, AllLeaves: true, Passing: true})
		}},
		"changes of some documents": {read: func(r *race) func(func(sight)) error {
			return r.feed(core.ChangesOptions{IncludeDocs: true, DocIDs: ids})
		}},
		"changes that pass a filter": {read: func(r *race) func(func(sight)) error {
			return r.feed(core.ChangesOptions{IncludeDocs: true, Filter: core.ChangesFilter{Selector: []byte(`{"round":{"$gt":0}}`)}})
		}},
		"a find": {read: func(r *race) func(func(sight)) error { return r.find(`{"selector":{"round":{"$gt":0}},"limit":1000}`) }},
		"a find with conflicts": {read: func(r *race) func(func(sight)) error {
			return r.find(`{"selector":{"round":{"$gt":0}},"limit":1000,"conflicts":true}`)
		}},
		"a find by a new index":      {read: func(r *race) func(func(sight)) error { return r.findIndexed }},
		"a view that is to be built": {read: func(r *race) func(func(sight)) error { return r.view(core.ViewOptions{}) }},
		"a view":                     {read: func(r *race) func(func(sight)) error { return r.view(core.ViewOptions{}) }, builds: true},
		"a view with documents": {read: func(r *race) func(func(sight)) error {
			return r.view(core.ViewOptions{IncludeDocs: true, Conflicts: true, Passing: true})
		}, builds: true},
		"a reduce that is to be built": {read: func(r *race) func(func(sight)) error { return r.view(core.ViewOptions{Group: true}) }},
		"a reduce":                     {read: func(r *race) func(func(sight)) error { return r.view(core.ViewOptions{Group: true}) }, builds: true},
		"local documents":              {read: func(r *race) func(func(sight)) error { return r.local }},
		"a listing of local documents": {read: func(r *race) func(func(sight)) error { return r.listLocal }},
		"which revisions are missing":  {read: func(r *race) func(func(sight)) error { return r.diff }, whole: true},
		"a check":                      {read: func(r *race) func(func(sight)) error { return r.check }, whole: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRace(t, kind.builds)
			read := kind.read(r)
			byItself, byCaller := 0, 0
			for reads, happened := 1, true; happened; reads += 1 + reads/5 {
				require.Less(t, reads, 500)
				r.next()
				require.NoError(t, r.first.Refresh(t.Context()))
				before := r.round
				var seen []sight
				attempts := 0
				r.device.set(reads)
				err := kv.Again(func() error {
					attempts++
					seen = nil
					err := read(func(s sight) { seen = append(seen, s) })
					if errors.Is(err, kv.ErrOutlived) {
						assert.NotEmpty(t, seen, "before anything is given out it reads again by itself")
					}
					return err
				})
				require.NoError(t, err, "when it has read %d times", reads)
				happened = r.device.happened()
				require.Equal(t, ids, idsSeen(seen), "when it has read %d times", reads)
				for _, s := range seen {
					require.Equal(t, seen[0].rounds, s.rounds, "of one state")
				}
				for _, round := range seen[0].rounds {
					require.True(t, round == 0 || round == before || round == r.round, "round %d between %d and %d", round, before, r.round)
				}
				switch {
				case attempts > 1:
					byCaller++
				case seen[0].rounds[0] > before:
					byItself++
				}
			}
			if kind.whole {
				assert.Zero(t, byCaller)
				return
			}
			assert.Positive(t, byItself+byCaller, "it was read anew")
		})
	}
}

func idsSeen(seen []sight) (ids []string) {
	for _, s := range seen {
		ids = append(ids, s.id)
	}
	slices.Sort(ids)
	return ids
}

func TestAReadThatAnotherTabHasCompactedAwayIsDoneAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	store := &faultyStore{Store: memkv.New()}
	db, err := docstore.Open(ctx, store, docstore.Options{})
	require.NoError(t, err)
	rev, err := core.Put(ctx, db, &core.Document{ID: "a", Body: []byte(`{"n":1}`)})
	require.NoError(t, err)
	outlived := core.ErrStorage.From(kv.ErrOutlived)
	for name, read := range map[string]func() error{
		"get": func() error {
			doc, err := db.Get(ctx, "a", core.GetOptions{})
			if err == nil {
				assert.Equal(t, `{"n":1}`, string(doc.Body))
			}
			return err
		},
		"open revs": func() error {
			found, err := db.OpenRevs(ctx, "a", core.OpenRevsOptions{All: true})
			if err == nil {
				assert.Len(t, found, 1)
			}
			return err
		},
		"bulk get": func() error {
			results, err := db.BulkGet(ctx, []core.DocRev{{ID: "a", Rev: rev}}, core.BulkGetOptions{})
			if err == nil {
				assert.Len(t, results[0].Docs, 1)
			}
			return err
		},
	} {
		store.injector.At(1, fault.Fail, outlived)
		assert.NoError(t, read(), name)
		store.injector.At(2, fault.Fail, outlived)
		assert.NoError(t, read(), name)
		for n := range 50 { // it does not go on for ever
			store.injector.At(n+1, fault.Fail, outlived)
		}
		assert.ErrorIs(t, read(), kv.ErrOutlived, name)
		store.injector.Heal()
	}
}

// What is counted or collected in a reading is not so twice, at whatever step another tab overtakes it.
func TestWhatIsCollectedWhenItIsReadAgain(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	for name, read := range map[string]func(db *docstore.DB) (string, error){
		"view info": func(db *docstore.DB) (string, error) {
			info, err := db.ViewInfo(ctx, "d")
			return string(info), err
		},
		"indexes": func(db *docstore.DB) (string, error) {
			indexes, err := db.Indexes(ctx)
			return fmt.Sprint(indexes), err
		},
		"index progress": func(db *docstore.DB) (string, error) {
			progress, err := db.IndexProgress(ctx)
			return fmt.Sprint(len(progress)), err
		},
		"compact": func(db *docstore.DB) (string, error) {
			if err := db.Compact(ctx); err != nil {
				return "", err
			}
			report, err := db.Check(ctx)
			return fmt.Sprint(report), err
		},
	} {
		answers := map[string]bool{}
		for n, reached := 1, true; reached; n++ {
			store := &faultyStore{Store: memkv.New()}
			db, err := docstore.Open(ctx, store, docstore.Options{Scripts: javascript.New(javascript.Options{})})
			require.NoError(t, err)
			for i := range 5 {
				doc := &core.Document{ID: "d" + strconv.Itoa(i), Attachments: []core.Attachment{{Name: "f", Data: []byte("the same"), Length: 8}}}
				for range 2 { // the first body is that of no leaf afterwards
					doc.Rev, err = core.Put(ctx, db, doc)
					require.NoError(t, err)
				}
			}
			_, err = core.Put(ctx, db, &core.Document{ID: "_design/d", Body: []byte(`{"views":{"v":{"map":"function (doc) { emit(doc._id); }"}}}`)})
			require.NoError(t, err)
			_, err = db.View(ctx, "d", "v", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
			require.NoError(t, err)
			_, err = db.CreateIndex(ctx, []byte(`{"index":{"fields":["a"]}}`))
			require.NoError(t, err)
			db.AwaitIndexer()

			before := store.injector.Count()
			store.injector.At(n, fault.Fail, core.ErrStorage.From(kv.ErrOutlived))
			answer, err := read(db)
			reached = store.injector.Count() >= before+n
			store.injector.Heal()
			if errors.Is(err, kv.ErrOutlived) { // in an update, which does this by itself in a store that can be overtaken
				continue
			}
			require.NoError(t, err, "%s, at step %d", name, n)
			answers[answer] = true
		}
		assert.Len(t, answers, 1, name)
	}
}
