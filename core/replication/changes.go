package replication

import "github.com/gouchdb/gouchdb/core"

// readChanges cuts the source's feed into batches and starts fetching each, as long as there is a slot for it. It ends after the final batch,
// after one with an error, or with the context.
func (r *replicator) readChanges(queue chan<- *batch, slots chan<- struct{}) {
	defer close(queue)
	since := r.progress.seq
	for number := 0; ; number++ {
		select {
		case slots <- struct{}{}:
		case <-r.ctx.Done():
			return
		}
		b := &batch{number: number, chunks: make(chan chunk, chunksAhead)}
		b.err = r.readPage(b, since)
		since = b.lastSeq
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

// readPage fills a batch with the changes after since.
func (r *replicator) readPage(b *batch, since core.Seq) error {
	var summary core.ChangesSummary
	err := r.retry.do(r.ctx, "reading changes", func() (err error) {
		b.rows = nil
		summary, err = r.source.Changes(r.ctx, core.ChangesOptions{
			Since:       since,
			Limit:       r.options.BatchSize,
			AllLeaves:   !r.options.WinningRevsOnly,
			DocIDs:      r.options.DocIDs,
			SeqInterval: r.options.BatchSize,
		}, func(change *core.Change) error {
			b.rows = append(b.rows, row{seq: change.Seq, id: change.ID, revs: change.Revs})
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	b.lastSeq = summary.LastSeq
	if len(b.rows) == 0 && b.lastSeq == "" {
		b.lastSeq = since
	}
	// A page that is not full ends the feed, unless the source says that there is more. Not all sources say how much is pending, and
	// with a filter they count what it leaves out.
	b.final = len(b.rows) == 0 || len(b.rows) < r.options.BatchSize && (summary.Pending <= 0 || r.options.DocIDs != nil)
	if len(b.rows) > 0 && (b.lastSeq == "" || b.lastSeq == since) {
		return &stepError{"reading changes", core.ErrNotCouchDB.Because("the changes feed does not advance")}
	}
	return nil
}
