package core

import (
	"context"
	"encoding/base64"
	"io"
	"slices"
	"strconv"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Attachment is a file that belongs to a revision of a document.
type Attachment struct {
	Name        string
	ContentType string
	// Digest is "md5-" and the base64 of the content's MD5, as the database tells it. For content that CouchDB compressed it is that of the compressed bytes.
	Digest string
	Length int64  // of the content, in bytes
	RevPos uint64 // the generation in which it came into the document

	// Stub says that the content is not here. Written in a new edit, it stands for the attachment of that name in the revision before.
	Stub bool
	// Follows says that the content comes beside the JSON text. Who reads that sets Data or Content, and this to false.
	Follows bool
	// Data is the content, unless Content, Stub or Follows say otherwise.
	Data []byte
	// Content, when not nil, reads the content when it is wanted: for what is too large to be held.
	Content Content
}

// Content is something that can be read from any place on, any number of times.
type Content interface {
	Open(ctx context.Context, offset int64) (io.ReadCloser, error)
}

// DefaultContentType is that of an attachment whose type nobody told.
const DefaultContentType = "application/octet-stream"

// ErrNoAttachment matches ErrMissing: the revision is there, and has no attachment of that name.
var ErrNoAttachment = NewError(404, "not_found", "Document is missing attachment")

// ErrMissingStub: a stub names an attachment that the revision before does not have.
var ErrMissingStub = NewError(412, "missing_stub", "")

// MissingStub returns an ErrMissingStub with CouchDB's reason.
func MissingStub(docID, name string) *Error {
	return ErrMissingStub.Because("Invalid attachment stub in " + docID + " for " + name).Of(docID)
}

// ValidateAttachmentName refuses names that CouchDB refuses.
func ValidateAttachmentName(name string) error {
	if len(name) > 0 && name[0] == '_' {
		return ErrBadRequest.Because("Attachment name '" + name + "' starts with prohibited character '_'")
	}
	return nil
}

// Attachment returns the attachment of a name, nil when there is none.
func (doc *Document) Attachment(name string) *Attachment {
	for i := range doc.Attachments {
		if doc.Attachments[i].Name == name {
			return &doc.Attachments[i]
		}
	}
	return nil
}

// HasContent reports whether content comes with the document, as opposed to stubs.
func (doc *Document) HasContent() bool {
	return slices.ContainsFunc(doc.Attachments, func(a Attachment) bool { return !a.Stub })
}

// Open reads the content from a place on.
func (a *Attachment) Open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	switch {
	case a.Content != nil:
		return a.Content.Open(ctx, offset)
	case a.Stub || a.Follows:
		return nil, ErrBadRequest.Because("the content of attachment " + a.Name + " is not here")
	}
	return Bytes(a.Data).Open(ctx, offset)
}

// Read returns the whole content.
func (a *Attachment) Read(ctx context.Context) ([]byte, error) {
	if a.Content == nil && !a.Stub && !a.Follows {
		return a.Data, nil
	}
	reader, err := a.Open(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer reader.Close()
	data := make([]byte, 0, max(a.Length, 0)+1)
	for {
		if len(data) == cap(data) {
			data = slices.Grow(data, 64<<10)
		}
		n, err := reader.Read(data[len(data):cap(data)])
		data = data[:len(data)+n]
		if err == io.EOF {
			return data, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// Load brings all content of the document into memory, so that its JSON text can hold it.
func (doc *Document) Load(ctx context.Context) error {
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		if a.Content == nil {
			continue
		}
		data, err := a.Read(ctx)
		if err != nil {
			return err
		}
		a.Data, a.Content = data, nil
	}
	return nil
}

// Bytes is content that is held in memory.
type Bytes []byte

// Open implements [Content].
func (b Bytes) Open(_ context.Context, offset int64) (io.ReadCloser, error) {
	r := bytesReader(b[min(max(offset, 0), int64(len(b))):])
	return &r, nil
}

type bytesReader []byte

func (r *bytesReader) Read(p []byte) (int, error) {
	if len(*r) == 0 {
		return 0, io.EOF
	}
	n := copy(p, *r)
	*r = (*r)[n:]
	return n, nil
}

func (r *bytesReader) Close() error { return nil }

const digestPrefix = "md5-"

// FormatDigest spells an MD5 as a digest.
func FormatDigest(sum [16]byte) string {
	return digestPrefix + base64.StdEncoding.EncodeToString(sum[:])
}

// ParseDigest is the reverse of [FormatDigest].
func ParseDigest(digest string) (sum [16]byte, ok bool) {
	if len(digest) != len(digestPrefix)+24 || digest[:len(digestPrefix)] != digestPrefix {
		return sum, false
	}
	raw, err := base64.StdEncoding.DecodeString(digest[len(digestPrefix):])
	if err != nil || len(raw) != len(sum) {
		return sum, false
	}
	return [16]byte(raw), true
}

func isDigest(text string) bool {
	_, ok := ParseDigest(text)
	return ok
}

// parseAttachments reads the value of an "_attachments" member. What is not an object in it is left out, as in CouchDB.
func parseAttachments(value []byte) (attachments []Attachment, err error) {
	for name, value := range rawjson.Members(value) {
		if rawjson.KindOf(value) != rawjson.Object {
			continue
		}
		text, _ := rawjson.Text(name)
		if err := ValidateAttachmentName(text); err != nil {
			return nil, err
		}
		a, err := parseAttachment(text, value)
		if err != nil {
			return nil, err
		}
		attachments = append(attachments, a)
	}
	return attachments, nil
}

func parseAttachment(name string, object []byte) (Attachment, error) {
	a := Attachment{Name: name}
	var data []byte
	typed := false
	for member, value := range rawjson.Members(object) {
		switch member, _ := rawjson.Text(member); member {
		case "content_type":
			if a.ContentType, typed = rawjson.Text(value); !typed {
				return a, ErrBadRequest.Because("the content_type of attachment " + name + " must be a string")
			}
		case "digest":
			a.Digest, _ = rawjson.Text(value)
		case "length":
			a.Length, _ = rawjson.Int(value)
		case "revpos":
			revpos, _ := rawjson.Int(value)
			a.RevPos = uint64(max(revpos, 0))
		case "stub":
			a.Stub, _ = rawjson.Bool(value)
		case "follows":
			a.Follows, _ = rawjson.Bool(value)
		case "data":
			data = value
		}
	}
	switch {
	case (a.Stub || a.Follows) && a.Digest != "" && !isDigest(a.Digest):
		return a, ErrBadRequest.Because("Invalid digest of attachment " + name)
	case a.Stub:
		a.Follows = false
		return a, nil
	case !typed:
		a.ContentType = DefaultContentType
	}
	if a.Follows {
		return a, nil
	}
	text, ok := rawjson.Text(data)
	if ok {
		a.Data, ok = decodeBase64(text)
	}
	if !ok {
		return a, ErrBadRequest.Because("Invalid attachment data for " + name)
	}
	a.Length = int64(len(a.Data))
	return a, nil
}

// decodeBase64 decodes padded base64 with white space anywhere, as CouchDB does.
func decodeBase64(text string) ([]byte, bool) {
	isSpace := func(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }
	for i := range len(text) {
		if isSpace(text[i]) {
			text = string(slices.DeleteFunc([]byte(text), isSpace))
			break
		}
	}
	data, err := base64.StdEncoding.DecodeString(text)
	return data, err == nil
}

// AppendAttachments appends the value of an "_attachments" member, nothing when there are no attachments. Content that is not in memory is marked
// as following.
func (doc *Document) AppendAttachments(dst []byte) []byte {
	if len(doc.Attachments) == 0 {
		return dst
	}
	dst = append(dst, '{')
	for i := range doc.Attachments {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = doc.Attachments[i].append(dst)
	}
	return append(dst, '}')
}

func (a *Attachment) append(dst []byte) []byte {
	known := a.Digest != ""
	follows := a.Content != nil || a.Follows
	dst = rawjson.AppendString(dst, a.Name)
	dst = append(dst, ":{"...)
	if known || !a.Stub || a.ContentType != "" {
		dst = append(dst, `"content_type":`...)
		dst = rawjson.AppendString(dst, a.ContentType)
		dst = append(dst, ',')
	}
	if known || a.RevPos > 0 {
		dst = append(dst, `"revpos":`...)
		dst = strconv.AppendUint(dst, a.RevPos, 10)
		dst = append(dst, ',')
	}
	if known {
		dst = append(dst, `"digest":`...)
		dst = rawjson.AppendString(dst, a.Digest)
		dst = append(dst, ',')
	}
	if !a.Stub && !follows {
		dst = append(dst, `"data":"`...)
		dst = appendBase64(dst, a.Data)
		return append(dst, `"}`...)
	}
	if known || follows || a.Length > 0 {
		dst = append(dst, `"length":`...)
		dst = strconv.AppendInt(dst, a.Length, 10)
		dst = append(dst, ',')
	}
	if a.Stub {
		return append(dst, `"stub":true}`...)
	}
	return append(dst, `"follows":true}`...)
}

// Since returns the highest generation among revisions that the document is or descends from: attachments that came later are new to who knows these.
func (doc *Document) Since(known []Rev) (generation uint64) {
	if doc.Revisions == nil {
		return 0
	}
	for i := range doc.Revisions.Hashes {
		rev := doc.Revisions.Rev(i)
		if slices.Contains(known, rev) {
			generation = max(generation, rev.Generation)
		}
	}
	return generation
}

// FillStubs gives content to those attachments that came later than the revisions known.
func (doc *Document) FillStubs(known []Rev, content func(name string) Content) {
	since := doc.Since(known)
	for i := range doc.Attachments {
		a := &doc.Attachments[i]
		if a.Stub && (since == 0 || a.RevPos > since) {
			a.Stub, a.Content = false, content(a.Name)
		}
	}
}

// Following returns a copy of a document whose JSON text says of all content that it follows, and the attachments that do, in their order.
func (doc *Document) Following() (*Document, []Attachment) {
	copied := *doc
	copied.Attachments = slices.Clone(doc.Attachments)
	var follow []Attachment
	for i := range copied.Attachments {
		a := &copied.Attachments[i]
		if a.Stub {
			continue
		}
		if a.Content == nil {
			a.Length = int64(len(a.Data))
		}
		follow = append(follow, *a)
		a.Data, a.Content, a.Follows = nil, nil, true
	}
	return &copied, follow
}
