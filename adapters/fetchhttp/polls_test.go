package fetchhttp

import (
	"context"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// TestPollsTakeTurns: five databases wait for changes of one server over two connections, and each hears of a change within the turns of the others.
func TestPollsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			pollsMutex.Lock()
			defer pollsMutex.Unlock()
			delete(pollsBy, "http://turns.example") // channels stay in the test that made them
		}()
		var open, most atomic.Int64
		var mutex sync.Mutex
		changed := map[string]bool{}
		server := &fakeServer{answer: func(ctx context.Context, _ int, request *Request) (*Response, error) {
			most.Store(max(most.Load(), open.Add(1)))
			reader, writer := io.Pipe()
			name := strings.Split(request.URL, "/")[3]
			go func() {
				defer open.Add(-1)
				for ctx.Err() == nil {
					mutex.Lock()
					there := changed[name]
					mutex.Unlock()
					if there {
						_, _ = io.WriteString(writer, `{"results":[{"seq":"1","id":"a","changes":[{"rev":"1-a"}]}],"last_seq":"1"}`)
						_ = writer.Close()
						return
					}
					select {
					case <-ctx.Done():
					case <-time.After(100 * time.Millisecond):
					}
				}
				_ = writer.CloseWithError(context.Cause(ctx))
			}()
			answer := reply(200, "")
			answer.Body = reader
			return answer, nil
		}}
		var all sync.WaitGroup
		began := time.Now()
		names := []string{"a", "b", "c", "d", "e"}
		took := make([]time.Duration, len(names))
		for i, name := range names {
			db, err := Open(t.Context(), "http://turns.example/"+name, Options{Doer: server, SkipSetup: true, MaxPolls: 2})
			require.NoError(t, err)
			all.Go(func() {
				changes, summary, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: "0", Wait: 5 * time.Minute})
				assert.NoError(t, err)
				assert.Len(t, changes, 1)
				assert.Equal(t, core.Seq("1"), summary.LastSeq)
				took[i] = time.Since(began)
				assert.NoError(t, db.Close())
			})
		}
		time.Sleep(time.Minute)
		mutex.Lock()
		for _, name := range names {
			changed[name] = true
		}
		mutex.Unlock()
		all.Wait()
		for _, d := range took {
			assert.LessOrEqual(t, d, time.Minute+3*pollTurn)
		}
		assert.LessOrEqual(t, most.Load(), int64(2))

		// Alone, a poll is let be.
		changed = map[string]bool{}
		before := server.count()
		db, err := Open(t.Context(), "http://turns.example/a", Options{Doer: server, SkipSetup: true, MaxPolls: 2})
		require.NoError(t, err)
		summary, err := db.Changes(t.Context(), core.ChangesOptions{Since: "0", Wait: 20 * time.Second}, func(*core.Change) error { return nil })
		require.NoError(t, err)
		assert.Equal(t, core.Seq("0"), summary.LastSeq)
		assert.Equal(t, 1, server.count()-before)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = db.Changes(ctx, core.ChangesOptions{Since: "0", Wait: 20 * time.Second}, func(*core.Change) error { return nil })
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NoError(t, db.Close())
	})
}
