package gouchdb

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/gouchdb/gouchdb/core"
)

// Attachment is an attachment that is being read. Who got it closes it.
type Attachment struct {
	io.ReadCloser
	Name        string
	ContentType string
	Digest      string // "md5-" and the base64 of a hash
	Length      int64  // -1: not known
}

// PutAttachment adds an attachment to a revision of a document, or replaces one, and returns the new revision. An empty rev makes a new document. The content is
// stored as it is read, and is never held whole. Errors: ErrConflict, ErrBadRequest, and those of the reader.
func (db *DB) PutAttachment(ctx context.Context, docID, name, rev, contentType string, content io.Reader) (string, error) {
	parsed, err := parseOptionalRev(rev)
	if err != nil {
		return "", err
	}
	written, err := db.adapter.PutAttachment(ctx, docID, parsed, core.Attachment{Name: name, ContentType: contentType, Content: &readOnce{reader: content}})
	return written.String(), err
}

// GetAttachment reads an attachment of a document, or of one of its revisions when rev is not empty. Errors: ErrMissing.
func (db *DB) GetAttachment(ctx context.Context, docID, name, rev string) (*Attachment, error) {
	parsed, err := parseOptionalRev(rev)
	if err != nil {
		return nil, err
	}
	a, err := db.adapter.GetAttachment(ctx, docID, name, parsed)
	if err != nil {
		return nil, err
	}
	content, err := a.Open(ctx, 0)
	if err != nil {
		return nil, err
	}
	return &Attachment{ReadCloser: content, Name: a.Name, ContentType: a.ContentType, Digest: a.Digest, Length: a.Length}, nil
}

// RemoveAttachment removes an attachment from a revision of a document, and returns the new revision. Errors: ErrConflict, ErrMissing.
func (db *DB) RemoveAttachment(ctx context.Context, docID, name, rev string) (string, error) {
	parsed, err := parseOptionalRev(rev)
	if err != nil {
		return "", err
	}
	written, err := db.adapter.RemoveAttachment(ctx, docID, name, parsed)
	return written.String(), err
}

func parseOptionalRev(rev string) (core.Rev, error) {
	if rev == "" {
		return core.Rev{}, nil
	}
	return core.ParseRev(rev)
}

// readOnce is content that comes from a reader, and so only once.
type readOnce struct {
	reader io.Reader
	used   atomic.Bool
}

var errReadOnce = errors.New("the attachment's reader has been read already")

func (r *readOnce) Open(context.Context, int64) (io.ReadCloser, error) {
	if r.used.Swap(true) {
		return nil, errReadOnce
	}
	return io.NopCloser(r.reader), nil
}
