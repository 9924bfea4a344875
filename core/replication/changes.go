package replication

import (
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// readChanges cuts the source's feed into batches and starts fetching each, as long as there is a slot for it. It ends after the final batch,
// which a live session does not have, after one with an error, or with the context.
func (r *replicator) readChanges(queue chan<- *batch, slots chan<- struct{}) {
	defer close(queue)
	since := r.progress.seq
	r.pageSize = r.options.BatchSize
	wait := false
	for number := 0; ; number++ {
		select {
		case slots <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		b := &batch{number: number, chunks: make(chan chunk, chunksAhead), failures: r.suspicion.failures.Load()}
		b.err = r.readPage(b, since, wait)
		b.uneventful = wait && len(b.rows) == 0 && b.lastSeq == since
		since = b.lastSeq
		b.awaited = wait
		b.final = b.idle && !r.options.Live
		wait = b.idle
		last := b.final || b.err != nil
		// From here on b belongs to the fetching goroutine, then to the writer.
		if b.err != nil || len(b.rows) == 0 {
			close(b.chunks)
		} else {
			r.workers.Go(func() { r.fetch(b) })
		}
		queue <- b // has room for as many as there are slots
		if last {
			return
		}
	}
}

// readPage fills a batch with the changes after since. When the feed of a live session has nothing more, it waits for changes.
func (r *replicator) readPage(b *batch, since core.Seq, wait bool) error {
	size := r.pageSize
	began := r.options.Clock.Now()
	room := size
	if wait {
		room = 1
	}
	var summary core.ChangesSummary
	err := r.retry.do(r.ctx, "reading changes", func() (err error) {
		b.rows = make([]row, 0, room)
		options := r.feed(since, size)
		each := func(change *core.Change) error {
			b.rows = append(b.rows, row{seq: change.Seq, id: change.ID, revs: change.Revs})
			return nil
		}
		if wait {
			summary, err = r.poll(options, each)
		} else {
			summary, err = r.source.Changes(r.ctx, options, each)
		}
		return err
	})
	if err != nil {
		return err
	}
	b.lastSeq = summary.LastSeq
	if len(b.rows) == 0 && b.lastSeq == "" {
		b.lastSeq = since
	}
	b.pending = max(summary.Pending, 0)
	// A page that is not full ends the feed, unless the source says that there is more. Not all sources say how much is pending, and
	// with some filters they count what these leave out.
	b.idle = len(b.rows) == 0 || len(b.rows) < size && (summary.Pending <= 0 || r.options.countsAll())
	if b.idle {
		b.pending = 0
	}
	if len(b.rows) > 0 && (b.lastSeq == "" || b.lastSeq == since) {
		return &stepError{"reading changes", core.ErrNotCouchDB.Because("the changes feed does not advance")}
	}
	if !wait && len(b.rows) == size {
		r.adapt(r.options.Clock.Now().Sub(began))
	}
	return nil
}

// feed is what a page of changes is asked for with.
func (r *replicator) feed(since core.Seq, size int) core.ChangesOptions {
	return core.ChangesOptions{
		Since:       since,
		Limit:       size,
		AllLeaves:   !r.options.WinningRevsOnly,
		DocIDs:      r.options.DocIDs,
		Filter:      r.options.feedFilter(),
		SeqInterval: size,
	}
}

const (
	leastPage, mostPage = 100, 2000
	quickPage, slowPage = 300 * time.Millisecond, 3 * time.Second
)

// adapt chooses the size of the next page after how long a full one took.
func (r *replicator) adapt(took time.Duration) {
	switch {
	case !r.options.adaptive:
	case took < quickPage:
		r.pageSize = min(r.pageSize*2, mostPage)
	case took > slowPage:
		r.pageSize = max(r.pageSize/2, leastPage)
	}
}
