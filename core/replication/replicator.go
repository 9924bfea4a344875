package replication

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/internal/hex"
)

// replicator is one run.
type replicator struct {
	ctx            context.Context // ends with the run at the latest
	task           *Task
	source, target core.Adapter
	options        Options
	direction      Direction
	events         *emitter
	retry          *retrier
	workers        sync.WaitGroup // everything that runs beside the writer

	identities [2]string // of source and target
	filtered   []byte    // the source text of the function that the feed is filtered by

	result    Result
	before    Counts // of Result, what earlier sessions did
	session   session
	sides     []*side
	agreed    *checkpoint    // where both sides met before this run, nil at the first one
	marked    <-chan []error // see mark
	diffs     diffPolicy
	ancestors ancestors
	budget    *budget
	readers   chan struct{} // those who fetch contents of attachments
	progress  progress
	window    window
	suspicion suspicion

	firstFailure *core.Error // of a document that was not copied, other than refused

	committed  core.Seq // what the newest checkpoint says
	lastCommit time.Time
	moved      bool // there is something that a checkpoint would spare the next run
	begun      bool // see mark
	writeBytes int  // BatchBytes, or less when the target did not take that
	pageSize   int  // of the next reading of the changes feed
	rest       *rest
	connected  bool // both sides have answered
	advanced   bool // a batch came through
}

// Run copies what target lacks of source, up to the newest change, and returns when that is done. The target must exist.
//
// Documents that the target refuses are counted and reported, but are no error. Documents that could not be copied for another reason do not
// keep others back; they make the run end with [ErrIncomplete], and the next run tries them again. Any other error, also the end of the context,
// ends the run where it is: what was written stays, and the next run goes on from the last checkpoint.
//
// With Options.Live it goes on with what comes later, until the context ends or something fails for good.
//
// The Result is never nil; its OK tells the same as a nil error.
func Run(ctx context.Context, source, target core.Adapter, options Options) (*Result, error) {
	return NewTask(source, target, options).Run(ctx)
}

// session runs from the checkpoint on, to the newest change or, when live, until something keeps it from going on. before is what
// earlier sessions of the task did.
func (t *Task) session(ctx context.Context, options Options, before Result) (*replicator, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &replicator{
		ctx: ctx, task: t, source: t.source, target: t.target, options: options, direction: t.direction, events: t.events,
		budget:     newBudget(options.BatchBytes, options.BatchesLimit),
		readers:    make(chan struct{}, attachmentReaders),
		writeBytes: options.BatchBytes,
		rest:       newRest(),
		result:     before,
		before:     before.Counts,
		suspicion:  suspicion{turn: make(chan struct{}, 1)},
	}
	defer r.rest.end()
	r.retry = &retrier{policy: options.Retry, clock: options.Clock, random: options.Random, waker: &t.waker, onRetry: func(err *core.Error, delay time.Duration) {
		r.suspect(err)
		t.update(func(status *Status) { status.Err = err })
		r.events.emit(Event{Type: EventRetry, Direction: r.direction, Err: err, Delay: delay})
	}}
	r.begin()
	err := r.replicate()
	cancel()
	r.workers.Wait()
	return r, r.end(err)
}

func (r *replicator) begin() {
	var id []byte
	for range 2 {
		for n, i := r.options.Random(), 0; i < 8; n, i = n>>8, i+1 {
			id = append(id, byte(n))
		}
	}
	r.result.SessionID = hex.Encode(id)
	now := r.options.Clock.Now()
	if r.result.StartTime.IsZero() {
		r.result.StartTime = now
	}
	r.lastCommit = now
	r.session = session{id: r.result.SessionID, startTime: now}
}

func (r *replicator) replicate() error {
	if err := r.identify(); err != nil {
		return err
	}
	if err := r.resume(); err != nil {
		return err
	}
	r.connected = true
	r.change(StateActive, 0)
	if r.options.Live {
		r.emit(Event{Type: EventActive})
	}
	if err := r.transfer(); err != nil {
		if errors.Is(err, errForgotten) {
			return err // a checkpoint now would say that what was lost is there
		}
		r.suspect(err)
		// Spare the next run what this one has done. It has failed already, so this is tried once.
		once := *r.retry
		once.policy.Attempts = 1
		_ = r.commit(&once)
		return err
	}
	return r.commit(r.retry)
}

// end completes the result and returns the error that goes with it.
func (r *replicator) end(err error) error {
	r.result.EndTime = r.options.Clock.Now()
	r.result.LastSeq = r.progress.seq
	if failures := r.result.failures(); err == nil && failures > 0 {
		return ErrIncomplete.Because(strconv.Itoa(failures) + " revisions were not copied").From(r.firstFailure)
	}
	r.result.OK = err == nil
	return err
}

// transfer moves all batches, from where the checkpoint stands to the newest change.
func (r *replicator) transfer() error {
	queue := make(chan *batch, r.options.BatchesLimit)
	slots := make(chan struct{}, r.options.BatchesLimit)
	r.workers.Go(func() { r.readChanges(queue, slots) })
	for {
		b, err := r.next(queue)
		if err != nil {
			return err
		}
		r.budget.moveFront(b.number)
		if b.uneventful {
			<-slots
			if err := r.verify(r.retry); err != nil {
				return err
			}
			continue
		}
		r.rouse(b)
		if len(b.rows) > 0 {
			r.mark()
		}
		if err := r.awaitMark(); err != nil {
			return err
		}
		if err := r.finish(b); err != nil {
			return err
		}
		if b.final {
			return nil
		}
		<-slots
		if r.options.Live {
			r.settle(b)
		}
		if r.options.Clock.Now().Sub(r.lastCommit) >= r.options.CheckpointInterval {
			if err := r.commit(r.retry); err != nil {
				return err
			}
		}
	}
}

// finish writes a batch and moves the mark up to which a checkpoint may go.
func (r *replicator) finish(b *batch) error {
	failed := make(map[string]bool)
	var written []*core.Document
	if len(b.rows) > 0 {
		r.change(StateActive, b.pending+int64(len(b.rows)))
	}
	for c := range b.chunks {
		docs, err := r.choose(c.docs)
		if err != nil {
			return err
		}
		out, err := r.write(docs)
		r.budget.giveBack(c.bytes)
		r.change(StateActive, b.pending+int64(c.left))
		r.account(c, out)
		written = append(written, out.written...)
		if err != nil {
			return err
		}
		for _, failure := range slices.Concat(c.failures, out.failed) {
			failed[failure.ID] = true
		}
	}
	if b.err != nil {
		return b.err
	}
	r.pass(b, written)
	r.progress.pass(b, failed)
	r.remember(b, written)
	r.change(StateActive, b.pending)
	// An unfiltered feed without rows leaves nothing worth noting, whatever sequence it ends with.
	if len(b.rows) > 0 || r.options.filtersFeed() || r.result.StartSeq == core.Now {
		r.moved = true
	}
	return nil
}

// account counts and reports what became of a chunk.
func (r *replicator) account(c chunk, out outcome) {
	r.result.Counts.add(c.counts)
	r.result.DocsWritten += len(out.written)
	r.result.BytesRead += sizeOf(c.docs)
	r.result.BytesWritten += sizeOf(out.written)
	r.result.DocWriteFailures += len(out.denied) + len(out.failed)
	r.result.Denied += len(out.denied)
	for _, part := range [][]*core.Error{c.failures, out.failed, out.denied} {
		r.result.keep(part)
	}
	for _, failure := range slices.Concat(c.failures, out.failed) {
		if r.firstFailure == nil {
			r.firstFailure = failure
		}
		r.emit(Event{Type: EventFailed, Err: failure})
	}
	for _, failure := range out.denied {
		r.emit(Event{Type: EventDenied, Err: failure})
	}
	if len(out.written) > 0 {
		r.emit(Event{Type: EventChange, Docs: out.written})
	}
}

// emit reports an event with the result so far. It is for the writer, who alone changes the result.
func (r *replicator) emit(event Event) {
	event.Direction = r.direction
	event.Result = r.soFar()
	r.task.update(func(status *Status) {
		status.Result = event.Result
		event.Pending = status.Pending
	})
	r.events.emit(event)
}

// soFar is the result as it stands.
func (r *replicator) soFar() Result {
	result := r.result
	result.LastSeq = r.progress.seq
	return result
}
