//go:build !js

package simnet_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/replication"
)

// step is one thing that happens.
type step struct {
	kind string
	who  int // a replica; -1: the server
	seed uint64
}

func (s step) String() string { return fmt.Sprintf("{%q, %d, %d}", s.kind, s.who, s.seed) }

// kinds are drawn from: the more often one stands here, the more often it happens.
var kinds = []string{"edit", "edit", "edit", "edit", "edit", "edit", "run", "run", "begin", "live", "live", "stop", "wake", "sleep", "sleep", "sleep",
	"restart", "crash", "neighbours", "backup", "restore"}

// timeless are the kinds of which none turns back time.
var timeless = kinds[:slices.Index(kinds, "backup")]

// randomSteps draws what happens in a world. In every other one time never runs backwards; there one side alone may keep checkpoints.
func randomSteps(random *rand.Rand, replicas, count int) []step {
	steps := make([]step, count)
	kinds := kinds
	if random.IntN(2) == 0 {
		kinds = timeless
	}
	for i := range steps {
		steps[i] = step{kind: kinds[random.IntN(len(kinds))], who: random.IntN(replicas+1) - 1, seed: random.Uint64()}
	}
	return steps
}

func lockedRandom(seed uint64) func() uint64 {
	var mutex sync.Mutex
	random := rand.New(rand.NewPCG(seed, 1))
	return func() uint64 {
		mutex.Lock()
		defer mutex.Unlock()
		return random.Uint64()
	}
}

// take makes one step. Runs in the background are joined by the group.
func (w *world) take(s step, background *sync.WaitGroup) {
	random := rand.New(rand.NewPCG(s.seed, 2))
	r := w.replicas[max(s.who, 0)]
	switch s.kind {
	case "edit":
		db := w.db
		if s.who >= 0 {
			db = r.db
		}
		for range 1 + random.IntN(4) {
			w.edit(db, random)
		}
	case "run", "begin":
		source, target := core.Adapter(r.db), core.Adapter(r.remote)
		if random.IntN(2) == 0 {
			source, target = target, source
		}
		options, f := w.draw(random)
		if s.kind == "run" {
			w.run(source, target, options, f)
		} else {
			background.Go(func() { w.run(source, target, options, f) })
		}
	case "neighbours":
		other := w.replicas[random.IntN(len(w.replicas))]
		if other == r {
			return
		}
		_, _, err := replication.Sync(w.ctx, r.db, other.db, replication.Options{})
		check(err)
	case "live":
		if r.live == nil {
			options, f := w.draw(random)
			r.live = w.begin(r, options, f)
		}
	case "stop":
		if r.live != nil {
			r.live.stop()
			r.live = nil
		}
	case "wake":
		if r.live != nil {
			r.live.wake()
		}
	case "sleep":
		time.Sleep(time.Duration(random.IntN(1<<random.IntN(18))) * time.Millisecond)
	case "restart":
		w.stop()
		time.Sleep(time.Duration(random.IntN(60)) * time.Second)
		w.start()
	case "crash":
		w.hosts.Down(hostName)
		w.storage.Crash()
		check(w.handler.Close())
		_ = w.db.Close()
		w.start()
	case "backup":
		w.backup = w.storage.Clone()
	case "restore":
		w.stop()
		w.mutex.Lock()
		w.restores++
		w.mutex.Unlock()
		w.storage = w.backup.Clone()
		w.start()
	}
}

// honest returns a database as it can be relied on.
func (w *world) honest(db core.Adapter) core.Adapter {
	for _, r := range w.replicas {
		if db == r.remote {
			return w.judge
		}
	}
	return db
}

// run replicates once. That it fails is no surprise; that it says that it did not must be true.
func (w *world) run(source, target core.Adapter, options replication.Options, f filters) {
	restores := w.restored()
	before, err := w.revisions(w.honest(source), f)
	if err != nil {
		return // the server is away
	}
	options.OnEvent = w.watch(source, target, f)
	result, err := replication.Run(w.ctx, source, target, options)
	if result.OK != (err == nil) {
		w.fail("a run says ok %t with the error %v", result.OK, err)
	}
	if err != nil || w.restored() != restores {
		return
	}
	w.succeeded(f.name, result.DocsWritten)
	after, err := w.revisions(w.honest(source), f)
	if err != nil {
		return
	}
	missing, err := w.lacking(w.honest(target), unchanged(before, after))
	if err == nil && missing != "" && w.restored() == restores {
		w.fail("a run was ok, yet the target lacks %s", missing)
	}
}

// unchanged returns what was and still is: a document that changed meanwhile may have ceased to be one that is copied.
func unchanged(before, after []core.DocRevs) []core.DocRevs {
	now := map[string][]core.Rev{}
	for _, doc := range after {
		now[doc.ID] = doc.Revs
	}
	return slices.DeleteFunc(before, func(doc core.DocRevs) bool { return !slices.Equal(doc.Revs, now[doc.ID]) })
}

// watch checks each checkpoint when it has been written: what changed in the source before it is in the target.
func (w *world) watch(source, target core.Adapter, f filters) func(replication.Event) {
	source, target = w.honest(source), w.honest(target)
	restores := w.restored()
	return func(event replication.Event) {
		if event.Type == replication.EventDenied {
			w.fail("nothing is ever refused here: %v", event.Err)
		}
		if event.Type != replication.EventCheckpoint {
			return
		}
		all, err := w.revisions(source, f)
		if err != nil {
			return
		}
		later := map[string]bool{}
		_, err = source.Changes(w.ctx, core.ChangesOptions{Since: event.Seq}, func(change *core.Change) error {
			later[change.ID] = true
			return nil
		})
		if err != nil {
			return
		}
		var passed []core.DocRevs
		for _, doc := range all {
			if !later[doc.ID] {
				passed = append(passed, doc)
			}
		}
		missing, err := w.lacking(target, passed)
		if err == nil && missing != "" && w.restored() == restores {
			w.fail("the checkpoint %s passes %s", event.Seq, missing)
		}
	}
}

// liveTask is a push and a pull that stay on.
type liveTask struct {
	tasks  []*replication.Task
	cancel context.CancelFunc
	ended  sync.WaitGroup
	whole  bool // nothing is filtered out

	mutex sync.Mutex
	given bool // up, because it found no database from the start
}

func (w *world) begin(r *replica, options replication.Options, f filters) *liveTask {
	ctx, cancel := context.WithCancel(w.ctx)
	l := &liveTask{cancel: cancel, whole: f.all()}
	options.Live, options.Retry.Forever = true, true
	for _, pair := range [][2]core.Adapter{{r.db, r.remote}, {r.remote, r.db}} {
		options := options
		connected := false
		watch := w.watch(pair[0], pair[1], f)
		options.OnEvent = func(event replication.Event) {
			connected = connected || event.Type == replication.EventActive
			watch(event)
		}
		task := replication.NewTask(pair[0], pair[1], options)
		l.tasks = append(l.tasks, task)
		l.ended.Go(func() {
			_, err := task.Run(ctx)
			if ctx.Err() != nil {
				return
			}
			if connected || !errors.Is(err, core.ErrNotCouchDB) {
				w.fail("a live replication gave up: %v", err)
			}
			l.mutex.Lock()
			defer l.mutex.Unlock()
			l.given = true
		})
	}
	return l
}

func (l *liveTask) gaveUp() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.given
}

func (l *liveTask) wake() {
	for _, task := range l.tasks {
		task.Wake()
	}
}

func (l *liveTask) stop() {
	l.cancel()
	l.ended.Wait()
}
