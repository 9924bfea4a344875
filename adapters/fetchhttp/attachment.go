package fetchhttp

import (
	"bytes"
	"context"
	"io"
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// heldContent is the length up to which contents are held in memory. Longer ones are requested when they are read.
const heldContent = 1 << 20

// GetAttachment reads an attachment.
func (db *DB) GetAttachment(ctx context.Context, docID, name string, rev core.Rev) (*core.Attachment, error) {
	if hasNoURL(docID) || hasNoURL(name) {
		return db.attachmentByDocument(ctx, docID, name, rev)
	}
	answer, err := db.openAttachment(ctx, docID, name, rev)
	if err != nil {
		return nil, err
	}
	defer answer.close()
	a := &core.Attachment{Name: name, ContentType: answer.header("content-type"), Length: -1}
	if tag := strings.Trim(answer.header("etag"), `"`); tag != "" {
		if _, ok := core.ParseDigest("md5-" + tag); ok {
			a.Digest = "md5-" + tag
		}
	}
	if a.Data, err = io.ReadAll(io.LimitReader(answer, heldContent+1)); err != nil {
		return nil, err
	}
	if len(a.Data) <= heldContent {
		a.Length = int64(len(a.Data))
		return a, nil
	}
	// The length told is that of a compressed answer if it is one.
	if n, err := strconv.ParseInt(answer.header("content-length"), 10, 64); err == nil && answer.header("content-encoding") == "" {
		a.Length = n
	}
	a.Data = nil
	a.Content = &remoteContent{db, docID, name, rev}
	return a, nil
}

func (db *DB) openAttachment(ctx context.Context, docID, name string, rev core.Rev) (*answer, error) {
	path, err := attachmentPath(docID, name)
	if err != nil {
		return nil, err
	}
	var q query
	if !rev.IsZero() {
		q = q.with("rev", rev.String())
	}
	return db.open(ctx, call{method: "GET", path: path, query: q, docID: docID, accept: "*/*"})
}

func attachmentPath(docID, name string) (string, error) {
	path, err := docPath(docID)
	return path + "/" + escape(name), err
}

// remoteContent is requested anew each time it is read.
type remoteContent struct {
	db          *DB
	docID, name string
	rev         core.Rev
}

// Open implements [core.Content].
func (c *remoteContent) Open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	return c.db.OpenAttachment(ctx, c.docID, c.name, c.rev, offset)
}

// OpenAttachment reads the content of an attachment from a place on, as it arrives.
func (db *DB) OpenAttachment(ctx context.Context, docID, name string, rev core.Rev, offset int64) (io.ReadCloser, error) {
	if hasNoURL(docID) || hasNoURL(name) {
		a, err := db.attachmentByDocument(ctx, docID, name, rev)
		if err != nil {
			return nil, err
		}
		return a.Open(ctx, offset)
	}
	answer, err := db.openAttachment(ctx, docID, name, rev)
	if err != nil {
		return nil, err
	}
	if offset > 0 {
		if _, err := io.CopyN(io.Discard, answer, offset); err != nil && err != io.EOF {
			answer.close()
			return nil, err
		}
	}
	return closingAnswer{answer}, nil
}

type closingAnswer struct{ *answer }

func (c closingAnswer) Close() error {
	c.close()
	return nil
}

// attachmentByDocument reads an attachment that has no URL of its own.
func (db *DB) attachmentByDocument(ctx context.Context, docID, name string, rev core.Rev) (*core.Attachment, error) {
	if hasNoURL(docID) {
		return nil, core.ErrNotImplemented.Because("no URL can name this document, so that its attachments cannot be read").Of(docID)
	}
	doc, err := db.Get(ctx, docID, core.GetOptions{Rev: rev, Attachments: true})
	if err != nil {
		return nil, err
	}
	a := doc.Attachment(name)
	if a == nil {
		return nil, core.ErrNoAttachment.Of(docID)
	}
	return a, nil
}

// PutAttachment adds or replaces an attachment.
func (db *DB) PutAttachment(ctx context.Context, docID string, rev core.Rev, attachment core.Attachment) (core.Rev, error) {
	if err := core.ValidateAttachmentName(attachment.Name); err != nil {
		return core.Rev{}, err
	}
	if attachment.ContentType == "" {
		attachment.ContentType = core.DefaultContentType
	}
	c := call{method: "PUT", contentType: attachment.ContentType, length: int64(len(attachment.Data)), body: attachment.Data}
	if c.body == nil {
		c.body = []byte{}
	}
	if attachment.Content != nil {
		c.body, c.length = nil, attachment.Length
		c.content = func(ctx context.Context) (io.ReadCloser, error) { return attachment.Open(ctx, 0) }
	}
	return db.editAttachment(ctx, docID, attachment.Name, rev, c)
}

// RemoveAttachment removes an attachment.
func (db *DB) RemoveAttachment(ctx context.Context, docID, name string, rev core.Rev) (core.Rev, error) {
	return db.editAttachment(ctx, docID, name, rev, call{method: "DELETE"})
}

func (db *DB) editAttachment(ctx context.Context, docID, name string, rev core.Rev, c call) (core.Rev, error) {
	if hasNoURL(docID) || hasNoURL(name) {
		return core.Rev{}, core.ErrNotImplemented.Because("no URL can name this attachment, so that it can be written with its document only").Of(docID)
	}
	var err error
	if c.path, err = attachmentPath(docID, name); err != nil {
		return core.Rev{}, core.ValidateDocID(docID)
	}
	if !rev.IsZero() {
		c.query = c.query.with("rev", rev.String())
	}
	c.docID = docID
	text, err := db.ask(ctx, c)
	if err != nil {
		return core.Rev{}, err
	}
	return writtenRev(text, docID)
}

func writtenRev(text []byte, docID string) (core.Rev, error) {
	revText, _ := rawjson.Text(rawjson.Member(text, "rev"))
	rev, err := core.ParseRev(revText)
	if err != nil {
		return rev, core.ErrNotCouchDB.Because("the answer to a write lacks a revision").Of(docID)
	}
	return rev, nil
}

// boundary separates the parts of what is sent. It need not be checked against the contents where the lengths are told, but nobody writes it by chance.
const boundary = "gouchdb-8e1f5c2a7d904b36-part"

// putMultipart writes one document whose attachments follow it, in the way that CouchDB's own replicator does.
func (db *DB) putMultipart(ctx context.Context, doc *core.Document, options core.BulkDocsOptions) (core.BulkResult, error) {
	result := core.BulkResult{ID: doc.ID}
	path, err := docPath(doc.ID)
	if err != nil {
		return result, core.ValidateDocID(doc.ID)
	}
	head, follow := doc.Following()
	parts := related{attachments: follow}
	first := append([]byte("--"+boundary+"\r\ncontent-type: application/json\r\n\r\n"), head.AppendJSON(nil)...)
	length := int64(len(first))
	for i := range follow {
		a := &follow[i]
		partHead := []byte("\r\n--" + boundary + "\r\ncontent-disposition: attachment; filename=" + string(rawjson.AppendString(nil, headerSafe(a.Name))) +
			"\r\ncontent-type: " + headerSafe(a.ContentType) + "\r\ncontent-length: " + strconv.FormatInt(a.Length, 10) + "\r\n\r\n")
		length += int64(len(partHead)) + a.Length
		if i == 0 {
			partHead = append(first, partHead...)
		}
		parts.heads = append(parts.heads, partHead)
	}
	parts.heads = append(parts.heads, []byte("\r\n--"+boundary+"--"))
	length += int64(len(parts.heads[len(parts.heads)-1]))
	var q query
	if options.Replicated {
		q = q.with("new_edits", "false")
	}
	text, err := db.ask(ctx, call{method: "PUT", path: path, query: q, docID: doc.ID, contentType: `multipart/related; boundary="` + boundary + `"`,
		length: length, content: parts.open})
	failure := core.AsError(err)
	switch {
	case err != nil && failure.ID == doc.ID && (failure.Status == 409 || failure.Status == 403):
		result.Err = failure
		return result, nil
	case err != nil:
		return result, err
	}
	if options.Replicated {
		result.Rev = doc.Rev // not every server tells it
		if result.Rev.IsZero() && doc.Revisions != nil {
			result.Rev = doc.Revisions.Rev(0)
		}
		return result, nil
	}
	result.Rev, err = writtenRev(text, doc.ID)
	return result, err
}

// headerSafe leaves out what would end a header.
func headerSafe(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, text)
}

// related is a document with what follows it: the texts between the contents, and the contents.
type related struct {
	heads       [][]byte // one more than contents: before, between and after
	attachments []core.Attachment
}

// open reads it all, one content after the other.
func (r *related) open(ctx context.Context) (io.ReadCloser, error) {
	return &relatedReader{related: r, ctx: ctx, text: bytes.NewReader(r.heads[0])}, nil
}

type relatedReader struct {
	*related
	ctx     context.Context
	at      int // how many contents were begun
	text    *bytes.Reader
	content io.ReadCloser
	left    int64 // of the content
}

func (r *relatedReader) Read(p []byte) (int, error) {
	for {
		if r.text.Len() > 0 {
			return r.text.Read(p)
		}
		if r.content == nil {
			if r.at == len(r.attachments) {
				return 0, io.EOF
			}
			content, err := r.attachments[r.at].Open(r.ctx, 0)
			if err != nil {
				return 0, err
			}
			r.content, r.left = content, r.attachments[r.at].Length
			r.at++
		}
		n, err := r.content.Read(p)
		r.left -= int64(n)
		if err == io.EOF {
			if r.left != 0 {
				return n, io.ErrUnexpectedEOF
			}
			r.text = bytes.NewReader(r.heads[r.at])
			_ = r.content.Close()
			r.content = nil
			err = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (r *relatedReader) Close() error {
	if r.content != nil {
		return r.content.Close()
	}
	return nil
}
