package fetchhttp

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gouchdb/gouchdb/core"
)

// call is one request to the database.
type call struct {
	method string
	path   string // below the database, encoded, "" for itself
	server bool   // path is below the server instead
	query  query
	body   []byte
	docID  string // what it is about, for errors
	// content, when not nil, stands for a body of length bytes that is read when it is sent.
	content     func(ctx context.Context) (io.ReadCloser, error)
	length      int64
	accept      string // "": JSON
	contentType string // "": JSON
	// quiet is how long the server may be silent beyond the timeout.
	quiet time.Duration
	// patience, when not 0, ends the call with errWaited after that time, unless the answer has begun to arrive (see answer.begun).
	patience time.Duration
}

const maxRedirects = 5

var (
	errSilent = errors.New("the server has been silent for too long")
	errWaited = errors.New("nothing happened in the time given")
)

// answer is a successful answer whose body is still to be read. It must be closed.
type answer struct {
	db      *DB
	url     string
	body    io.ReadCloser
	header  func(name string) string
	outer   context.Context // the caller's
	ctx     context.Context // the call's own, which the watchdog ends
	silence *time.Timer
	limit   time.Duration
	waiting *time.Timer // nil without patience
	release func()

	heard   atomic.Int64 // when there last was a sign of life, or the request began
	sending atomic.Int64 // what the request itself may take, a duration
	giveUp  context.CancelCauseFunc
}

// Read reads the body. Each byte that arrives quiets the watchdog.
func (a *answer) Read(p []byte) (int, error) {
	a.silence.Reset(a.limit)
	n, err := a.body.Read(p)
	a.silence.Stop()
	a.heard.Store(time.Now().UnixNano())
	if err != nil && err != io.EOF {
		return n, a.db.broken(a.outer, a.ctx, err)
	}
	return n, err
}

// begun says that what was waited for is arriving: patience is over.
func (a *answer) begun() {
	if a.waiting != nil {
		a.waiting.Stop()
	}
}

func (a *answer) close() {
	a.release()
	_ = a.body.Close()
}

// ask sends a call and returns the answer's text, which is valid JSON.
func (db *DB) ask(ctx context.Context, c call) ([]byte, error) {
	answer, err := db.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer answer.close()
	return db.readJSON(answer.url, answer)
}

// open sends a call and returns the answer if the server grants it. A session that has run out is renewed once.
func (db *DB) open(outer context.Context, c call) (*answer, error) {
	if db.life.Err() != nil {
		return nil, core.ErrClosed
	}
	ctx, cancel := context.WithCancelCause(outer)
	stop := context.AfterFunc(db.life, func() { cancel(core.ErrClosed) })
	a := &answer{db: db, url: db.at.database() + c.path, outer: outer, ctx: ctx}
	if c.server {
		a.url = db.at.server() + c.path
	}
	// A request is not silence, but only the transport sees it go: a slow line gets 16 KiB a second.
	a.limit = db.options.Timeout + c.quiet
	sending := time.Duration(max(int64(len(c.body)), c.length)>>14) * time.Second
	a.sending.Store(int64(sending))
	a.giveUp = cancel
	answerDue := a.limit + sending
	a.silence = time.AfterFunc(answerDue, func() { cancel(errSilent) })
	if c.patience > 0 {
		a.waiting = time.AfterFunc(c.patience, func() { cancel(errWaited) })
	}
	if c.quiet == 0 {
		db.flights.add(a) // who waits for changes sees to it that this ends
	}
	a.release = func() {
		db.flights.remove(a)
		a.silence.Stop()
		a.begun()
		stop()
		cancel(nil)
	}
	for renewed := false; ; renewed = true {
		again, err := db.attempt(a, c, !renewed)
		if again {
			a.silence.Reset(answerDue)
			continue
		}
		if err != nil {
			a.release()
			return nil, err
		}
		a.silence.Stop()
		a.sending.Store(0)
		a.heard.Store(time.Now().UnixNano())
		return a, nil
	}
}

// attempt sends a call once and hands its answer to a. It reports true when the session had run out, so that another attempt makes sense.
func (db *DB) attempt(a *answer, c call, mayRenew bool) (again bool, err error) {
	request := &Request{Method: c.method, URL: a.url + string(c.query), Body: c.body, Content: c.content, Length: c.length,
		Header: map[string]string{"accept": cmp.Or(c.accept, "application/json")}}
	if c.method != "GET" {
		// CouchDB wants the type even where there is nothing to send.
		request.Header["content-type"] = cmp.Or(c.contentType, "application/json")
	}
	sessionNumber, err := db.sign(a.ctx, request)
	if err != nil {
		return false, db.broken(a.outer, a.ctx, err)
	}
	response, err := db.follow(a.ctx, request)
	if err != nil {
		return false, db.broken(a.outer, a.ctx, err)
	}
	if response.Status < 300 {
		a.body, a.header = response.Body, response.Header
		return false, nil
	}
	defer response.Body.Close()
	failure := db.failure(c, a.url, response)
	if cause := a.ctx.Err(); cause != nil {
		return false, db.broken(a.outer, a.ctx, cause)
	}
	if sessionNumber != 0 && mayRenew && hasRunOut(failure) {
		return true, db.expire(a.ctx, sessionNumber)
	}
	return false, failure
}

// follow sends a request, and sends it again where the server redirects to: with method and body, but credentials go to the origin they are meant for only.
func (db *DB) follow(ctx context.Context, request *Request) (*Response, error) {
	for range maxRedirects + 1 {
		response, err := db.options.Doer.Do(ctx, request)
		if err != nil {
			return nil, err
		}
		switch response.Status {
		case 301, 302, 303, 307, 308:
		default:
			return response, nil
		}
		location := response.Header("location")
		_ = response.Body.Close()
		target, origin, err := resolve(request.URL, location)
		if err != nil {
			return nil, err
		}
		next := *request
		next.URL = target
		if response.Status == 303 {
			next.Method, next.Body, next.Content = "GET", nil, nil
		}
		if origin != db.at.origin {
			if err := db.leave(origin, &next); err != nil {
				return nil, err
			}
		}
		request = &next
	}
	return nil, core.ErrNotCouchDB.Because("the server redirects more than " + strconv.Itoa(maxRedirects) + " times")
}

// leave strips a request of everything that only the origin opened may see. It refuses to send documents unencrypted that were meant to be encrypted,
// and a login to anyone else.
func (db *DB) leave(origin string, request *Request) error {
	if db.at.origin[:6] == "https:" && origin[:6] != "https:" {
		return core.ErrNotCouchDB.Because("the server redirects from https to http, which is not followed")
	}
	if request.Header["content-type"] == "application/x-www-form-urlencoded" {
		return core.ErrNotCouchDB.Because("the server redirects a login to another origin, which is not followed")
	}
	header := make(map[string]string, 2)
	for _, name := range []string{"accept", "content-type"} {
		if value, ok := request.Header[name]; ok {
			header[name] = value
		}
	}
	request.Header, request.Cookies = header, false
	return nil
}

// broken turns a failure of transport into what the caller should see: that it gave up itself, that the database was closed, or that the server cannot be reached.
func (db *DB) broken(outer, ctx context.Context, err error) error {
	if outer.Err() != nil {
		return outer.Err()
	}
	_, known := errors.AsType[*core.Error](err)
	switch cause := context.Cause(ctx); {
	case cause == errWaited || cause == core.ErrClosed:
		return cause
	case cause == errSilent:
		return core.ErrUnreachable.From(errSilent)
	case known:
		return err
	}
	return core.ErrUnreachable.From(redacted{err, db.auth.redact(err.Error())})
}

// redacted is an error whose text has lost the password. Doers are not ours alone.
type redacted struct {
	error
	text string
}

func (r redacted) Error() string { return r.text }

func (r redacted) Unwrap() error { return r.error }
