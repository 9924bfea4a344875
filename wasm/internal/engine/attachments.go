package engine

import (
	"context"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// A request or an answer with contents of attachments is a zero, the length of the JSON text in four bytes, the text, and the contents one
// after the other: they cross as they are. What the text says of them tells where each ends.
const frameHead = 5

// unframe cuts a request into its text and what follows it.
func unframe(text []byte) (json, raw []byte) {
	if len(text) < frameHead || text[0] != 0 {
		return text, nil
	}
	rest := text[frameHead:]
	end := min(int(binary.BigEndian.Uint32(text[1:])), len(rest))
	return rest[:end], rest[end:]
}

// take gives the documents of a request the contents that follow it.
func (r *request) take(docs ...*core.Document) error {
	raw := r.raw
	for _, doc := range docs {
		for i := range doc.Attachments {
			a := &doc.Attachments[i]
			if !a.Follows {
				continue
			}
			if a.Length < 0 || a.Length > int64(len(raw)) {
				return core.ErrBadRequest.Because("the content of attachment " + a.Name + " does not follow").Of(doc.ID)
			}
			a.Follows, a.Data = false, raw[:a.Length]
			raw = raw[a.Length:]
		}
	}
	return nil
}

// contents are the options of a read, and what is to follow its answer.
type contents struct {
	wanted, binary bool
	raw            []byte
}

func (r *request) contents() contents {
	c := contents{wanted: r.bool("attachments"), binary: r.bool("binary")}
	c.binary = c.binary && c.wanted
	return c
}

// show returns a document whose text can be printed: with its contents in it, or following.
func (c *contents) show(ctx context.Context, doc *core.Document) (*core.Document, error) {
	if doc == nil || !doc.HasContent() {
		return doc, nil
	}
	loaded := *doc
	loaded.Attachments = slices.Clone(doc.Attachments)
	if err := loaded.Load(ctx); err != nil || !c.binary {
		return &loaded, err
	}
	head, follow := loaded.Following()
	for _, i := range ScriptOrder(follow) {
		c.raw = append(c.raw, follow[i].Data...)
	}
	return head, nil
}

// showing prints a row while its document is one whose text can be printed.
func (c *contents) showing(ctx context.Context, doc **core.Document, print func()) error {
	was := *doc
	shown, err := c.show(ctx, was)
	if err != nil {
		return err
	}
	*doc = shown
	print()
	*doc = was
	return nil
}

// ScriptOrder returns the places of attachments in the order in which JavaScript shows the members of an object that it has read: numbers first, ascending.
func ScriptOrder(attachments []core.Attachment) []int {
	var numbers, others []int
	for i := range attachments {
		n, ok := arrayIndex(attachments[i].Name)
		if !ok {
			others = append(others, i)
			continue
		}
		at := len(numbers)
		for ; at > 0; at-- {
			if before, _ := arrayIndex(attachments[numbers[at-1]].Name); before < n {
				break
			}
		}
		numbers = slices.Insert(numbers, at, i)
	}
	return append(numbers, others...)
}

func arrayIndex(name string) (uint64, bool) {
	n, err := strconv.ParseUint(name, 10, 32)
	return n, err == nil && n < 1<<32-1 && strconv.FormatUint(n, 10) == name
}

// answer frames the text of an answer when contents were to follow it.
func (c *contents) answer(text []byte) []byte {
	if !c.binary {
		return text
	}
	framed := make([]byte, frameHead, frameHead+len(text)+len(c.raw))
	binary.BigEndian.PutUint32(framed[1:], uint32(len(text)))
	return append(append(framed, text...), c.raw...)
}

// getAttachment answers with the content, and what there is to be said of it.
func getAttachment(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	docID, name, rev := r.string("id"), r.string("name"), r.rev("rev")
	if r.err != nil {
		return nil, r.err
	}
	a, err := db.GetAttachment(ctx, docID, name, rev)
	if err != nil {
		return nil, about(docID, err)
	}
	if r.value("limit") != nil {
		return pieceOf(ctx, a, r)
	}
	data, err := a.Read(ctx)
	if err != nil {
		return nil, about(docID, err)
	}
	text := rawjson.AppendString([]byte(`{"content_type":`), a.ContentType)
	text = strconv.AppendInt(append(text, `,"follows":true,"length":`...), int64(len(data)), 10)
	answer := contents{binary: true, raw: data}
	return answer.answer(append(text, '}')), nil
}

func putAttachment(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	docID, rev := r.string("id"), r.rev("rev")
	a := core.Attachment{Name: r.string("name"), ContentType: r.string("type"), Data: r.raw, Length: int64(len(r.raw))}
	if size, given := r.count("size"); given {
		a.Content, a.Data, a.Length = &pageContent{r.engine, r.call.id, int64(size)}, nil, int64(size)
	}
	if r.err != nil {
		return nil, r.err
	}
	if err := core.ValidateAttachmentName(a.Name); err != nil {
		return nil, about(docID, err)
	}
	written, err := db.PutAttachment(ctx, docID, rev, a)
	return appendWritten(docID, written), about(docID, err)
}

func removeAttachment(ctx context.Context, db core.Adapter, r *request) ([]byte, error) {
	docID, name, rev := r.string("id"), r.string("name"), r.rev("rev")
	if r.err != nil {
		return nil, r.err
	}
	written, err := db.RemoveAttachment(ctx, docID, name, rev)
	return appendWritten(docID, written), about(docID, err)
}

func appendWritten(docID string, rev core.Rev) []byte {
	text := rawjson.AppendString([]byte(`{"ok":true,"id":`), docID)
	return append(core.AppendRev(append(text, `,"rev":`...), rev), '}')
}
