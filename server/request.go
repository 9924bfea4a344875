package server

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/wire"
)

// request is one request on its way through the server. Handlers are its methods.
type request struct {
	*http.Request
	server *Server
	answer *answer
	path   []string // the decoded segments, none of which is empty
	query  query
	user   identity
	db     *database // for requests to a database
}

var (
	errShuttingDown = core.NewError(503, "service_unavailable", "the server is shutting down")
	errMisdirected  = core.NewError(421, "misdirected_request", "this server does not answer under that name")
	errNotAdmin     = core.ErrUnauthorized.Because("You are not a server admin.")
	errTooLarge     = core.NewError(413, "too_large", "the request entity is too large")
)

// serve does what all requests have in common, and routes.
func (req *request) serve() error {
	options := &req.server.options
	header := req.answer.Header()
	header.Set("Server", "GouchDB/"+options.Version)
	header.Set("X-Content-Type-Options", "nosniff")
	if req.ContentLength != 0 {
		req.expectBody()
	}
	if !hostAllowed(options.Hosts, req.Host) {
		return errMisdirected
	}
	if done := req.crossOrigin(); done {
		return nil
	}
	req.query = parseQuery(req.URL.RawQuery)
	if err := req.identify(); err != nil {
		return err
	}
	escaped := req.URL.EscapedPath()
	for segment := range strings.SplitSeq(escaped, "/") {
		if segment == "" { // as in CouchDB, slashes too many mean nothing
			continue
		}
		// As in CouchDB, a plus sign in a path stands for a space.
		decoded, err := url.QueryUnescape(segment)
		if err != nil {
			return core.ErrBadRequest.Because("the path is not properly escaped")
		}
		req.path = append(req.path, decoded)
	}
	return req.route(escaped)
}

func hostAllowed(hosts []string, host string) bool {
	if len(hosts) == 0 {
		return true
	}
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return slices.ContainsFunc(hosts, func(allowed string) bool { return strings.EqualFold(allowed, strings.Trim(host, "[]")) })
}

// handler answers a request, or returns why it cannot.
type handler func(*request) error

// methods calls the handler of the request's method. HEAD goes to GET's handler; net/http leaves the body out.
func (req *request) methods(allow string, handlers map[string]handler) error {
	method := req.Method
	if method == http.MethodHead && handlers[method] == nil && strings.Contains(allow, "HEAD") {
		method = http.MethodGet
	}
	if handle := handlers[method]; handle != nil {
		return handle(req)
	}
	return req.notAllowed(allow)
}

func (req *request) notAllowed(allow string) error {
	req.answer.Header().Set("Allow", allow)
	return core.NewError(http.StatusMethodNotAllowed, "method_not_allowed", "Only "+allow+" allowed")
}

// storageFailures are the names of errors that come from below a database.
var storageFailures = []string{core.ErrStorage.Name, core.ErrCorrupt.Name, core.ErrNewerFormat.Name, core.ErrLocked.Name}

// fail answers with an error, as CouchDB prints them. When the answer has begun already, it cuts the connection: that is the
// only way left to tell the client that what it got is not all.
func (req *request) fail(err error) {
	var failure *core.Error
	var maxBytes *http.MaxBytesError
	switch {
	case errors.As(err, &maxBytes):
		failure = errTooLarge
	case errors.Is(err, os.ErrDeadlineExceeded) && !req.answer.begun():
		failure = core.NewError(http.StatusRequestTimeout, "request_timeout", "the request body did not arrive in time")
	case req.Context().Err() != nil:
		// Nobody is there to read the answer.
		if req.answer.begun() {
			panic(http.ErrAbortHandler)
		}
		failure = core.NewError(http.StatusRequestTimeout, "request_cancelled", "the client went away")
	case errors.Is(err, core.ErrClosed):
		// A database closes under a request when it is deleted.
		failure = core.ErrNoDatabase
	default:
		failure = core.AsError(err)
	}
	if slices.Contains(storageFailures, failure.Name) {
		// What the storage says names paths: that is for the operator, who finds it in the log.
		failure = failure.Because("the database's storage failed")
	}
	var ref string
	if failure.Status >= 500 && failure.Status != http.StatusNotImplemented || failure.Name == core.ErrLocked.Name {
		ref = newUUID()[:8]
		req.server.options.Logger.LogAttrs(req.Context(), slog.LevelError, "request failed", slog.String("ref", ref), slog.String("method", req.Method),
			slog.String("path", req.URL.EscapedPath()), slog.String("error", err.Error()))
	}
	if req.answer.begun() {
		panic(http.ErrAbortHandler)
	}
	_ = req.sendError(failure, ref)
}

// sendError answers with an error, and the reference under which it was logged if it was.
func (req *request) sendError(failure *core.Error, ref string) error {
	text := wire.AppendError(nil, failure)
	if ref != "" {
		text = append(text[:len(text)-1], `,"ref":"`+ref+`"}`...)
	}
	return req.send(failure.Status, text)
}

// send answers with JSON text. The text is changed.
func (req *request) send(status int, text []byte) error {
	header := req.answer.Header()
	header.Set("Content-Type", "application/json")
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "must-revalidate")
	}
	text = append(text, '\n')
	header.Set("Content-Length", itoa(len(text)))
	req.answer.WriteHeader(status)
	if req.Method == http.MethodHead {
		return nil
	}
	_, err := req.answer.Write(text)
	return err
}

func (req *request) sendOK(status int) error { return req.send(status, []byte(`{"ok":true}`)) }

// location sets the Location header to the address of a document, or of the database when docID is empty.
func (req *request) location(docID string) {
	path := "/" + escapeSegment(req.db.name)
	if docID != "" {
		path += "/" + escapeSegment(docID)
	}
	req.answer.Header().Set("Location", req.absolute(path))
}

func (req *request) absolute(path string) string {
	scheme := "http://"
	if req.TLS != nil {
		scheme = "https://"
	}
	return scheme + req.Host + path
}

// escapeSegment escapes as CouchDB does: everything but letters, digits and -_.: with two hexadecimal digits.
func escapeSegment(segment string) string {
	var b strings.Builder
	for _, c := range []byte(segment) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == ':':
			b.WriteByte(c)
		default:
			const digits = "0123456789ABCDEF"
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
