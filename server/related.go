package server

import (
	"compress/gzip"
	"crypto/md5"
	"hash"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

var errNoParts = core.ErrBadRequest.Because("the body is not multipart/related")

// putRelated writes a document whose attachments follow it in the body, in their order. They are stored as they arrive.
func (req *request) putRelated(docID string) error {
	_, parameters, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || parameters["boundary"] == "" {
		return core.ErrBadJSON
	}
	content, err := req.bodyContent()
	if err != nil {
		return err
	}
	body, _ := content.Open(req.Context(), 0)
	parts := multipart.NewReader(body, parameters["boundary"])
	doc, err := readRelated(parts, req.server.options.MaxRequestBytes)
	if err != nil {
		return content.blame(err)
	}
	doc.ID = docID
	if err := req.checkSize(doc); err != nil {
		return err
	}
	if doc.Rev, err = req.agreeOnRev(doc.Rev); err != nil {
		return err
	}
	arriving := &arriving{parts: parts, most: req.server.options.MaxAttachmentBytes}
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		if a.Follows {
			a.Follows = false
			part := &partReader{arriving: arriving, number: arriving.expected, length: a.Length}
			if !req.writeOptions().Replicated {
				// A replicated one may be that of what another database compressed.
				part.digest = a.Digest
			}
			a.Content = &onceContent{reader: part}
			arriving.expected++
		}
	}
	if err := req.write(doc, req.writeOptions()); err != nil {
		return content.blame(err)
	}
	return nil
}

// readRelated reads the document, whose text has a limit of its own: it is held.
func readRelated(parts *multipart.Reader, limit int64) (*core.Document, error) {
	first, err := parts.NextRawPart()
	if err != nil {
		return nil, errNoParts.From(err)
	}
	text, err := io.ReadAll(io.LimitReader(first, limit+1))
	if err != nil {
		return nil, errNoParts.From(err)
	}
	if int64(len(text)) > limit {
		return nil, errTooLarge
	}
	return core.ParseDocument(text)
}

// arriving are the parts of a body, which are read in their order.
type arriving struct {
	parts    *multipart.Reader
	expected int // how many contents follow
	begun    int
	most     int64 // how large each may be when it is uncompressed
}

// partReader reads one of them.
type partReader struct {
	*arriving
	number int
	length int64 // as the document tells it; of the compressed content where it comes compressed
	part   io.Reader
	left   int64
	plain  bool
	digest string // to be compared; "": not told
	sum    hash.Hash
}

func (r *partReader) Read(p []byte) (int, error) {
	if r.part == nil {
		if err := r.begin(); err != nil {
			return 0, err
		}
	}
	n, err := r.part.Read(p)
	if !r.plain {
		return n, err
	}
	r.left -= int64(n)
	_, _ = r.sum.Write(p[:n])
	switch {
	case r.left < 0:
		return 0, core.ErrBadRequest.Because("attachment longer than expected")
	case err == io.EOF && r.left > 0:
		return 0, core.ErrBadRequest.Because("attachment shorter than expected")
	case err == io.EOF && r.digest != "" && r.digest != core.FormatDigest([md5.Size]byte(r.sum.Sum(nil))):
		return 0, core.ErrBadRequest.Because("an attachment does not have the digest that it should")
	}
	return n, err
}

func (r *partReader) begin() error {
	if r.begun != r.number {
		return core.ErrInternal.From(errReadTwice)
	}
	part, err := r.parts.NextRawPart()
	if err != nil {
		return errNoParts.From(err)
	}
	r.begun++
	r.sum = md5.New()
	r.part, r.plain, r.left = part, true, r.length
	if part.Header.Get("Content-Encoding") == "gzip" {
		r.plain = false
		unzipped, err := gzip.NewReader(part)
		if err != nil {
			return errNoParts.From(err)
		}
		r.part = http.MaxBytesReader(nil, io.NopCloser(unzipped), min(max(r.length, 1<<20), r.most))
	}
	return nil
}

// sendRelated answers with a document and its attachments behind it.
func (req *request) sendRelated(doc *core.Document) error {
	m := req.multipart("multipart/related", "")
	if err := m.related(req, doc); err != nil {
		return err
	}
	return m.end()
}

// part of a document with attachments in an answer of several documents: parts within a part.
func (m *multipartAnswer) documentWithAttachments(req *request, doc *core.Document) error {
	if !doc.HasContent() {
		return m.document(doc.AppendJSON(nil))
	}
	inner := &multipartAnswer{out: m.out, boundary: newUUID()}
	m.out.text = append(m.out.text, "\r\nContent-Type: multipart/related; boundary=\""+inner.boundary+"\"\r\n\r\n--"+inner.boundary...)
	if err := inner.related(req, doc); err != nil {
		return err
	}
	m.out.text = append(m.out.text, "--\r\n--"+m.boundary...)
	return m.out.flushFull()
}

// related writes a document and what follows it.
func (m *multipartAnswer) related(req *request, doc *core.Document) error {
	head, follow := doc.Following()
	if err := m.document(head.AppendJSON(nil)); err != nil {
		return err
	}
	for i := range follow {
		a := &follow[i]
		name := strings.NewReplacer("\r", "", "\n", "", `"`, `\"`, `\`, `\\`).Replace(a.Name)
		m.out.text = append(m.out.text, "\r\nContent-Disposition: attachment; filename=\""+name+"\"\r\nContent-Type: "+
			strings.NewReplacer("\r", "", "\n", "").Replace(a.ContentType)+"\r\nContent-Length: "+itoa(int(a.Length))+"\r\n\r\n"...)
		if err := m.content(req, a); err != nil {
			return err
		}
		m.out.text = append(m.out.text, "\r\n--"+m.boundary...)
	}
	return m.out.flushFull()
}

func (m *multipartAnswer) content(req *request, a *core.Attachment) error {
	content, err := a.Open(req.Context(), 0)
	if err != nil {
		return err
	}
	defer content.Close()
	return copyExactly(req.Context(), (*streamWriter)(m.out), content, a.Length)
}

// streamWriter lets a stream be copied to.
type streamWriter stream

func (w *streamWriter) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	return len(p), (*stream)(w).flushFull()
}
