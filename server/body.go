package server

import (
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

var (
	errContentType = core.NewError(415, "bad_content_type", "Content-Type must be application/json")
	errNotObject   = core.ErrBadRequest.Because("Request body must be a JSON object")
)

// requireJSON refuses a body that does not say it is JSON. Browsers send such bodies across origins without asking, so
// this is also what keeps web pages elsewhere from posting here.
func (req *request) requireJSON() error {
	contentType := req.Header.Get("Content-Type")
	if contentType == "application/json" || strings.HasPrefix(contentType, "application/json;") {
		return nil
	}
	return errContentType
}

// readBody reads the whole body, uncompressed.
func (req *request) readBody() ([]byte, error) {
	limit := req.server.options.MaxRequestBytes
	if req.ContentLength > limit {
		return nil, errTooLarge
	}
	var body io.Reader = &patientReader{req: req, body: http.MaxBytesReader(req.answer.ResponseWriter, req.Body, limit)}
	switch encoding := req.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(body)
		if err != nil {
			return nil, bodyError(err)
		}
		body = io.LimitReader(unzipped, limit+1)
	default:
		return nil, core.NewError(415, "bad_content_encoding", encoding+" is not supported: gzip is")
	}
	text, err := io.ReadAll(body)
	if err != nil {
		// What is left of the body would be taken for the next request.
		req.answer.Header().Set("Connection", "close")
		return nil, bodyError(err)
	}
	// The deadline must not outlive the body: net/http goes on reading, to notice when the client has gone.
	_ = req.answer.controller.SetReadDeadline(time.Time{})
	if int64(len(text)) > limit {
		return nil, errTooLarge
	}
	return text, nil
}

func bodyError(err error) error {
	var maxBytes *http.MaxBytesError
	if errors.As(err, &maxBytes) {
		return err
	}
	return core.ErrBadRequest.Because("the request body cannot be read").From(err)
}

// patientReader lets a client take its time for a body as long as it keeps sending.
type patientReader struct {
	req  *request
	body io.Reader
}

func (r *patientReader) Read(p []byte) (int, error) {
	r.req.expectBody()
	return r.body.Read(p)
}

// expectBody gives the client its time for the next piece of the body. net/http obeys that too when it reads over a body
// that no handler wanted.
func (req *request) expectBody() {
	_ = req.answer.controller.SetReadDeadline(time.Now().Add(req.server.options.IOTimeout))
}

// readJSON reads a body that must be JSON.
func (req *request) readJSON() ([]byte, error) {
	text, err := req.readBody()
	if err != nil {
		return nil, err
	}
	if err := rawjson.Validate(text); err != nil {
		return nil, core.ErrBadJSON.From(err)
	}
	return text, nil
}

// postedObject reads the body of a POST request, which must say that it is JSON, and be an object.
func (req *request) postedObject() ([]byte, error) {
	if err := req.requireJSON(); err != nil {
		return nil, err
	}
	text, err := req.readJSON()
	if err != nil {
		return nil, err
	}
	if rawjson.KindOf(text) != rawjson.Object {
		return nil, errNotObject
	}
	return text, nil
}

// mediaType returns the type in the Content-Type header, in lower case and without parameters.
func (req *request) mediaType() string {
	mediaType, _, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
	return mediaType
}

// accepts reports whether the client would take that type: it says so, or says nothing.
func (req *request) accepts(mediaType string) bool {
	accept := strings.Join(req.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return true
	}
	group, _, _ := strings.Cut(mediaType, "/")
	for part := range strings.SplitSeq(accept, ",") {
		part, _, _ = strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(part)) {
		case mediaType, group + "/*", "*/*":
			return true
		}
	}
	return false
}

// asksFor reports whether the client names that type in its Accept header.
func (req *request) asksFor(mediaType string) bool {
	return strings.Contains(strings.ToLower(strings.Join(req.Header.Values("Accept"), ",")), mediaType)
}
