package docstore

import (
	"context"
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/revid"
)

// attachment is an attachment as it is stored with a body, or on its way there.
type attachment struct {
	core.Attachment
	hash [md5.Size]byte // of the content: its name in the store
	// staged is the number under which the content lies already; see stage.go. 0: it is in Data.
	staged uint64
	given  bool // Digest is not that of the content, but what a replicated write said: of the content as compressed elsewhere
}

// A body with attachments has this bit in its number, so that one without them can be forgotten without being read.
const attachedBit = 1 << 62

func hasAttachments(number uint64) bool { return number&attachedBit != 0 }

const (
	attachmentStub  = 0
	attachmentGiven = 1 // the digest follows
)

// appendAttached appends a body and its attachments, which come first.
func appendAttached(dst []byte, attachments []attachment, body []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(attachments)))
	for i := range attachments {
		a := &attachments[i]
		dst = appendText(dst, a.Name)
		dst = appendText(dst, a.ContentType)
		dst = append(dst, a.hash[:]...)
		dst = binary.AppendUvarint(dst, uint64(a.Length))
		dst = binary.AppendUvarint(dst, a.RevPos)
		if a.given {
			dst = appendText(append(dst, attachmentGiven), a.Digest)
		} else {
			dst = append(dst, attachmentStub)
		}
	}
	return append(dst, body...)
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// attachedReader reads what appendAttached wrote. After a failure bad is set and everything is empty.
type attachedReader struct {
	rest []byte
	bad  bool
}

func (r *attachedReader) number() uint64 {
	n, length := binary.Uvarint(r.rest)
	if length <= 0 {
		r.rest, r.bad = nil, true
		return 0
	}
	r.rest = r.rest[length:]
	return n
}

func (r *attachedReader) take(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.rest, r.bad = nil, true
		return nil
	}
	taken := r.rest[:n]
	r.rest = r.rest[n:]
	return taken
}

// splitBody returns the body and the attachments that a stored value holds.
func splitBody(docID string, number uint64, value []byte) ([]byte, []attachment, error) {
	if !hasAttachments(number) {
		return value, nil, nil
	}
	r := attachedReader{rest: value}
	count := r.number()
	var attachments []attachment
	for range count {
		var a attachment
		a.Name = string(r.take(r.number()))
		a.ContentType = string(r.take(r.number()))
		copy(a.hash[:], r.take(md5.Size))
		a.Length = int64(r.number())
		a.RevPos = r.number()
		if flag := r.take(1); len(flag) == 1 && flag[0] == attachmentGiven {
			a.given = true
			a.Digest = string(r.take(r.number()))
		} else {
			a.Digest = core.FormatDigest(a.hash)
		}
		a.Stub = true
		if r.bad {
			return nil, nil, core.ErrCorrupt.Because("the attachments cannot be read").Of(docID)
		}
		attachments = append(attachments, a)
	}
	return r.rest, attachments, nil
}

// readAttachments returns the attachments of the body with a number.
func readAttachments(ctx context.Context, s kv.Snapshot, docID string, number uint64) ([]attachment, error) {
	if !hasAttachments(number) {
		return nil, nil
	}
	value, found, err := s.Get(ctx, numberKey(bodyPrefix, number))
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, core.ErrCorrupt.Because("a body is missing").Of(docID)
	}
	_, attachments, err := splitBody(docID, number, value)
	return attachments, err
}

// newAttachment checks an attachment that is to be written, and works out what its content decides.
func newAttachment(docID string, sent *core.Attachment, replicated bool) (attachment, error) {
	a := attachment{Attachment: *sent}
	if err := core.ValidateAttachmentName(a.Name); err != nil {
		return a, core.AsError(err).Of(docID)
	}
	switch {
	case a.Stub || a.Content != nil:
		return a, nil // resolved, or staged, later
	case a.Follows:
		return a, core.ErrBadRequest.Because("the content of attachment " + a.Name + " does not follow").Of(docID)
	}
	a.hash = md5.Sum(a.Data)
	a.Length = int64(len(a.Data))
	a.setDigest(replicated)
	return a, nil
}

// setDigest keeps the digest that a replicated write tells: it went into the revision's id, and is that of content that may have been compressed.
func (a *attachment) setDigest(replicated bool) {
	digest := core.FormatDigest(a.hash)
	if _, ok := core.ParseDigest(a.Digest); ok && replicated && a.Digest != digest {
		a.given = true
		return
	}
	a.Digest = digest
}

// hashed returns what goes into a revision's id.
func hashed(attachments []attachment) []revid.Attachment {
	list := make([]revid.Attachment, len(attachments))
	for i := range attachments {
		a := &attachments[i]
		list[i] = revid.Attachment{Name: a.Name, ContentType: a.ContentType, Digest: a.hash}
		if sum, ok := core.ParseDigest(a.Digest); ok {
			list[i].Digest = sum
		}
	}
	return list
}
