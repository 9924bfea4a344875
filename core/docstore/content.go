package docstore

import (
	"context"
	"encoding/binary"
	"io"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/kv"
)

// Contents are stored once for all revisions of all documents that have them, under their hash: a header that counts the references, and chunks
// under a number.

// contentChunk is the size of a chunk: with its key it fills a record of an IndexedDB log.
const contentChunk = 48_000

// content is a header.
type content struct {
	references uint64 // by bodies
	length     uint64
	number     uint64
}

func contentKey(hash [md5.Size]byte) []byte {
	return append([]byte{contentPrefix}, hash[:]...)
}

// chunkKey sorts the chunks of one content one after the other. No key is the beginning of another.
func chunkKey(number uint64, i uint64) []byte {
	return binary.BigEndian.AppendUint32(numberKey(chunkPrefix, number), uint32(i))
}

func chunkCount(length uint64) uint64 { return (length + contentChunk - 1) / contentChunk }

func (c *content) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, c.references)
	dst = binary.AppendUvarint(dst, c.length)
	return binary.AppendUvarint(dst, c.number)
}

func decodeContent(value []byte) (c content, ok bool) {
	r := attachedReader{rest: value}
	c = content{references: r.number(), length: r.number(), number: r.number()}
	return c, !r.bad && len(r.rest) == 0
}

func readContent(ctx context.Context, s kv.Snapshot, hash [md5.Size]byte) (c content, found bool, err error) {
	value, found, err := s.Get(ctx, contentKey(hash))
	if err != nil || !found {
		return c, false, err
	}
	c, ok := decodeContent(value)
	if !ok {
		return c, false, core.ErrCorrupt.Because("an attachment cannot be read")
	}
	return c, true, nil
}

// refer counts one more reference to an attachment's content, and stores the content if it is not there.
func (e *edit) refer(a *attachment) error {
	c, found, err := readContent(e.ctx, e.tx, a.hash)
	if err != nil {
		return err
	}
	e.borrows = e.borrows || found || a.staged != 0
	switch {
	case found && a.staged != 0:
		if err := e.unstage(a, true); err != nil {
			return err
		}
	case found:
	case a.staged != 0:
		if err := e.unstage(a, false); err != nil {
			return err
		}
		c = content{length: uint64(a.Length), number: a.staged}
	case a.Stub:
		return core.ErrCorrupt.Because("the content of an attachment is missing")
	default:
		c = content{length: uint64(len(a.Data)), number: e.meta.nextBody}
		e.meta.nextBody++
		for i := range chunkCount(c.length) {
			start := i * contentChunk
			e.tx.Put(chunkKey(c.number, i), append([]byte(nil), a.Data[start:min(start+contentChunk, c.length)]...))
		}
	}
	c.references++
	e.tx.Put(contentKey(a.hash), c.append(nil))
	return nil
}

// release takes back one reference; content that nothing refers to any more is removed.
func (e *edit) release(hash [md5.Size]byte) error {
	c, found, err := readContent(e.ctx, e.tx, hash)
	if err != nil || !found {
		return err
	}
	if c.references > 1 {
		c.references--
		e.tx.Put(contentKey(hash), c.append(nil))
		return nil
	}
	e.tx.Delete(contentKey(hash))
	for i := range chunkCount(c.length) {
		e.tx.Delete(chunkKey(c.number, i))
	}
	return nil
}

// heldContent is the length up to which reads hand out contents in memory. Longer ones are read when they are wanted.
const heldContent = 1 << 20

// fill gives an attachment as read its content.
func (a *attachment) fill(ctx context.Context, db *DB, s kv.Snapshot) error {
	a.Stub = false
	if a.Length > heldContent && db != nil {
		c, found, err := readContent(ctx, s, a.hash)
		if err == nil && !found {
			err = core.ErrCorrupt.Because("the content of an attachment is missing")
		}
		a.Content = &storedContent{db: db, content: c}
		return err
	}
	data, err := readWhole(ctx, s, a.hash)
	a.Data = data
	return err
}

func readWhole(ctx context.Context, s kv.Snapshot, hash [md5.Size]byte) ([]byte, error) {
	c, found, err := readContent(ctx, s, hash)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, core.ErrCorrupt.Because("the content of an attachment is missing")
	}
	data := make([]byte, 0, c.length)
	for i := range chunkCount(c.length) {
		chunk, found, err := s.Get(ctx, chunkKey(c.number, i))
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, core.ErrCorrupt.Because("a part of an attachment is missing")
		}
		data = append(data, chunk...)
	}
	if uint64(len(data)) != c.length {
		return nil, core.ErrCorrupt.Because("an attachment has another length than it should")
	}
	return data, nil
}

// storedContent reads a content chunk by chunk, each on a snapshot of its own: what is slow to be read holds up nobody.
type storedContent struct {
	db      *DB
	content content
}

// Open implements [core.Content].
func (c *storedContent) Open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	return &contentReader{storedContent: c, ctx: ctx, at: uint64(max(offset, 0))}, nil
}

type contentReader struct {
	*storedContent
	ctx   context.Context
	at    uint64
	chunk []byte // what is left of the one read last
}

func (r *contentReader) Read(p []byte) (int, error) {
	if len(r.chunk) == 0 {
		if r.at >= r.content.length {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, r.chunk)
	r.chunk = r.chunk[n:]
	r.at += uint64(n)
	return n, nil
}

// next reads a chunk. It fails when the last document that had the content was changed and compacted in the meantime.
func (r *contentReader) next() error {
	return r.db.view(r.ctx, false, func(s kv.Snapshot) error {
		chunk, found, err := s.Get(r.ctx, chunkKey(r.content.number, r.at/contentChunk))
		if err != nil {
			return err
		}
		within := r.at % contentChunk
		if !found || within >= uint64(len(chunk)) {
			return core.ErrMissing.Because("the attachment was removed while it was read")
		}
		r.chunk = append(r.chunk[:0:0], chunk[within:]...)
		return nil
	})
}

func (r *contentReader) Close() error { return nil }
