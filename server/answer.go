package server

import (
	"net/http"
	"time"
)

// answer is a ResponseWriter that knows whether the answer has begun, and gives each write its own deadline: a client
// that stops reading is dropped, one that reads slowly or waits for a feed is not. Between two writes there is no deadline: over HTTP/2 one that passes ends the
// answer, whether something is being written or not.
type answer struct {
	http.ResponseWriter
	controller *http.ResponseController
	timeout    time.Duration
	status     int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
		a.ResponseWriter.WriteHeader(status)
	}
}

func (a *answer) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	a.setDeadline()
	defer a.clearDeadline()
	return a.ResponseWriter.Write(p)
}

// Flush sends what was written so far.
func (a *answer) Flush() error {
	a.setDeadline()
	defer a.clearDeadline()
	return a.controller.Flush()
}

// Unwrap is for http.NewResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// setDeadline is for what is written next, which after the handler is what remains in net/http's buffers.
func (a *answer) setDeadline() {
	// A writer without deadlines is one in a test.
	_ = a.controller.SetWriteDeadline(time.Now().Add(a.timeout))
}

func (a *answer) clearDeadline() { _ = a.controller.SetWriteDeadline(time.Time{}) }

func (a *answer) begun() bool { return a.status != 0 }
