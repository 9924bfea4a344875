package replication_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/faultadapter"
	"github.com/gouchdb/gouchdb/core/replication"
)

// network is a connection to a database that can be cut, or lead to another database.
type network struct {
	mutex sync.Mutex
	err   error
	calls int
}

func (n *network) set(err error) {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	n.err = err
}

func (n *network) count() int {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.calls
}

func (n *network) wrap(db core.Adapter) core.Adapter {
	script := &faultadapter.Script{Decide: func(call faultadapter.Call, _ any) faultadapter.Fault {
		n.mutex.Lock()
		defer n.mutex.Unlock()
		if call.Method == "Identity" {
			return faultadapter.Fault{}
		}
		n.calls++
		return faultadapter.Fault{Before: n.err}
	}}
	return script.Wrap("remote", db)
}

func TestLiveOutlivesAnOutage(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{core.ErrUnreachable, core.NewError(500, "oops", ""), core.NewError(408, "request_timeout", "")} {
		t.Run(core.AsError(failure).Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source, target := open(t), open(t)
				net := &network{err: failure} // not even there at the start
				l := start(t, source, net.wrap(target), replication.Options{Retry: forever})
				fill(t, source, 0, 3)
				time.Sleep(3 * time.Hour)
				status := l.task.Status()
				assert.Equal(t, replication.StateWaiting, status.State)
				assert.ErrorIs(t, status.Err, failure)
				pauses := l.of(replication.EventPaused)
				assert.Less(t, pauses[0].Delay, time.Second)
				for _, pause := range pauses {
					assert.LessOrEqual(t, pause.Delay, 30*time.Second)
				}
				assert.Less(t, len(pauses), 1000)

				net.set(nil)
				l.task.Wake()
				synctest.Wait()
				assert.Equal(t, leaves(t, source), leaves(t, target), "it goes on at once")
				status = l.task.Status()
				assert.Equal(t, replication.StatePaused, status.State)
				assert.Nil(t, status.Err)

				// Once more, and this time it finds out by itself.
				net.set(failure)
				fill(t, source, 3, 6)
				time.Sleep(time.Minute)
				assert.Less(t, l.of(replication.EventPaused)[len(pauses)+1].Delay, time.Second, "the pauses begin anew")
				net.set(nil)
				time.Sleep(time.Minute)
				assert.Equal(t, leaves(t, source), leaves(t, target))
				l.stop()
			})
		})
	}
}

func TestLiveWithoutRetryEndsWithTheFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := &network{err: core.ErrUnreachable}
		l := start(t, open(t), net.wrap(open(t)), replication.Options{})
		<-l.done
		assert.ErrorIs(t, l.err, core.ErrUnreachable)
		assert.ErrorIs(t, l.task.Status().Err, core.ErrUnreachable)
	})
}

func TestLiveStopsForWhatDoesNotPass(t *testing.T) {
	t.Parallel()
	for _, failure := range []*core.Error{core.ErrUnauthorized, core.ErrForbidden, core.ErrNoDatabase, core.ErrClosed, core.ErrStorageFull, core.ErrNotCouchDB} {
		t.Run(failure.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				net := &network{err: failure}
				l := start(t, net.wrap(open(t)), open(t), replication.Options{Retry: forever})
				<-l.done
				assert.ErrorIs(t, l.err, failure)
				assert.LessOrEqual(t, net.count(), 3, "a wrong password is not tried again and again")
				assert.Empty(t, l.of(replication.EventPaused))
			})
		})
	}
}

func TestLiveOutlivesALoginPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := open(t), open(t)
		net := &network{}
		l := start(t, source, net.wrap(target), replication.Options{Retry: forever})
		synctest.Wait()
		net.set(core.ErrNotCouchDB)
		fill(t, source, 0, 1)
		time.Sleep(time.Minute)
		net.set(nil)
		time.Sleep(time.Minute)
		assert.Equal(t, leaves(t, source), leaves(t, target))
		l.stop()
	})
}

func TestBackOffFunction(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		net := &network{err: core.ErrUnreachable}
		var given []time.Duration
		policy := replication.RetryPolicy{Forever: true, Attempts: 1, BackOff: func(last time.Duration) time.Duration {
			given = append(given, last)
			return 2*last + time.Second
		}}
		l := start(t, open(t), net.wrap(open(t)), replication.Options{Retry: policy})
		time.Sleep(30 * time.Second)
		l.stop()
		assert.Equal(t, []time.Duration{0, 1 * time.Second, 3 * time.Second, 7 * time.Second, 15 * time.Second}, given)
	})
}

type busy struct{ delay time.Duration }

func (b busy) Error() string             { return "busy" }
func (b busy) RetryAfter() time.Duration { return b.delay }

func TestWakingDoesNotHurryABusyServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := open(t), open(t)
		fill(t, source, 0, 1)
		net := &network{err: core.NewError(429, "too_many_requests", "").From(busy{time.Minute})}
		l := start(t, source, net.wrap(target), replication.Options{Retry: forever})
		synctest.Wait()
		before := net.count()
		for range 10 {
			l.task.Wake()
			time.Sleep(time.Second)
		}
		assert.Equal(t, before, net.count())
		net.set(nil)
		time.Sleep(time.Minute)
		assert.Equal(t, leaves(t, source), leaves(t, target))
		l.stop()
	})
}

// After sleep a connection may be dead without anybody having told. Waking asks anew.
func TestWakingReplacesALongPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := open(t), open(t)
		hung := false
		script := &faultadapter.Script{Decide: func(call faultadapter.Call, arguments any) faultadapter.Fault {
			if options, ok := arguments.(core.ChangesOptions); ok && options.Wait > 0 && !hung {
				hung = true
				return faultadapter.Fault{Hang: true}
			}
			return faultadapter.Fault{}
		}}
		l := start(t, script.Wrap("source", source), target, replication.Options{Retry: forever})
		synctest.Wait()
		fill(t, source, 0, 1)
		synctest.Wait()
		assert.Empty(t, leaves(t, target))
		l.task.Wake()
		synctest.Wait()
		assert.Equal(t, leaves(t, source), leaves(t, target))
		l.stop()
	})
}

// A document that cannot be written keeps no others back, and is tried again until it can.
func TestLiveTriesDocumentsAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, target := open(t), open(t)
		var mutex sync.Mutex
		broken := true
		stubborn := refusing{target, func(docID string) *core.Error {
			mutex.Lock()
			defer mutex.Unlock()
			if broken && docID == "bad" {
				return core.NewError(418, "teapot", "")
			}
			return nil
		}}
		l := start(t, source, stubborn, replication.Options{Retry: forever})
		put(t, source, "bad", `{}`)
		put(t, source, "good", `{}`)
		time.Sleep(time.Hour)
		assert.Equal(t, []string{"good"}, keys(leaves(t, target)))
		assert.Less(t, len(l.of(replication.EventFailed)), 30)
		put(t, source, "better", `{}`)
		synctest.Wait()
		assert.Len(t, leaves(t, target), 2, "what comes later is not held up")
		status := l.task.Status()
		assert.Equal(t, replication.StateWaiting, status.State, "not everything is there")
		assert.Equal(t, "bad", status.Err.ID)
		pauses := l.of(replication.EventPaused)
		assert.Equal(t, status.Err, pauses[len(pauses)-1].Err)
		mutex.Lock()
		broken = false
		mutex.Unlock()
		time.Sleep(11 * time.Minute)
		assert.Equal(t, leaves(t, source), leaves(t, target))
		assert.Equal(t, replication.StatePaused, l.task.Status().State)
		assert.Nil(t, l.task.Status().Err)
		l.stop()
	})
}

// refusing is a target that answers errors for some documents.
type refusing struct {
	core.Adapter
	refuse func(docID string) *core.Error
}

func (r refusing) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	results := make([]core.BulkResult, len(docs))
	for i, doc := range docs {
		if err := r.refuse(doc.ID); err != nil {
			results[i] = core.BulkResult{ID: doc.ID, Err: err}
			continue
		}
		one, err := r.Adapter.BulkDocs(ctx, docs[i:i+1], options)
		if err != nil {
			return nil, err
		}
		results[i] = one[0]
	}
	return results, nil
}

func keys(all map[string][]string) (names []string) {
	for name := range all {
		names = append(names, name)
	}
	return names
}

// changing leads to one database, then to another, as an address does behind which a server is made anew or restored.
type changing struct {
	core.Adapter
	mutex sync.Mutex
	now   core.Adapter
	name  string
}

func (c *changing) to(db core.Adapter) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = db
}

func (c *changing) current() core.Adapter {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *changing) Identity(context.Context) (string, error) { return "the address" + c.name, nil }
func (c *changing) Info(ctx context.Context) (core.Info, error) {
	return c.current().Info(ctx)
}
func (c *changing) Get(ctx context.Context, docID string, options core.GetOptions) (*core.Document, error) {
	return c.current().Get(ctx, docID, options)
}
func (c *changing) RevsDiff(ctx context.Context, requests []core.DocRevs) ([]core.RevsDiff, error) {
	return c.current().RevsDiff(ctx, requests)
}
func (c *changing) BulkDocs(ctx context.Context, docs []*core.Document, options core.BulkDocsOptions) ([]core.BulkResult, error) {
	return c.current().BulkDocs(ctx, docs, options)
}
func (c *changing) Changes(ctx context.Context, options core.ChangesOptions, each func(*core.Change) error) (core.ChangesSummary, error) {
	return c.current().Changes(ctx, options, each)
}
func (c *changing) BulkGet(ctx context.Context, requests []core.DocRev, options core.BulkGetOptions) ([]core.BulkGetResult, error) {
	return c.current().BulkGet(ctx, requests, options)
}
func (c *changing) Flush(ctx context.Context) error { return c.current().Flush(ctx) }

func TestLiveNoticesThatTheTargetWasMadeAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, first, second := open(t), open(t), open(t)
		target := &changing{now: first}
		fill(t, source, 0, 5)
		l := start(t, source, target, replication.Options{Retry: forever})
		time.Sleep(time.Minute)
		require.Equal(t, leaves(t, source), leaves(t, first))
		target.to(second)
		put(t, source, "later", `{}`)
		time.Sleep(5 * time.Second)
		assert.Equal(t, leaves(t, source), leaves(t, second))
		l.stop()
	})
}

func TestLiveCancelledAtEveryCall(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		reached := false
		t.Run("call "+strconv.Itoa(n), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				source, target := open(t), open(t)
				fill(t, source, 0, 10)
				calls := 0
				script := &faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault {
					calls++
					reached = reached || calls == n
					return faultadapter.Fault{Hang: calls == n}
				}}
				l := start(t, script.Wrap("source", source), script.Wrap("target", target), replication.Options{BatchSize: 4, Retry: forever})
				time.Sleep(2 * time.Second)
				l.stop()
				requireTrueCheckpoints(t, source, target, l.result, nil)
				replicate(t, source, target, replication.Options{})
				assert.Equal(t, leaves(t, source), leaves(t, target))
			})
		})
		if !reached {
			require.Greater(t, n, 15)
			return
		}
	}
}

// Live replications between all replicas, while people edit and the network fails now and then: when it has become quiet, all hold the same.
func TestLiveReplicasConverge(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run("seed "+strconv.FormatUint(seed, 10), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, seed, 2+int(seed%3))
				var mutex sync.Mutex
				failing := 10 // of 100 calls
				script := &faultadapter.Script{Decide: func(faultadapter.Call, any) faultadapter.Fault {
					mutex.Lock()
					defer mutex.Unlock()
					if w.random.IntN(100) < failing {
						return somewhere(w.random.IntN(3), core.ErrUnreachable)
					}
					return faultadapter.Fault{}
				}}
				var all []*live
				for i, db := range w.replicas {
					other := w.replicas[(i+1)%len(w.replicas)]
					mutex.Lock()
					options := w.options()
					mutex.Unlock()
					options = replication.Options{BatchSize: options.BatchSize, BatchesLimit: options.BatchesLimit, BatchBytes: options.BatchBytes, Retry: forever}
					all = append(all, start(t, script.Wrap("source", db), script.Wrap("target", other), options),
						start(t, script.Wrap("source", other), script.Wrap("target", db), options))
				}
				for range 60 {
					mutex.Lock()
					w.edit()
					pause := time.Duration(w.random.IntN(3000)) * time.Millisecond
					woken := all[w.random.IntN(len(all))]
					mutex.Unlock()
					time.Sleep(pause)
					woken.task.Wake()
				}
				mutex.Lock()
				failing = 0
				mutex.Unlock()
				time.Sleep(10 * time.Minute)
				first := leaves(t, w.replicas[0])
				for i, db := range w.replicas {
					require.Equal(t, first, leaves(t, db), "replicas 0 and %d differ", i)
				}
				for _, l := range all {
					require.Equal(t, replication.StatePaused, l.task.Status().State)
					l.stop()
				}
				for i, l := range all {
					pair := []core.Adapter{w.replicas[i/2], w.replicas[(i/2+1)%len(w.replicas)]}
					requireTrueCheckpoints(t, pair[i%2], pair[1-i%2], l.result, nil)
				}
				w.requireConvergence()
			})
		})
	}
}
