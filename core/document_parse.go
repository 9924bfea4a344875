package core

import (
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// ParseDocument reads a document as CouchDB sends and accepts it. The text is validated; the document shares no memory with it.
// As in CouchDB, of members with the same name only the last counts, in its place.
// The ID is taken as it stands, even when it is missing: [ValidateDocID] is for the caller, who may have it from elsewhere.
//
// Errors: ErrBadJSON, ErrBadRequest (not an object), ErrBadRev, ErrIllegalDocID (the id is not a string), ErrDocValidation (an unknown or malformed
// member that begins with an underscore), ErrBadRequest (an attachment that is malformed).
func ParseDocument(text []byte) (*Document, error) {
	doc, end, err := ReadDocument(text, 0, nil)
	if end < 0 {
		return nil, err
	}
	if err := rawjson.Ends(text, end); err != nil {
		return nil, ErrBadJSON.From(err)
	}
	return doc, err
}

// DocumentReader reads the documents of an array, one after the other. They are read as [ParseDocument] does; but their bodies share memory with each other.
type DocumentReader struct {
	array  rawjson.ArrayReader
	bodies Bodies
}

// NewDocumentReader returns a reader of a text that is to be an array of documents.
func NewDocumentReader(text []byte) *DocumentReader {
	return &DocumentReader{array: rawjson.NewArrayReader(text)}
}

// Next returns the next document and the text that it was read from; nil at the end of the array. The errors are those of [ParseDocument].
func (r *DocumentReader) Next() (doc *Document, text []byte, err error) {
	begin, more, err := r.array.Next()
	if err != nil {
		return nil, nil, ErrBadJSON.From(err)
	}
	if !more {
		return nil, nil, nil
	}
	doc, end, err := ReadDocument(r.array.Text, begin, &r.bodies)
	if err != nil {
		return nil, nil, err
	}
	r.array.At = end
	return doc, r.array.Text[begin:end], nil
}

// Bodies is where bodies of many documents go, which then share memory.
type Bodies struct{ memory []byte }

const (
	sharedMemory = 32 << 10 // is how much is allocated for bodies at once
	sharedBody   = 4 << 10  // is the size up to which a body shares it with others
)

// room returns empty memory for a body of up to that size; taken tells how much of it was needed. Without bodies, it is memory of its own.
func (b *Bodies) room(size int) []byte {
	if b == nil || size > sharedBody {
		return make([]byte, 0, size)
	}
	if cap(b.memory)-len(b.memory) < size {
		b.memory = make([]byte, 0, sharedMemory)
	}
	return b.memory[len(b.memory):]
}

// ReadDocument is [ParseDocument] for a document that stands at a position of a larger text. It returns where it ends; -1 for what is not JSON. Without bodies, the document
// shares memory with no other.
func ReadDocument(text []byte, at int, bodies *Bodies) (doc *Document, end int, err error) {
	var few [24]int
	object, members, end, err := rawjson.Canonical(text, at, few[:0])
	if err != nil {
		return nil, -1, ErrBadJSON.From(err)
	}
	if object[0] != '{' {
		return nil, end, ErrBadRequest.Because("Document must be a JSON object")
	}
	doc = &Document{}
	if doc.Body, err = doc.take(object, members, bodies); err != nil {
		return nil, end, err
	}
	return doc, end, nil
}

// take takes the members out of an object in canonical form which begin with an underscore, and returns what is left.
func (doc *Document) take(object []byte, members []int, bodies *Bodies) (body []byte, err error) {
	body = append(bodies.room(len(object)), '{')
	from, to := 0, 0 // of the members that stay, not copied yet
	for i, start := range members {
		end := len(object) - 1
		if i+1 < len(members) {
			end = members[i+1] - 1
		}
		if object[start+1] == '_' {
			known, err := doc.setSpecial(object[start:end])
			if err != nil {
				return nil, err
			}
			if known {
				body = appendMembers(body, object[from:to])
				from, to = 0, 0
				continue
			}
		}
		if from == 0 {
			from = start
		}
		to = end
	}
	body = append(appendMembers(body, object[from:to]), '}')
	if bodies != nil && len(object) <= sharedBody {
		bodies.memory = bodies.memory[:len(bodies.memory)+len(body)]
		return body[:len(body):len(body)], nil
	}
	if cap(body) > 2*len(body)+64 {
		body = append(make([]byte, 0, len(body)), body...) // what was left out was large, such as attachments
	}
	return body, nil
}

func appendMembers(body, members []byte) []byte {
	if len(body) > 1 && len(members) > 0 {
		body = append(body, ',')
	}
	return append(body, members...)
}
