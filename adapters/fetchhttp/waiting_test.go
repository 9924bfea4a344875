package fetchhttp

import (
	"context"
	"errors"
	"io"
	"net/url"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
)

// The tests of this file run on a clock of their own, which jumps ahead when everybody waits.

// pipeServer answers every request with a body that the test writes.
func pipeServer() (*fakeServer, chan *io.PipeWriter) {
	writers := make(chan *io.PipeWriter, 10)
	return &fakeServer{answer: func(ctx context.Context, _ int, _ *Request) (*Response, error) {
		reader, writer := io.Pipe()
		context.AfterFunc(ctx, func() { _ = reader.CloseWithError(context.Cause(ctx)) })
		answer := reply(200, "")
		answer.Body = reader
		writers <- writer
		return answer, nil
	}}, writers
}

// silentServer never answers.
func silentServer() *fakeServer {
	return &fakeServer{answer: func(ctx context.Context, _ int, _ *Request) (*Response, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
}

func TestSilenceIsNoticed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		_, err := openFake(t, silentServer(), Options{Timeout: 20 * time.Millisecond}).Info(t.Context())
		assert.ErrorIs(t, err, core.ErrUnreachable)
		assert.NotErrorIs(t, err, context.Canceled)

		server, writers := pipeServer()
		db := openFake(t, server, Options{Timeout: 50 * time.Millisecond})
		go func() {
			_, _ = io.WriteString(<-writers, `{"db_name":`) // and no more
		}()
		_, err = db.Info(t.Context())
		assert.ErrorIs(t, err, core.ErrUnreachable)
	})
}

// TestSlowIsNotSilent reads an answer that takes several timeouts in all, and one that is read slowly.
func TestSlowIsNotSilent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const timeout = 150 * time.Millisecond
		server, writers := pipeServer()
		db := openFake(t, server, Options{Timeout: timeout})
		go func() {
			writer := <-writers
			_, _ = io.WriteString(writer, `{"results":[`)
			for range 6 {
				time.Sleep(timeout / 3)
				_, _ = io.WriteString(writer, "\n")
			}
			_, _ = io.WriteString(writer, `{"seq":1,"id":"a","changes":[]}],"last_seq":1}`)
			_ = writer.Close()
		}()
		_, err := db.Changes(t.Context(), core.ChangesOptions{}, func(*core.Change) error {
			time.Sleep(2 * timeout) // the caller's time is not the server's
			return nil
		})
		assert.NoError(t, err)
	})
}

func TestCancelEndsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging, _ := pipeServer()
		for name, server := range map[string]*fakeServer{"before the head": silentServer(), "in the body": hanging} {
			for what, do := range map[string]func(context.Context, *DB) error{
				"info": func(ctx context.Context, db *DB) error { _, err := db.Info(ctx); return err },
				"changes": func(ctx context.Context, db *DB) error {
					_, _, err := core.ListChanges(ctx, db, core.ChangesOptions{Wait: time.Hour, Since: "1"})
					return err
				},
				"login": func(ctx context.Context, db *DB) error {
					db.auth = newAuthenticator(CookieAuth, "ada", "secret")
					_, err := db.Info(ctx)
					return err
				},
			} {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
				assert.Equal(t, context.DeadlineExceeded, do(ctx, openFake(t, server, Options{})), "%s, %s", what, name)
				cancel()
			}
		}
	})
}

func TestCloseEndsCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hanging, _ := pipeServer()
		for _, server := range []*fakeServer{silentServer(), hanging} {
			db := openFake(t, server, Options{})
			time.AfterFunc(20*time.Millisecond, func() { _ = db.Close() })
			_, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Wait: time.Hour, Since: "1"})
			assert.ErrorIs(t, err, core.ErrClosed)
			sent := server.count()
			_, err = db.Info(t.Context())
			assert.ErrorIs(t, err, core.ErrClosed)
			assert.Equal(t, sent, server.count(), "a closed database asks nothing")
			assert.NoError(t, db.Close())
		}
	})
}

func TestShortWaitIsTheServers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := always(200, `{"results":[{"seq":"8-x","id":"a","changes":[{"rev":"1-a"}]}],"last_seq":"8-x","pending":0}`)
		changes, summary, err := core.ListChanges(t.Context(), openFake(t, server, Options{}), core.ChangesOptions{Since: "7-x", Wait: 5 * time.Second})
		require.NoError(t, err)
		assert.Len(t, changes, 1)
		assert.Equal(t, core.Seq("8-x"), summary.LastSeq)
		sent, err := url.Parse(server.requests[0].URL)
		require.NoError(t, err)
		assert.Equal(t, url.Values{"since": {"7-x"}, "feed": {"longpoll"}, "timeout": {"5000"}}, sent.Query())
	})
}

// TestLongWaitEndsHere: with a heartbeat a server goes on for ever.
func TestLongWaitEndsHere(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, writers := pipeServer()
		db := openFake(t, server, Options{Heartbeat: 10 * time.Millisecond})
		var pulse sync.WaitGroup
		defer pulse.Wait()
		pulse.Go(func() {
			writer := <-writers
			_, _ = io.WriteString(writer, "{\"results\":[\n")
			for {
				if _, err := io.WriteString(writer, "\n"); err != nil {
					return // the client has left
				}
				time.Sleep(5 * time.Millisecond)
			}
		})
		began := time.Now()
		changes, summary, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: "7-x", Wait: 100 * time.Millisecond})
		require.NoError(t, err)
		assert.Empty(t, changes)
		assert.Equal(t, core.Seq("7-x"), summary.LastSeq, "from where to go on")
		assert.Equal(t, 100*time.Millisecond, time.Since(began))
	})
}

// TestArrivingChangeOutlastsTheWait: a change that takes long to arrive must not be dropped at the end of each wait, or it would never come through.
func TestArrivingChangeOutlastsTheWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, writers := pipeServer()
		db := openFake(t, server, Options{Heartbeat: 10 * time.Millisecond})
		go func() {
			writer := <-writers
			_, _ = io.WriteString(writer, `{"results":[{"seq":"8-x",`)
			time.Sleep(150 * time.Millisecond)
			_, _ = io.WriteString(writer, `"id":"a","changes":[]}],"last_seq":"8-x","pending":0}`)
			_ = writer.Close()
		}()
		changes, summary, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: "7-x", Wait: 50 * time.Millisecond})
		require.NoError(t, err)
		assert.Len(t, changes, 1)
		assert.Equal(t, core.Seq("8-x"), summary.LastSeq)
	})
}

func TestMissingHeartbeatIsUnreachable(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, writers := pipeServer()
		db := openFake(t, server, Options{Heartbeat: 10 * time.Millisecond, Timeout: 30 * time.Millisecond})
		go func() { _, _ = io.WriteString(<-writers, "{\"results\":[\n\n") }()
		_, _, err := core.ListChanges(t.Context(), db, core.ChangesOptions{Since: "7-x", Wait: time.Hour})
		assert.ErrorIs(t, err, core.ErrUnreachable)
	})
}

func TestWaitFromNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := script(t, reply(200, `{"results":[],"last_seq":"7-x","pending":0}`), reply(200, `{"results":[{"seq":"8-x","id":"a","changes":[]}],"last_seq":"8-x"}`))
		changes, summary, err := core.ListChanges(t.Context(), openFake(t, server, Options{}), core.ChangesOptions{Since: core.Now, Wait: time.Minute})
		require.NoError(t, err)
		assert.Len(t, changes, 1)
		assert.Equal(t, core.Seq("8-x"), summary.LastSeq)
		assert.Contains(t, server.requests[0].URL, "since=now")
		assert.NotContains(t, server.requests[0].URL, "longpoll")
		assert.Contains(t, server.requests[1].URL, "since=7-x")
	})
}

// TestServerThatDoesNotWait: one that ignores feed=longpoll must not be asked without pause.
func TestServerThatDoesNotWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openFake(t, always(200, `{"results":[],"last_seq":"7-x","pending":0}`), Options{})
		began := time.Now()
		_, err := db.Changes(t.Context(), core.ChangesOptions{Since: "7-x", Wait: 100 * time.Millisecond}, nil)
		require.NoError(t, err)
		assert.Equal(t, 100*time.Millisecond, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err = db.Changes(ctx, core.ChangesOptions{Since: "7-x", Wait: time.Hour}, nil)
		assert.Equal(t, context.DeadlineExceeded, err)
	})
}

func TestCompactWaitsForTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		running := `{"update_seq":"1","compact_running":true}`
		server := script(t, reply(202, `{"ok":true}`), reply(200, running), reply(200, running), reply(200, `{"update_seq":"1","compact_running":false}`))
		require.NoError(t, openFake(t, server, Options{}).Compact(t.Context()))
		assert.Equal(t, 4, server.count())
	})
}

func TestUploadTimeIsNotSilence(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		slow := &fakeServer{answer: func(ctx context.Context, _ int, _ *Request) (*Response, error) {
			select {
			case <-time.After(100 * time.Millisecond):
				return reply(201, `[{"ok":true,"id":"a","rev":"1-a"}]`), nil
			case <-ctx.Done():
				return nil, errors.New("gave up")
			}
		}}
		db := openFake(t, slow, Options{Timeout: 20 * time.Millisecond})
		body := append(append([]byte(`{"v":"`), make([]byte, 40<<10)...), `"}`...)
		for i := 6; i < len(body)-2; i++ {
			body[i] = 'x'
		}
		_, err := core.Put(t.Context(), db, &core.Document{ID: "a", Body: body})
		assert.NoError(t, err)
	})
}

// TestWake: what has been silent fails at once, what has just been heard goes on, and a large request gets the time it takes.
func TestWake(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		db := openFake(t, silentServer(), Options{})
		began := time.Now()
		wait := func(after time.Duration, call func() error) error {
			done := make(chan error, 1)
			go func() { done <- call() }()
			time.Sleep(after)
			db.Wake()
			return <-done
		}
		info := func() error {
			_, err := db.Info(t.Context())
			return err
		}
		require.ErrorIs(t, wait(3*time.Second, info), core.ErrUnreachable)
		assert.Equal(t, 3*time.Second, time.Since(began))
		began = time.Now()
		require.ErrorIs(t, wait(time.Second, info), core.ErrUnreachable)
		assert.Equal(t, 30*time.Second, time.Since(began), "by the watchdog")
		began = time.Now()
		large := func() error {
			_, err := db.PutAttachment(t.Context(), "a", core.Rev{}, core.Attachment{Name: "x", Data: make([]byte, 10<<14)})
			return err
		}
		require.ErrorIs(t, wait(3*time.Second, large), core.ErrUnreachable)
		assert.Equal(t, 40*time.Second, time.Since(began), "it may still be on its way")
		assert.Empty(t, db.flights.all())

		server, writers := pipeServer()
		db = openFake(t, server, Options{})
		go func() {
			writer := <-writers
			_, _ = io.WriteString(writer, `{"db_name":`)
			time.Sleep(2 * time.Second)
			_, _ = io.WriteString(writer, `"notes","update_seq":"0"`)
			time.Sleep(1500 * time.Millisecond)
			_, _ = io.WriteString(writer, `}`)
			_ = writer.Close()
		}()
		require.NoError(t, wait(3*time.Second, info))
	})
}
