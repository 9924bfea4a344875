package server

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// attachment answers for one attachment. Its name may hold slashes, escaped or not.
func (req *request) attachment(docID, name string) error {
	with := func(handle func(*request, string, string) error) handler {
		return func(req *request) error { return handle(req, docID, name) }
	}
	return req.methods("DELETE,GET,HEAD,PUT", map[string]handler{
		"GET": with((*request).getAttachment), "PUT": with((*request).putAttachment), "DELETE": with((*request).deleteAttachment),
	})
}

func (req *request) getAttachment(docID, name string) error {
	rev, err := req.query.rev("rev")
	if err != nil {
		return err
	}
	a, err := req.db.GetAttachment(req.Context(), docID, name, rev)
	if err != nil {
		return err
	}
	header := req.answer.Header()
	etag := `"` + strings.TrimPrefix(a.Digest, "md5-") + `"`
	header.Set("ETag", etag)
	header.Set("Cache-Control", "must-revalidate")
	if matchesETag(req.Header.Get("If-None-Match"), etag) {
		req.answer.WriteHeader(http.StatusNotModified)
		return nil
	}
	// Whoever may write a document must not get to run scripts in the origin where the database, and perhaps an application, is.
	header.Set("Content-Security-Policy", "sandbox")
	header.Set("Content-Type", a.ContentType)
	header.Set("Accept-Ranges", "bytes")
	from, length, status, err := requestedRange(req.Header.Get("Range"), a.Length)
	if err != nil {
		header.Set("Content-Range", "bytes */"+strconv.FormatInt(a.Length, 10))
		return err
	}
	if status == http.StatusPartialContent {
		header.Set("Content-Range", "bytes "+strconv.FormatInt(from, 10)+"-"+strconv.FormatInt(from+length-1, 10)+"/"+strconv.FormatInt(a.Length, 10))
	}
	header.Set("Content-Length", strconv.FormatInt(length, 10))
	if req.Method == http.MethodHead {
		req.answer.WriteHeader(status)
		return nil
	}
	content, err := a.Open(req.Context(), from)
	if err != nil {
		return err
	}
	defer content.Close()
	req.answer.WriteHeader(status)
	return copyExactly(req.Context(), req.answer, content, length)
}

// copyExactly copies so many bytes. That there are fewer is an error: the answer has promised them.
func copyExactly(ctx context.Context, to io.Writer, from io.Reader, length int64) error {
	n, err := io.Copy(to, io.LimitReader(from, length))
	if err == nil && n < length {
		err = core.ErrCorrupt.Because("an attachment ends too early").From(io.ErrUnexpectedEOF)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

var errRange = core.NewError(http.StatusRequestedRangeNotSatisfiable, "requested_range_not_satisfiable", "Requested range not satisfiable")

// requestedRange reads a Range header that names one range. Anything else is answered with the whole.
func requestedRange(header string, size int64) (from, length int64, status int, err error) {
	spec, found := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !found || !dash || strings.Contains(spec, ",") {
		return 0, size, http.StatusOK, nil
	}
	a, errA := parsePosition(first)
	b, errB := parsePosition(last)
	switch {
	case first == "" && errB == nil: // the last b bytes
		if b == 0 || size == 0 {
			return 0, 0, 0, errRange
		}
		b = min(b, size)
		return size - b, b, http.StatusPartialContent, nil
	case errA != nil || last != "" && errB != nil:
		return 0, size, http.StatusOK, nil
	case last == "":
		b = size - 1
	}
	if a >= size || b < a {
		return 0, 0, 0, errRange
	}
	return a, min(b, size-1) - a + 1, http.StatusPartialContent, nil
}

// parsePosition reads digits, and nothing else: no sign.
func parsePosition(digits string) (int64, error) {
	n, err := strconv.ParseUint(digits, 10, 62)
	return int64(n), err
}

func (req *request) putAttachment(docID, name string) error {
	if err := core.ValidateAttachmentName(name); err != nil {
		return err
	}
	rev, err := req.agreeOnRev(core.Rev{})
	if err != nil {
		return err
	}
	if err := req.allowEdit(docID); err != nil {
		return err
	}
	content, err := req.bodyContent()
	if err != nil {
		return err
	}
	a := core.Attachment{Name: name, ContentType: req.Header.Get("Content-Type"), Content: content}
	if err := req.validateAttachment(docID, rev, name, &a); err != nil {
		return err
	}
	written, err := req.db.PutAttachment(req.Context(), docID, rev, a)
	if err != nil {
		return content.blame(err)
	}
	req.location(docID)
	req.answer.Header().Set("Location", req.answer.Header().Get("Location")+"/"+escapeSegment(name))
	return req.sendRevision(http.StatusCreated, docID, written)
}

func (req *request) deleteAttachment(docID, name string) error {
	rev, err := req.agreeOnRev(core.Rev{})
	if err != nil {
		return err
	}
	if err := req.allowEdit(docID); err != nil {
		return err
	}
	if err := req.validateAttachment(docID, rev, name, nil); err != nil {
		return err
	}
	written, err := req.db.RemoveAttachment(req.Context(), docID, name, rev)
	if err != nil {
		return err
	}
	return req.sendRevision(http.StatusOK, docID, written)
}

func (req *request) allowEdit(docID string) error {
	if core.IsDesignID(docID) {
		return req.requireDatabaseAdmin(notDatabaseAdmin)
	}
	return nil
}

func (req *request) sendRevision(status int, docID string, rev core.Rev) error {
	text := rawjson.AppendString([]byte(`{"ok":true,"id":`), docID)
	return req.send(status, append(core.AppendRev(append(text, `,"rev":`...), rev), '}'))
}

// bodyContent is the request's body as an attachment's content. It can be read once.
func (req *request) bodyContent() (*onceContent, error) {
	limit := req.server.options.MaxAttachmentBytes
	if req.ContentLength > limit {
		return nil, errTooLarge
	}
	content := &onceContent{reader: &patientReader{req: req, body: http.MaxBytesReader(req.answer.ResponseWriter, req.Body, limit)}}
	switch req.Header.Get("Content-Encoding") {
	case "", "identity":
	case "gzip":
		unzipped, err := gzip.NewReader(content.reader)
		if err != nil {
			return nil, bodyError(err)
		}
		content.reader = http.MaxBytesReader(nil, io.NopCloser(unzipped), limit)
	default:
		return nil, core.NewError(415, "bad_content_type", "Only gzip and identity content-encodings are supported")
	}
	content.done = func() { _ = req.answer.controller.SetReadDeadline(time.Time{}) }
	return content, nil
}

// onceContent is content that arrives.
type onceContent struct {
	reader io.Reader
	done   func()
	failed error // of the reader
}

var errReadTwice = errors.New("the content of a request can be read only once")

// Open implements [core.Content].
func (c *onceContent) Open(context.Context, int64) (io.ReadCloser, error) {
	if c.reader == nil {
		return nil, errReadTwice
	}
	reader := c.reader
	c.reader = nil
	return &onceReader{content: c, reader: reader}, nil
}

// blame returns why a write failed: because the request did not arrive, if that was it.
func (c *onceContent) blame(err error) error {
	if c.failed != nil {
		return bodyError(c.failed)
	}
	return err
}

type onceReader struct {
	content *onceContent
	reader  io.Reader
}

func (r *onceReader) Read(p []byte) (int, error) {
	n, err := r.reader.Read(p)
	if err != nil && err != io.EOF {
		r.content.failed = err
	}
	if err == io.EOF && r.content.done != nil {
		r.content.done()
	}
	return n, err
}

func (r *onceReader) Close() error { return nil }
