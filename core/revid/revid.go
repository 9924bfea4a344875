// Package revid makes revision ids that are identical to CouchDB's: the same edit made here and there gets the same
// revision, so that it is no conflict when the two meet.
//
// An id is the MD5 of what Erlang's term_to_binary makes of the deletion mark, the parent, the body and the attachments.
// The bytes are written straight from the JSON text, in one pass and without recursion; see [New].
package revid

import (
	"math"
	"slices"
	"sync"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
)

// Attachment is what of an attachment goes into a revision id.
type Attachment struct {
	Name        string
	ContentType string
	// Digest is the MD5 of the stored bytes: after compression, where the attachment is stored compressed.
	Digest [md5.Size]byte
}

// maxBody is the longest body that can be encoded: positions in the encoded form, which can be twice as long, have 32 bits.
const maxBody = math.MaxUint32 / 4

// New returns the revision that an edit of parent makes; the zero Rev is the parent of a first edit. The body is a valid
// JSON object without the members that CouchDB does not hash (_id, _rev, ...), that is [core.Document].Body. The attachments are in the order in
// which they stand in the document.
//
// Errors: core.ErrTooLarge, core.ErrBadRequest (the parent's generation is the highest possible), core.ErrBadJSON (only
// for a body that was not validated).
func New(parent core.Rev, deleted bool, body []byte, attachments []Attachment) (core.Rev, error) {
	if len(body) > maxBody {
		return core.Rev{}, core.ErrTooLarge.Because("the document is too large to get a revision")
	}
	if parent.Generation == math.MaxUint64 {
		return core.Rev{}, core.ErrBadRequest.Because("a revision with the highest possible generation cannot be followed by another")
	}
	e := encoders.Get().(*encoder)
	defer e.release()

	e.reset()
	e.buf = slices.Grow(e.buf, len(body)+len(body)/8+64) // mostly enough: what is not text gets longer, text gets shorter
	e.bytes(versionMagic)
	e.list(5)
	e.bool(deleted)
	e.uint(parent.Generation)
	if parent.IsZero() {
		e.uint(0)
	} else {
		e.binary(parent.Hash)
	}
	if !e.json(body) {
		return core.Rev{}, core.ErrBadJSON.Because("the body of the document is not a JSON object")
	}
	e.attachments(attachments)
	e.bytes(tagNil)
	hash := md5.Sum(e.superseded.Cut(e.buf))
	return core.Rev{Generation: parent.Generation + 1, Hash: string(hash[:])}, nil
}

// encoders keeps buffers for the next call: an id is made for every write.
var encoders = sync.Pool{New: func() any { return new(encoder) }}

// keptBuffer is the size above which buffers go to the garbage collector rather than back to the pool.
const keptBuffer = 1 << 18

func (e *encoder) release() {
	if cap(e.buf)+16*cap(e.open)+8*cap(e.pairs)+e.superseded.Size() <= keptBuffer {
		encoders.Put(e)
	}
}
