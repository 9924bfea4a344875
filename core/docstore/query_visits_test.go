package docstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/core/livequery"
)

// A find by an index reads what it finds, and one that the index has the answers to reads no documents.
func TestFindsReadWhatTheyFind(t *testing.T) {
	t.Parallel()
	const count, some = 3000, 100
	var read atomic.Int64
	db := queryDB(t, countingStore{memkv.New(), &read})
	numbered(t, db, 0, count, func(i int) int { return i })
	_, err := db.CreateIndex(t.Context(), []byte(indexOfN))
	require.NoError(t, err)
	reads := func(request string) int {
		found(t, db, request) // which builds the index
		read.Store(0)
		require.Len(t, found(t, db, request), some, request)
		return int(read.Load())
	}
	const overhead = 40 // to find out which indexes there are
	part := fmt.Sprintf(`"limit":%d,"selector":{"n":{"$gte":1000,"$lt":%d}}`, count, 1000+some)
	assert.InDelta(t, some, reads(`{`+part+`,"fields":["n","_id"]}`), overhead, "the entries of the index")
	assert.InDelta(t, 3*some, reads(`{`+part+`}`), overhead, "entries, records, and bodies")
	assert.InDelta(t, 3*some, reads(fmt.Sprintf(`{"selector":{"n":{"$gte":1000}},"limit":%d,"sort":["n"]}`, some)), 2*some, "no more than are wanted")
}

// What a live query does about a change depends on the change, not on how much has been found.
func TestALiveQueryReadsWhatHasChanged(t *testing.T) {
	t.Parallel()
	const changes = 25
	reads := func(size int) int {
		var read atomic.Int64
		db := queryDB(t, countingStore{memkv.New(), &read})
		numbered(t, db, 0, size, func(i int) int { return i })
		revs := map[string]core.Rev{}
		n := 0
		enough := errors.New("enough")
		err := livequery.Run(t.Context(), db, []byte(`{"selector":{"n":{"$gte":0}},"sort":["n"]}`), livequery.Options{}, func(update livequery.Update) error {
			if update.Initial {
				require.Len(t, update.Changes, size)
				read.Store(0)
			} else {
				require.Len(t, update.Changes, 1)
			}
			if n == changes {
				return enough
			}
			docID := fmt.Sprintf("doc%04d", n%5)
			if revs[docID].IsZero() {
				doc, err := db.Get(context.Background(), docID, core.GetOptions{})
				require.NoError(t, err)
				revs[docID] = doc.Rev
			}
			n++
			rev, err := core.Put(t.Context(), db, &core.Document{ID: docID, Rev: revs[docID], Body: fmt.Appendf(nil, `{"n":%d}`, n*7919%size)})
			require.NoError(t, err)
			revs[docID] = rev
			return nil
		})
		require.ErrorIs(t, err, enough)
		return int(read.Load())
	}
	few, many := reads(10), reads(2000)
	assert.Equal(t, few, many)
	assert.Less(t, many, 20*changes)
}
