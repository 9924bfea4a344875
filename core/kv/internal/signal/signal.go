// Package signal tells any number of waiters that something has happened since they began to look.
package signal

import "sync"

// Broadcast hands out a channel that the next Fire closes. The zero value is ready.
type Broadcast struct {
	mutex  sync.Mutex
	next   chan struct{}
	closed bool
}

// Next returns the channel that the next Fire, or Close, closes. After Close it is closed already.
func (b *Broadcast) Next() <-chan struct{} {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.next == nil {
		b.next = make(chan struct{})
		if b.closed {
			close(b.next)
		}
	}
	return b.next
}

// Fire closes the channel that is out, if one is.
func (b *Broadcast) Fire() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.next != nil && !b.closed {
		close(b.next)
		b.next = nil
	}
}

// Close closes the channel that is out and all that will be.
func (b *Broadcast) Close() {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.next != nil && !b.closed {
		close(b.next)
	}
	b.closed = true
}
