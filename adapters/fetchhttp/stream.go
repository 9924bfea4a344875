package fetchhttp

import (
	"context"
	"errors"
	"io"

	"github.com/gouchdb/gouchdb/core"
)

// stream sends a call and hands the elements of the array called name to each, as they arrive. It returns the rest of the answer, with that array emptied.
func (db *DB) stream(ctx context.Context, c call, name string, each func(row []byte) error) (rest []byte, err error) {
	answer, err := db.open(ctx, c)
	if err != nil {
		return nil, err
	}
	defer answer.close()
	reader := &rowReader{source: answer, limit: db.options.MaxResponseBytes, begun: answer.begun}
	var refusal error
	rest, err = reader.run(name, func(row []byte) error {
		// Rows that have arrived are no reason to go on after the end.
		if refusal = ctx.Err(); refusal == nil {
			refusal = each(row)
		}
		return refusal
	})
	switch {
	case refusal != nil:
		return nil, refusal
	case errors.Is(err, errNotRows):
		return nil, notJSON(answer.url)
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrNoProgress):
		return nil, core.ErrUnreachable.From(err)
	}
	return rest, err
}
