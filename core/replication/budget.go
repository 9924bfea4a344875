package replication

import (
	"context"
	"sync"
)

// budget bounds the bytes that all batches in flight hold together, and how many documents are asked for at once. The front
// batch, the one that is being written, always goes on: nothing would ever be given back otherwise.
type budget struct {
	mutex   sync.Mutex
	limit   int
	held    int
	front   int
	changed chan struct{} // closed and replaced at each change

	perFetch int
	docs     int // fetched lately, and their bytes: how large documents are here
	bytes    int
}

// cautiousFetch is how many documents are asked for while nobody knows how large they are.
const cautiousFetch = 100

// newBudget returns a budget of perFetch bytes for each of a number of fetches. It counts as exhausted until the first one tells how large
// documents are.
func newBudget(perFetch, fetches int) *budget {
	limit := perFetch * fetches
	return &budget{limit: limit, held: limit, perFetch: perFetch, changed: make(chan struct{})}
}

// wait returns how many documents the batch of that number may fetch next, or an error when the context ends before it may.
func (b *budget) wait(ctx context.Context, batch int) (count int, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		b.mutex.Lock()
		free, count, changed := b.held < b.limit || batch <= b.front, b.portion(), b.changed
		b.mutex.Unlock()
		if free {
			return count, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

func (b *budget) portion() int {
	if b.docs == 0 {
		return cautiousFetch
	}
	return max(1, int(float64(b.perFetch)*float64(b.docs)/float64(b.bytes)))
}

// take holds what was fetched.
func (b *budget) take(docs, bytes int) {
	b.update(func() {
		if b.docs == 0 && docs > 0 {
			b.held -= b.limit
		}
		b.docs, b.bytes = b.docs/2+docs, b.bytes/2+bytes
		b.held += bytes
	})
}

// giveBack releases what has been written.
func (b *budget) giveBack(bytes int) {
	b.update(func() { b.held -= bytes })
}

// moveFront tells which batch is being written.
func (b *budget) moveFront(batch int) {
	b.update(func() { b.front = batch })
}

func (b *budget) update(change func()) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	change()
	close(b.changed)
	b.changed = make(chan struct{})
}
