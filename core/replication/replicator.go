package replication

import (
	"context"
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
	source, target core.Adapter
	options        Options
	direction      Direction
	events         *emitter
	retry          *retrier
	workers        sync.WaitGroup // everything that runs beside the writer

	result   Result
	session  session
	sides    []*side
	agreed   *checkpoint // where both sides met before this run, nil at the first one
	diffs    diffPolicy
	budget   *budget
	progress progress

	firstFailure *core.Error // of a document that was not copied, other than refused

	committed  core.Seq // what the newest checkpoint says
	lastCommit time.Time
	moved      bool // there is something that a checkpoint would spare the next run
	writeBytes int  // BatchBytes, or less when the target did not take that
}

// Run copies what target lacks of source, up to the newest change, and returns when that is done. The target must exist.
//
// Documents that the target refuses are counted and reported, but are no error. Documents that could not be copied for another reason do not
// keep others back; they make the run end with [ErrIncomplete], and the next run tries them again. Any other error, also the end of the context,
// ends the run where it is: what was written stays, and the next run goes on from the last checkpoint.
//
// The Result is never nil; its OK tells the same as a nil error.
func Run(ctx context.Context, source, target core.Adapter, options Options) (*Result, error) {
	return run(ctx, source, target, options, "", &emitter{listen: options.OnEvent})
}

func run(ctx context.Context, source, target core.Adapter, options Options, direction Direction, events *emitter) (*Result, error) {
	options, err := options.complete()
	if err != nil {
		return &Result{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &replicator{
		ctx: ctx, source: source, target: target, options: options, direction: direction, events: events,
		budget:     newBudget(options.BatchBytes, options.BatchesLimit),
		writeBytes: options.BatchBytes,
	}
	r.retry = &retrier{policy: options.Retry, clock: options.Clock, random: options.Random, onRetry: func(err *core.Error, delay time.Duration) {
		r.events.emit(Event{Type: EventRetry, Direction: direction, Err: err, Delay: delay})
	}}
	r.begin()
	err = r.replicate()
	cancel()
	r.workers.Wait()
	return &r.result, r.end(err)
}

func (r *replicator) begin() {
	var id []byte
	for range 2 {
		for n, i := r.options.Random(), 0; i < 8; n, i = n>>8, i+1 {
			id = append(id, byte(n))
		}
	}
	r.result.SessionID = hex.Encode(id)
	r.result.StartTime = r.options.Clock.Now()
	r.lastCommit = r.result.StartTime
	r.session = session{id: r.result.SessionID, startTime: r.result.StartTime}
}

func (r *replicator) replicate() error {
	if err := r.identify(); err != nil {
		return err
	}
	if err := r.resume(); err != nil {
		return err
	}
	if err := r.transfer(); err != nil {
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
	for b := range queue {
		r.budget.moveFront(b.number)
		if err := r.finish(b); err != nil {
			return err
		}
		if b.final {
			return nil
		}
		<-slots
		if r.options.Clock.Now().Sub(r.lastCommit) >= r.options.CheckpointInterval {
			if err := r.commit(r.retry); err != nil {
				return err
			}
		}
	}
	return &stepError{"reading changes", r.ctx.Err()}
}

// finish writes a batch and moves the mark up to which a checkpoint may go.
func (r *replicator) finish(b *batch) error {
	failed := make(map[string]bool)
	for c := range b.chunks {
		out, err := r.write(c.docs)
		r.budget.giveBack(c.bytes)
		r.account(c, out)
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
	r.progress.pass(b, failed)
	// An unfiltered feed without rows leaves nothing worth noting, whatever sequence it ends with.
	if len(b.rows) > 0 || r.options.DocIDs != nil || r.result.StartSeq == core.Now {
		r.moved = true
	}
	return nil
}

// account counts and reports what became of a chunk.
func (r *replicator) account(c chunk, out outcome) {
	r.result.Counts.add(c.counts)
	r.result.DocsWritten += len(out.written)
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
	event.Result = r.result
	event.Result.LastSeq = r.progress.seq
	r.events.emit(event)
}
