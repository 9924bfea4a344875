package engine

import (
	"context"
	"io"
	"strconv"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Long contents cross piece by piece: a page keeps them in Blobs, which need not be in memory.

// pageContent is a Blob of the page's, which the call that writes it is asked for.
type pageContent struct {
	engine *Engine
	call   uint32
	length int64
}

// pagePiece is how much is asked for at a time.
const pagePiece = 1 << 20

// Open implements [core.Content].
func (c *pageContent) Open(ctx context.Context, offset int64) (io.ReadCloser, error) {
	return &pageReader{pageContent: c, ctx: ctx, at: offset}, nil
}

type pageReader struct {
	*pageContent
	ctx   context.Context
	at    int64
	piece []byte // what is left of the one that came last
}

func (r *pageReader) Read(p []byte) (int, error) {
	if len(r.piece) == 0 {
		if r.at >= r.length {
			return 0, io.EOF
		}
		about := strconv.AppendInt([]byte(`"about":"blob","from":`), r.at, 10)
		about = strconv.AppendInt(append(about, `,"to":`...), min(r.at+pagePiece, r.length), 10)
		reply, err := r.engine.question(r.ctx, r.call, about, nil)
		if err != nil {
			return 0, err
		}
		if len(reply.raw) == 0 {
			return 0, io.ErrUnexpectedEOF
		}
		r.piece = reply.raw
		r.at += int64(len(r.piece))
	}
	n := copy(p, r.piece)
	r.piece = r.piece[n:]
	return n, nil
}

func (r *pageReader) Close() error { return nil }

// pieceOf answers with a part of a content, how long the whole is, and by what it can be told that the next part is of the same.
func pieceOf(ctx context.Context, a *core.Attachment, r *request) ([]byte, error) {
	from, _ := r.count("from")
	limit, _ := r.count("limit")
	if r.err != nil {
		return nil, r.err
	}
	content, err := a.Open(ctx, int64(from))
	if err != nil {
		return nil, err
	}
	defer content.Close()
	size := max(a.Length, int64(len(a.Data)))
	data := make([]byte, min(int64(limit), max(size-int64(from), 0)))
	if _, err := io.ReadFull(content, data); err != nil && len(data) > 0 {
		return nil, err
	}
	text := rawjson.AppendString([]byte(`{"digest":`), a.Digest)
	text = strconv.AppendInt(append(text, `,"size":`...), size, 10)
	text = rawjson.AppendString(append(text, `,"_attachments":{"piece":{"content_type":`...), a.ContentType)
	text = strconv.AppendInt(append(text, `,"follows":true,"length":`...), int64(len(data)), 10)
	answer := contents{binary: true, raw: data}
	return answer.answer(append(text, "}}}"...)), nil
}
