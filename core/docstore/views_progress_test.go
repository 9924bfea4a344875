package docstore_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/docstore"
	"github.com/gouchdb/gouchdb/core/kv/kvtest"
	"github.com/gouchdb/gouchdb/core/kv/memkv"
	"github.com/gouchdb/gouchdb/javascript"
)

// An update that nobody waits for ends with the database.
func TestCloseEndsLazyUpdates(t *testing.T) {
	kvtest.CheckGoroutines(t)
	began := make(chan struct{})
	db := openStore(t, memkv.New())
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a","n":1}`, `{"_id":"b","n":2}`))
	var once sync.Once
	view := &docstore.View{Name: "slow", Version: "1", Map: func(doc *core.Document, emit func(key, value []byte)) error {
		once.Do(func() { close(began) })
		time.Sleep(5 * time.Millisecond)
		return nil
	}}
	_, err := db.QueryView(t.Context(), view, core.ViewOptions{Update: core.UpdateAfter}, func(*core.ViewRow) error { return nil })
	require.NoError(t, err)
	<-began
	require.NoError(t, db.Close())
	_, err = db.QueryView(t.Context(), view, core.ViewOptions{Update: core.UpdateAfter}, func(*core.ViewRow) error { return nil })
	require.ErrorIs(t, err, core.ErrClosed)
}

// While an update is under way it can be seen how far it is, and others wait for it instead of doing it again.
func TestViewProgress(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	scripts := slowScripts{javascript.New(javascript.Options{}), release}
	db, err := docstore.Open(t.Context(), memkv.New(), docstore.Options{Scripts: scripts})
	require.NoError(t, err)
	require.NoError(t, writeAll(t.Context(), db, false, `{"_id":"a"}`, `{"_id":"_design/d","views":{"v":{"map":"function (doc) { emit(1) }"}}}`))
	finished := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := db.View(t.Context(), "d", "v", core.ViewOptions{}, func(*core.ViewRow) error { return nil })
			finished <- err
		}()
	}
	require.Eventually(t, func() bool {
		info, err := db.ViewInfo(t.Context(), "d")
		return err == nil && strings.Contains(string(info), `"waiting_clients":2,"updater_running":true`)
	}, 10*time.Second, time.Millisecond)
	progress, err := db.IndexProgress(t.Context())
	require.NoError(t, err)
	require.Len(t, progress, 1)
	assert.Less(t, time.Since(progress[0].Began), time.Minute)
	assert.Equal(t, []docstore.IndexProgress{{DesignDoc: "_design/d", Total: 2, Began: progress[0].Began, Updated: progress[0].Began}}, progress)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = db.View(ctx, "d", "v", core.ViewOptions{}, nil)
	require.ErrorIs(t, err, context.Canceled)
	release <- struct{}{} // one batch, for both
	require.NoError(t, <-finished)
	require.NoError(t, <-finished)
	progress, err = db.IndexProgress(t.Context())
	require.NoError(t, err)
	assert.Empty(t, progress)
}

// slowScripts runs map functions when it is let.
type slowScripts struct {
	core.Scripts
	release chan struct{}
}

func (s slowScripts) Maps(ctx context.Context, sources []string) (core.MapScripts, error) {
	maps, err := s.Scripts.Maps(ctx, sources)
	return slowMaps{maps, s.release}, err
}

type slowMaps struct {
	core.MapScripts
	release chan struct{}
}

func (m slowMaps) Map(ctx context.Context, docs [][]byte) ([][]core.Mapped, error) {
	<-m.release
	return m.MapScripts.Map(ctx, docs)
}
