package adaptertest

import (
	"context"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// soon is how long anything may take that should happen at once, on a busy machine.
const soon = 20 * time.Second

type answer struct {
	changes []*core.Change
	summary core.ChangesSummary
	err     error
}

// await reads the feed in the background.
func (f *fixture) await(ctx context.Context, options core.ChangesOptions) <-chan answer {
	answers := make(chan answer, 1)
	go func() {
		changes, summary, err := core.ListChanges(ctx, f.db, options)
		answers <- answer{changes, summary, err}
	}()
	return answers
}

func (f *fixture) receive(answers <-chan answer) answer {
	f.Helper()
	select {
	case got := <-answers:
		return got
	case <-time.After(soon):
		require.FailNow(f, "the feed does not answer")
		return answer{}
	}
}

var waitCases = []testCase{
	{"woken by a write", []Capability{WaitingFeed}, func(f *fixture) {
		f.put("a", `{}`)
		since := f.end()
		answers := f.await(f.ctx, core.ChangesOptions{Since: since, Wait: time.Minute, IncludeDocs: true})
		f.put("b", `{"v":1}`)
		got := f.receive(answers)
		require.NoError(f, got.err)
		require.Len(f, got.changes, 1)
		assert.Equal(f, "b", got.changes[0].ID)
		f.requireBody(`{"v":1}`, got.changes[0].Doc)
		assert.Empty(f, f.changed(core.ChangesOptions{Since: got.summary.LastSeq}))
	}},
	{"answers at once", []Capability{WaitingFeed}, func(f *fixture) {
		f.put("a", `{}`)
		got := f.receive(f.await(f.ctx, core.ChangesOptions{Wait: time.Minute}))
		require.NoError(f, got.err)
		assert.Len(f, got.changes, 1)
	}},
	{"gives up", []Capability{WaitingFeed}, func(f *fixture) {
		f.put("a", `{}`)
		since := f.end()
		got := f.receive(f.await(f.ctx, core.ChangesOptions{Since: since, Wait: 20 * time.Millisecond}))
		require.NoError(f, got.err)
		assert.Empty(f, got.changes)
		assert.Empty(f, f.changed(core.ChangesOptions{Since: got.summary.LastSeq}))
		got = f.receive(f.await(f.ctx, core.ChangesOptions{Since: core.Now, Wait: time.Millisecond}))
		require.NoError(f, got.err)
		assert.Empty(f, got.changes)
	}},
	{"only for some documents", []Capability{WaitingFeed}, func(f *fixture) {
		since := f.end()
		answers := f.await(f.ctx, core.ChangesOptions{Since: since, Wait: time.Minute, DocIDs: []string{"wanted"}})
		f.put("other", `{}`)
		f.put("wanted", `{}`)
		got := f.receive(answers)
		require.NoError(f, got.err)
		require.Len(f, got.changes, 1)
		assert.Equal(f, "wanted", got.changes[0].ID)
	}},
	{"many waiters", []Capability{WaitingFeed}, func(f *fixture) {
		since := f.end()
		var waiters []<-chan answer
		for range 5 {
			waiters = append(waiters, f.await(f.ctx, core.ChangesOptions{Since: since, Wait: time.Minute}))
		}
		f.put("a", `{}`)
		for _, waiter := range waiters {
			got := f.receive(waiter)
			require.NoError(f, got.err)
			assert.Len(f, got.changes, 1)
		}
	}},
	{"cancelled", []Capability{WaitingFeed}, func(f *fixture) {
		since := f.end()
		ctx, cancel := context.WithCancel(f.ctx)
		answers := f.await(ctx, core.ChangesOptions{Since: since, Wait: time.Minute})
		cancel()
		got := f.receive(answers)
		require.ErrorIs(f, got.err, context.Canceled)
		ctx, cancel = context.WithTimeout(f.ctx, 10*time.Millisecond)
		defer cancel()
		got = f.receive(f.await(ctx, core.ChangesOptions{Since: since, Wait: time.Minute}))
		require.ErrorIs(f, got.err, context.DeadlineExceeded)
	}},
	{"closed", []Capability{WaitingFeed, ClosedErrors}, func(f *fixture) {
		since := f.end()
		answers := f.await(f.ctx, core.ChangesOptions{Since: since, Wait: time.Minute})
		f.closed = true
		require.NoError(f, f.db.Close())
		require.ErrorIs(f, f.receive(answers).err, core.ErrClosed)
	}},
}
