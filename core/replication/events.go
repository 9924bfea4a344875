package replication

import (
	"sync"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// EventType says what an [Event] is about.
type EventType string

const (
	// EventChange: documents were written. Docs and Result are set.
	EventChange EventType = "change"
	// EventDenied: the target refused a document, which Err names. It will not be tried again.
	EventDenied EventType = "denied"
	// EventFailed: a document, which Err names, could not be read or written. The next run tries it again.
	EventFailed EventType = "failed"
	// EventRetry: a call failed with Err and is repeated after Delay.
	EventRetry EventType = "retry"
	// EventCheckpoint: everything up to Seq is noted as having arrived.
	EventCheckpoint EventType = "checkpoint"
	// EventActive: a live task has connected, or goes on after a pause.
	EventActive EventType = "active"
	// EventPaused: a live task waits: for changes or, with Err, to try again after Delay.
	EventPaused EventType = "paused"
	// EventCheckpointFailed: one side, not both, did not take a checkpoint because of Err.
	EventCheckpointFailed EventType = "checkpoint_failed"
)

// Direction tells the two halves of a [Sync] apart.
type Direction string

// The halves of a [Sync]: from a to b, and from b to a.
const (
	Push Direction = "push"
	Pull Direction = "pull"
)

// Event is something that a caller may want to know while a replication runs.
type Event struct {
	Type      EventType
	Direction Direction // empty unless it is a Sync
	Docs      []*core.Document
	Err       *core.Error
	Delay     time.Duration
	Seq       core.Seq
	Pending   int64  // see Status
	Result    Result // so far
}

// emitter passes events on, one at a time: they come from several goroutines.
type emitter struct {
	mutex  sync.Mutex
	listen func(Event)
}

func (e *emitter) emit(event Event) {
	if e.listen == nil {
		return
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.listen(event)
}
