package replication

import (
	"context"

	"github.com/gouchdb/gouchdb/core"
)

// writesAtOnce is how many writes of a batch are under way. While the target works on one, the next is put together and sent.
const writesAtOnce = 2

// underway is a chunk that is being written.
type underway struct {
	chunk chunk
	done  chan struct{} // closed when what follows is set
	out   outcome
	err   error
}

// writeChunks writes the chunks of a batch as they come, and tells of each what became of it, in their order. The first error ends all of it.
func (r *replicator) writeChunks(b *batch, tell func(chunk, outcome)) error {
	ctx, fail := context.WithCancelCause(r.ctx)
	defer fail(nil)
	chunks := b.chunks // nil: no more of them
	var writes []*underway
	var failure error
	for chunks != nil || len(writes) > 0 {
		next := chunks
		if len(writes) == writesAtOnce {
			next = nil
		}
		var oldest chan struct{}
		if len(writes) > 0 {
			oldest = writes[0].done
		}
		var err error
		select {
		case c, more := <-next:
			var docs []*core.Document
			if !more {
				chunks = nil
			} else if docs, err = r.choose(c.docs); err == nil {
				writes = append(writes, r.beginWrite(ctx, fail, c, docs))
			}
		case <-oldest:
			tell(writes[0].chunk, writes[0].out)
			err = writes[0].err
			writes = writes[1:]
		}
		if err != nil {
			chunks = nil
			fail(err)
			if failure = err; r.ctx.Err() == nil {
				failure = context.Cause(ctx) // what came first
			}
		}
	}
	return failure
}

func (r *replicator) beginWrite(ctx context.Context, fail func(error), c chunk, docs []*core.Document) *underway {
	w := &underway{chunk: c, done: make(chan struct{})}
	if len(docs) == 0 {
		close(w.done)
		return w
	}
	go func() {
		defer close(w.done)
		if w.out, w.err = r.write(ctx, docs); w.err != nil {
			fail(w.err)
		}
	}()
	return w
}
