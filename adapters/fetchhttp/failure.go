package fetchhttp

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/core/wire"
	"github.com/gouchdb/gouchdb/internal/httpdate"
)

// RetryAfterError is in the chain of an error when the server said how long to wait before asking again.
type RetryAfterError struct{ Delay time.Duration }

func (e *RetryAfterError) Error() string {
	return "the server asks to wait for " + e.Delay.String()
}

// RetryAfter returns the delay, for callers that know no more of the error than this method.
func (e *RetryAfterError) RetryAfter() time.Duration { return e.Delay }

// maxFailureBytes is how much of the answer to a failed request is read.
const maxFailureBytes = 1 << 20

// failure reads an answer that does not grant the request. url is what was asked for, without a query.
func (db *DB) failure(c call, url string, response *Response) *core.Error {
	text, err := io.ReadAll(io.LimitReader(response.Body, maxFailureBytes))
	failure := core.ErrNotCouchDB
	if err == nil {
		failure = wire.ParseError(response.Status, text)
	}
	if failure == core.ErrNotCouchDB {
		failure = foreignFailure(response.Status, url)
	} else {
		failure = namedFailure(c, failure)
	}
	if isWrongPassword(failure) && db.auth.known {
		db.auth.refused.Store(failure)
	}
	if delay, ok := retryAfter(response.Header("retry-after"), time.Now()); ok {
		failure = failure.From(&RetryAfterError{delay})
	}
	return failure
}

// namedFailure gives CouchDB's own failures the names that callers match, whatever a compatible server calls them.
func namedFailure(c call, failure *core.Error) *core.Error {
	name := failure.Name
	switch failure.Status {
	case 401:
		name = core.ErrUnauthorized.Name
	case 404:
		if failure.Reason == "no_db_file" { // PouchDB's servers, and CouchDB's of old
			failure = core.ErrNoDatabase
		}
		name = core.ErrMissing.Name
	case 409:
		name = core.ErrConflict.Name
	}
	renamed := core.NewError(failure.Status, name, failure.Reason)
	if c.docID != "" && !isNoDatabase(renamed) {
		renamed = renamed.Of(c.docID)
	}
	return renamed
}

// foreignFailure makes an error of an answer that is not CouchDB's: a proxy's, a web server's. What the caller can act on keeps its status.
func foreignFailure(status int, url string) *core.Error {
	reason := "HTTP status " + strconv.Itoa(status) + " without CouchDB's JSON for " + pathOf(url)
	switch status {
	case 401:
		return core.ErrUnauthorized.Because(reason)
	case 405:
		return core.NewError(status, "method_not_allowed", reason)
	case 408:
		return core.NewError(status, "request_timeout", reason)
	case 413:
		return core.ErrTooLarge.Because(reason)
	case 414:
		return core.NewError(status, "uri_too_long", reason)
	case 429:
		return core.NewError(status, "too_many_requests", reason)
	case 501:
		return core.ErrNotImplemented.Because(reason)
	case 502, 503, 504:
		// A proxy whose server is away, for now.
		return core.ErrUnreachable.Because(reason)
	}
	return core.ErrNotCouchDB.Because(reason)
}

func pathOf(url string) string {
	_, rest, _ := strings.Cut(url, "://")
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return "/"
}

// isNoDatabase tells a missing database from a missing document.
func isNoDatabase(err error) bool {
	failure, is := errors.AsType[*core.Error](err)
	return is && failure.Status == 404 && failure.Reason == core.ErrNoDatabase.Reason
}

// retryAfter reads a Retry-After header: seconds, or a date.
func retryAfter(value string, now time.Time) (time.Duration, bool) {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second, true
	}
	date, ok := httpdate.Parse(value)
	if !ok {
		return 0, false
	}
	return max(date.Sub(now), 0), true
}

// readJSON reads a whole answer and checks it.
func (db *DB) readJSON(url string, body io.Reader) ([]byte, error) {
	limit := db.options.MaxResponseBytes
	text, err := io.ReadAll(io.LimitReader(body, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if len(text) > limit {
		return nil, tooLarge(limit)
	}
	if syntax, is := errors.AsType[*rawjson.SyntaxError](rawjson.Validate(text)); is {
		// JSON that just stops is CouchDB's, cut off on its way.
		if kind := rawjson.KindOf(text); syntax.Offset >= len(text) && (kind == rawjson.Object || kind == rawjson.Array) {
			return nil, core.ErrUnreachable.From(io.ErrUnexpectedEOF)
		}
		return nil, notJSON(url)
	}
	return text, nil
}

func notJSON(url string) *core.Error {
	return core.ErrNotCouchDB.Because("the answer for " + pathOf(url) + " is not JSON")
}

func tooLarge(limit int) *core.Error {
	return core.ErrTooLarge.Because("the answer is larger than the " + strconv.Itoa(limit) + " bytes that MaxResponseBytes allows")
}
