//go:build js && wasm

package indexeddb

import (
	"errors"
	"syscall/js"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/kv/logkv"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// exception is a DOMException or another JavaScript error, by its name and message.
type exception struct {
	name, message string
}

func (e *exception) Error() string { return e.name + ": " + e.message }

// exceptionOf reads the error property of a request, a transaction or an event's target; nil when there is none.
func exceptionOf(object safejs.Value) *exception {
	var c calls
	failure := c.get(object, "error")
	if c.err != nil || isNothing(failure) {
		return nil
	}
	return &exception{name: c.text(failure, "name"), message: c.text(failure, "message")}
}

// thrown returns the exception behind an error of safejs: what a call threw.
func thrown(err error) *exception {
	if failure, is := errors.AsType[js.Error](err); is {
		var c calls
		e := &exception{name: c.text(safejs.Safe(failure.Value), "name"), message: c.text(safejs.Safe(failure.Value), "message")}
		if c.err == nil {
			return e
		}
	}
	return &exception{name: "Error", message: err.Error()}
}

// errorOf gives an exception the name that callers know it by.
func errorOf(doing string, e *exception) error {
	if e == nil {
		e = &exception{name: "AbortError", message: "the browser gave no reason"}
	}
	switch e.name {
	case "QuotaExceededError":
		return core.ErrStorageFull.From(e)
	case "ConstraintError":
		return logkv.ErrHeadMoved
	case "VersionError":
		return core.ErrNewerFormat.From(e)
	}
	return core.ErrStorage.Because(doing + " in IndexedDB").From(e)
}

// lostError says that a call failed because the connection is gone or is just being closed by the browser, so that it may succeed on a new one.
type lostError struct{ cause error }

func (e *lostError) Error() string { return e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

func isLost(err error) bool {
	_, is := errors.AsType[*lostError](err)
	return is
}

// withoutLost returns what callers of the device are told when there is no connection that lasts.
func withoutLost(err error) error {
	if lost, is := errors.AsType[*lostError](err); is {
		return lost.cause
	}
	return err
}

// ifLost makes a lostError of an error that the browser gives when it closes connections. Before it says "close", transactions end with an UnknownError or an AbortError, which
// have other causes too; these show again on the next connection.
func ifLost(err error) error {
	if e, is := errors.AsType[*exception](err); is {
		switch e.name {
		case "InvalidStateError", "TransactionInactiveError", "UnknownError", "AbortError":
			return &lostError{err}
		}
	}
	return err
}
