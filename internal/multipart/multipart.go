// Package multipart reads bodies of several parts, as RFC 2046 has them, without holding a part. It is mime/multipart's idea at a fraction of the
// weight, for what a page loads; a part may itself be the body of another Reader.
package multipart

import (
	"bytes"
	"errors"
	"io"
	"strings"
)

// ErrMalformed: the body is not what it says, or a header is too long.
var ErrMalformed = errors.New("multipart: malformed body")

// window is how much of the body is held. A part's head and a boundary must fit into it.
const window = 16 << 10

// Reader reads the parts of a body, one after the other.
type Reader struct {
	source    io.Reader
	delimiter []byte // the boundary as it stands between parts
	buffer    []byte
	ended     error // what source ended with
	last      bool  // the closing delimiter has been read
	inPart    bool
	bare      bool // the buffer begins with the end of a line that the body does not have there
	part      *Part
}

// NewReader returns a reader of a body with this boundary.
func NewReader(source io.Reader, boundary string) *Reader {
	// The first boundary stands at the beginning of a line, like the others, though no line ends before it.
	buffer := append(make([]byte, 0, window), "\r\n"...)
	return &Reader{source: source, delimiter: []byte("\r\n--" + boundary), buffer: buffer, inPart: true}
}

// Part is one part. It can be read until [Reader.Next] is called.
type Part struct {
	reader *Reader
	header map[string]string
}

// Header returns the value of a header by its lower-case name, "" when there is none.
func (p *Part) Header(name string) string { return p.header[name] }

// Read reads the content.
func (p *Part) Read(dst []byte) (int, error) {
	if p.reader.part != p {
		return 0, io.EOF
	}
	return p.reader.read(dst)
}

// Next skips what is left of the part before, and returns the next one, or io.EOF after the last. A body that ends sooner is an io.ErrUnexpectedEOF.
func (r *Reader) Next() (*Part, error) {
	r.part = nil
	var skipped [1024]byte
	for r.inPart {
		if _, err := r.read(skipped[:]); err != nil && err != io.EOF {
			return nil, err
		}
	}
	if r.last {
		return nil, io.EOF
	}
	p := &Part{reader: r, header: map[string]string{}}
	for {
		line, err := r.line()
		if err != nil {
			return nil, err
		}
		if line == "" {
			break
		}
		name, value, found := strings.Cut(line, ":")
		if !found {
			return nil, ErrMalformed
		}
		p.header[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	// A part without content has its delimiter at once: the line that ended its head is not before it a second time.
	if bytes.HasPrefix(r.buffer, r.delimiter[2:]) {
		r.buffer, r.bare = append([]byte("\r\n"), r.buffer...), true
	}
	r.inPart, r.part = true, p
	return p, nil
}

// read reads content, up to the next delimiter, which it takes away.
func (r *Reader) read(dst []byte) (int, error) {
	if !r.inPart {
		return 0, io.EOF
	}
	for {
		free := len(r.buffer) // of what stands in the buffer, this much is content for certain
		if at := bytes.Index(r.buffer, r.delimiter); at >= 0 {
			if at > 0 {
				return r.take(dst, at), nil
			}
			length, last, kind := r.classify(r.buffer[len(r.delimiter):])
			switch kind {
			case isDelimiter:
				r.buffer = r.buffer[len(r.delimiter)+length:]
				r.inPart, r.bare, r.last = false, false, last
				return 0, io.EOF
			case isContent:
				return r.take(dst, 1), nil
			}
			free = 0
		} else {
			free -= min(free, len(r.delimiter)-1)
		}
		if free > 0 {
			return r.take(dst, free), nil
		}
		if err := r.fill(); err != nil {
			return 0, unexpected(err)
		}
	}
}

func (r *Reader) take(dst []byte, n int) int {
	if r.bare { // what looked like a delimiter was none
		r.buffer, r.bare = r.buffer[2:], false
		if n -= 2; n < 1 {
			n = 1
		}
	}
	n = copy(dst, r.buffer[:n])
	r.buffer = r.buffer[n:]
	return n
}

const (
	isContent = iota
	isDelimiter
	isUnclear // until more has arrived
)

// classify looks at what follows the text of a delimiter: only the end of a line, or of everything, makes it one.
func (r *Reader) classify(rest []byte) (length int, last bool, kind int) {
	if bytes.HasPrefix(rest, []byte("--")) {
		return 2, true, isDelimiter
	}
	spaces := 0
	for spaces < len(rest) && (rest[spaces] == ' ' || rest[spaces] == '\t') {
		spaces++
	}
	tail := rest[spaces:]
	switch {
	case bytes.HasPrefix(tail, []byte("\r\n")):
		return spaces + 2, false, isDelimiter
	case (len(tail) == 0 || string(tail) == "\r" || spaces == 0 && string(tail) == "-") && r.ended == nil && len(rest) < window/2:
		return 0, false, isUnclear
	}
	return 0, false, isContent
}

// line reads a line of a part's head.
func (r *Reader) line() (string, error) {
	for {
		if at := bytes.Index(r.buffer, []byte("\r\n")); at >= 0 {
			line := string(r.buffer[:at])
			r.buffer = r.buffer[at+2:]
			return line, r.lookAhead()
		}
		if len(r.buffer) >= window/2 {
			return "", ErrMalformed
		}
		if err := r.fill(); err != nil {
			return "", unexpected(err)
		}
	}
}

// lookAhead sees to it that what follows a head can be told from a delimiter.
func (r *Reader) lookAhead() error {
	for len(r.buffer) < len(r.delimiter) && r.ended == nil {
		if err := r.fill(); err != nil && err != io.EOF {
			return err
		}
	}
	return nil
}

// fill reads more of the body into the buffer.
func (r *Reader) fill() error {
	if r.ended != nil {
		return r.ended
	}
	if cap(r.buffer)-len(r.buffer) < window/4 {
		r.buffer = append(make([]byte, 0, len(r.buffer)+window), r.buffer...)
	}
	n, err := r.source.Read(r.buffer[len(r.buffer):cap(r.buffer)])
	r.buffer = r.buffer[:len(r.buffer)+n]
	r.ended = err
	if n > 0 {
		return nil
	}
	return err
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Parameter returns a parameter of a header's value, such as the boundary of a content type, "" when there is none.
func Parameter(value, name string) string {
	for rest := value; ; {
		at := strings.IndexByte(rest, ';')
		if at < 0 {
			return ""
		}
		key, after, _ := strings.Cut(rest[at+1:], "=")
		after = strings.TrimLeft(after, " \t")
		text, end := token(after)
		if strings.EqualFold(strings.TrimSpace(key), name) {
			return text
		}
		rest = after[end:]
	}
}

// token reads a value, quoted or not, and tells where it ends.
func token(text string) (value string, end int) {
	if !strings.HasPrefix(text, `"`) {
		if end = strings.IndexByte(text, ';'); end < 0 {
			end = len(text)
		}
		return strings.TrimSpace(text[:end]), end
	}
	var unquoted []byte
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return string(unquoted), i + 1
		case '\\':
			if i++; i == len(text) {
				return string(unquoted), i
			}
		}
		unquoted = append(unquoted, text[i])
	}
	return string(unquoted), len(text)
}

// MediaType returns the type of a content type in lower case, without parameters.
func MediaType(value string) string {
	mediaType, _, _ := strings.Cut(value, ";")
	return strings.ToLower(strings.TrimSpace(mediaType))
}
