package dump

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// maxLine is how long a line may be: a document that is larger no database takes.
const maxLine = 64 << 20

// lines reads a dump line by line.
type lines struct {
	in     *bufio.Reader
	number int
	buffer []byte
}

func newLines(from io.Reader) *lines { return &lines{in: bufio.NewReaderSize(from, 64<<10)} }

// damaged is an ErrDamaged that tells where.
func (l *lines) damaged(format string, args ...any) error {
	return ErrDamaged.Because(fmt.Sprintf("line %d ", l.number) + fmt.Sprintf(format, args...))
}

// next returns the next line, which is valid JSON and stays valid until the next call. At the end it returns io.EOF.
func (l *lines) next() ([]byte, error) {
	line := l.buffer[:0]
	for {
		part, err := l.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if len(line) > maxLine {
				l.number++
				return nil, l.damaged("is longer than %d bytes", maxLine)
			}
			continue
		case errors.Is(err, io.EOF):
			if len(line) == 0 {
				return nil, io.EOF
			}
		case err != nil:
			return nil, fmt.Errorf("reading the dump: %w", err)
		}
		l.number++
		l.buffer = line
		if line = bytes.TrimSpace(line); len(line) == 0 {
			line = l.buffer[:0]
			continue // an empty line at the end, mostly
		}
		if err := rawjson.Validate(line); err != nil {
			return nil, l.damaged("is not JSON: %v", err)
		}
		if rawjson.KindOf(line) != rawjson.Object {
			return nil, l.damaged("is not an object")
		}
		return line, nil
	}
}

// content returns what the next lines hold of an attachment. It is there once, and must be read to its end before the next line is.
func (l *lines) content(length int64) *pieces { return &pieces{lines: l, left: length} }

// pieces are an attachment, piece by piece.
type pieces struct {
	lines *lines
	left  int64 // to be read from lines
	piece []byte
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.piece) == 0 {
		if p.left == 0 {
			return 0, io.EOF
		}
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(to, p.piece)
	p.piece = p.piece[n:]
	return n, nil
}

func (p *pieces) next() error {
	line, err := p.lines.next()
	if errors.Is(err, io.EOF) {
		return ErrDamaged.Because("it ends within an attachment")
	}
	if err != nil {
		return err
	}
	data, ok := rawjson.Text(rawjson.Member(line, "data"))
	if !ok {
		return p.lines.damaged("should go on with an attachment, of which %d bytes are missing", p.left)
	}
	if p.piece, err = base64.StdEncoding.DecodeString(data); err != nil {
		return p.lines.damaged("is not base64: %v", err)
	}
	if p.left -= int64(len(p.piece)); p.left < 0 || len(p.piece) == 0 {
		return p.lines.damaged("has another length than the attachment should have")
	}
	return nil
}

func (p *pieces) Close() error { return nil }
