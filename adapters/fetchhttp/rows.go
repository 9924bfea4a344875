package fetchhttp

import (
	"errors"
	"io"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

var errNotRows = errors.New("the answer is not a JSON object")

// rowReader takes an answer of the form {"rows":[...],...} apart while it arrives, so that a listing of any length needs the memory of one row.
type rowReader struct {
	source io.Reader
	limit  int // of one value, in bytes
	// begun, when not nil, is called when the first byte of a row has come.
	begun func()

	text []byte // what has been read and is still needed
	pos  int    // how much of it has been looked at
}

// run calls each for every element of the array called name; the text is valid until each returns. It returns the object with that array emptied.
// Errors: errNotRows, io.ErrUnexpectedEOF, an ErrTooLarge, those of the source and of each.
func (r *rowReader) run(name string, each func(row []byte) error) (rest []byte, err error) {
	if c, err := r.peek(); err != nil || c != '{' {
		return nil, orNotRows(err)
	}
	r.pos++
	rest = []byte{'{'}
	for {
		c, err := r.peek()
		switch {
		case err != nil:
			return nil, err
		case c == '}' && len(rest) == 1:
			r.pos++
			return r.finish(rest)
		case c != '"':
			return nil, errNotRows
		}
		quoted, err := r.value()
		if err != nil {
			return nil, err
		}
		rest = append(append(rest, quoted...), ':')
		wanted := rawjson.Is(quoted, name)
		if c, err := r.peek(); err != nil || c != ':' {
			return nil, orNotRows(err)
		}
		r.pos++
		if c, err = r.peek(); err != nil {
			return nil, err
		}
		if wanted && c == '[' {
			if err := r.rows(each); err != nil {
				return nil, err
			}
			rest = append(rest, "[]"...)
		} else {
			value, err := r.value()
			if err != nil {
				return nil, err
			}
			if rest = append(rest, value...); len(rest) > r.limit {
				return nil, tooLarge(r.limit)
			}
		}
		if c, err = r.peek(); err != nil {
			return nil, err
		}
		r.pos++
		switch c {
		case ',':
			rest = append(rest, ',')
		case '}':
			return r.finish(rest)
		default:
			return nil, errNotRows
		}
	}
}

// finish checks what is left of the object, and that nothing comes after it.
func (r *rowReader) finish(rest []byte) ([]byte, error) {
	rest = append(rest, '}')
	if rawjson.Validate(rest) != nil {
		return nil, errNotRows
	}
	switch _, err := r.peek(); err {
	case io.ErrUnexpectedEOF:
		return rest, nil
	case nil:
		return nil, errNotRows
	default:
		return nil, err
	}
}

// rows reads the array that begins here.
func (r *rowReader) rows(each func([]byte) error) error {
	r.pos++
	for first := true; ; first = false {
		c, err := r.peek()
		if err != nil {
			return err
		}
		if first && c == ']' {
			r.pos++
			return nil
		}
		if r.begun != nil {
			r.begun()
		}
		row, err := r.row()
		if err != nil {
			return err
		}
		if err := each(row); err != nil {
			return err
		}
		if c, err = r.peek(); err != nil {
			return err
		}
		r.pos++
		switch c {
		case ']':
			return nil
		case ',':
		default:
			return errNotRows
		}
	}
}

// row returns the row that begins here, validated. Mostly it is there to its end, and found and validated in one go.
func (r *rowReader) row() ([]byte, error) {
	if begin, end, err := rawjson.Value(r.text, r.pos); err == nil && end < len(r.text) {
		r.pos = end
		return r.text[begin:end], nil
	}
	row, err := r.value()
	if err == nil && rawjson.Validate(row) != nil {
		err = errNotRows
	}
	return row, err
}

// peek skips white space and returns the byte after it, io.ErrUnexpectedEOF at the end of the text.
func (r *rowReader) peek() (byte, error) {
	for {
		for ; r.pos < len(r.text); r.pos++ {
			switch c := r.text[r.pos]; c {
			case ' ', '\n', '\t', '\r':
			default:
				return c, nil
			}
		}
		if err := r.more(r.pos); err != nil {
			return 0, err
		}
	}
}

// value returns the text of the value that begins here, unchecked but for its brackets and quotes. It is valid until the next call.
func (r *rowReader) value() ([]byte, error) {
	start, depth, quoted := r.pos, 0, false
	for {
		for ; r.pos < len(r.text); r.pos++ {
			c := r.text[r.pos]
			switch {
			case quoted && c == '\\':
				if r.pos+1 == len(r.text) {
					goto refill // the escaped byte is still to come
				}
				r.pos++
			case c == '"':
				if quoted = !quoted; !quoted && depth == 0 {
					r.pos++
					return r.text[start:r.pos], nil
				}
			case quoted:
			case c == '{' || c == '[':
				depth++
			case depth == 0 && (c == '}' || c == ']' || c == ',' || c == ':' || c == ' ' || c == '\n' || c == '\t' || c == '\r'):
				return r.text[start:r.pos], nil // a number or a word; or nothing, which is no valid value
			case c == '}' || c == ']':
				if depth--; depth == 0 {
					r.pos++
					return r.text[start:r.pos], nil
				}
			}
		}
	refill:
		if len(r.text)-start > r.limit {
			return nil, tooLarge(r.limit)
		}
		if err := r.more(start); err != nil {
			return nil, err
		}
		start = 0
	}
}

// more reads more text, after dropping what stands before position keep.
func (r *rowReader) more(keep int) error {
	const chunk = 32 << 10
	n := copy(r.text, r.text[keep:])
	r.text, r.pos = r.text[:n], r.pos-keep
	if cap(r.text)-n < chunk {
		r.text = append(make([]byte, 0, 2*n+2*chunk), r.text...)
	}
	for range 100 {
		read, err := r.source.Read(r.text[n:cap(r.text)])
		r.text = r.text[:n+read]
		switch {
		case read > 0:
			return nil // an error comes again
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		}
	}
	return io.ErrNoProgress
}

func orNotRows(err error) error {
	if err != nil {
		return err
	}
	return errNotRows
}
