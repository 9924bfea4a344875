package rawjson

import (
	"bytes"
	"iter"
	"strconv"
	"unicode/utf8"
)

// Kind is the type of a JSON value.
type Kind byte

// The kinds of JSON values; Invalid is the kind of an empty text.
const (
	Invalid Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

// KindOf tells the type of a value from its first byte.
func KindOf(value []byte) Kind {
	i := skipSpace(value, 0)
	if i >= len(value) {
		return Invalid
	}
	switch value[i] {
	case 'n':
		return Null
	case 'f':
		return False
	case 't':
		return True
	case '"':
		return String
	case '[':
		return Array
	case '{':
		return Object
	}
	return Number
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && isSpace(text[i]) {
		i++
	}
	return i
}

// skipString returns the position after the string that begins at i.
func skipString(text []byte, i int) int {
	end, _ := ScanString(text, i)
	return end
}

// ScanString returns the position after the string whose opening quote is at i, and whether anything in it is escaped. For a text that ends inside the string that is its length.
func ScanString(text []byte, i int) (end int, escaped bool) {
	for i = skipInner(text, i+1); i < len(text); i = skipInner(text, i+2) {
		if text[i] == '"' {
			return i + 1, escaped
		}
		escaped = true
	}
	return len(text), escaped
}

// skipValue returns the position after the value that begins at i, which must not be white space.
func skipValue(text []byte, i int) int {
	if i >= len(text) {
		return i
	}
	switch text[i] {
	case '"':
		return skipString(text, i)
	case '{', '[':
		depth := 0
		for i < len(text) {
			switch text[i] {
			case '"':
				i = skipString(text, i)
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
				if depth == 0 {
					return i + 1
				}
			}
			i++
		}
		return len(text)
	}
	for i < len(text) && text[i] != ',' && text[i] != ']' && text[i] != '}' && !isSpace(text[i]) {
		i++
	}
	return i
}

// Trim returns value without the white space around it.
func Trim(value []byte) []byte {
	i, j := skipSpace(value, 0), len(value)
	for j > i && isSpace(value[j-1]) {
		j--
	}
	return value[i:j]
}

// Members yields the members of an object in order: the name as JSON text, with its quotes, and the value.
// Duplicate names come as often as they stand there; CouchDB lets the last one count.
func Members(object []byte) iter.Seq2[[]byte, []byte] {
	return func(yield func(name, value []byte) bool) {
		i := skipSpace(object, 0)
		if i >= len(object) || object[i] != '{' {
			return
		}
		i++
		for {
			i = skipSpace(object, i)
			if i >= len(object) || object[i] != '"' {
				return
			}
			end := skipString(object, i)
			name := object[i:end]
			i = skipSpace(object, end) + 1 // the colon
			i = skipSpace(object, i)
			if i >= len(object) {
				return
			}
			end = skipValue(object, i)
			if !yield(name, object[i:end]) {
				return
			}
			i = skipSpace(object, end)
			if i >= len(object) || object[i] != ',' {
				return
			}
			i++
		}
	}
}

// Elements yields the elements of an array in order.
func Elements(array []byte) iter.Seq[[]byte] {
	return func(yield func(value []byte) bool) {
		i := skipSpace(array, 0)
		if i >= len(array) || array[i] != '[' {
			return
		}
		i++
		for {
			i = skipSpace(array, i)
			if i >= len(array) || array[i] == ']' {
				return
			}
			end := skipValue(array, i)
			if end == i || !yield(array[i:end]) {
				return
			}
			i = skipSpace(array, end)
			if i >= len(array) || array[i] != ',' {
				return
			}
			i++
		}
	}
}

// Member returns the value of the last member of object with that name, nil without one.
func Member(object []byte, name string) []byte {
	var found []byte
	for n, value := range Members(object) {
		if Is(n, name) {
			found = value
		}
	}
	return found
}

// Is reports whether a JSON string, with its quotes, says s.
func Is(value []byte, s string) bool {
	if len(value) < 2 || value[0] != '"' {
		return false
	}
	inner := value[1 : len(value)-1]
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' {
			text, ok := Text(value)
			return ok && text == s
		}
	}
	return string(inner) == s
}

// Text returns what a JSON string says; ok is false when value is not a string.
func Text(value []byte) (text string, ok bool) {
	value = Trim(value)
	if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
		return "", false
	}
	inner := value[1 : len(value)-1]
	for i := 0; i < len(inner); i++ {
		if inner[i] == '\\' {
			return string(appendUnescaped(make([]byte, 0, len(inner)), inner)), true
		}
	}
	return string(inner), true
}

// Name returns what the name of a member says, given with its quotes. It shares memory with the name, unless something in that is escaped.
func Name(quoted []byte) []byte {
	if len(quoted) < 2 {
		return nil
	}
	inner := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(inner, '\\') >= 0 {
		return appendUnescaped(nil, inner)
	}
	return inner
}

// AppendText appends what a JSON string says to dst.
func AppendText(dst, value []byte) []byte {
	if len(value) < 2 || value[0] != '"' {
		return dst
	}
	return appendUnescaped(dst, value[1:len(value)-1])
}

func appendUnescaped(dst, inner []byte) []byte {
	for {
		i := bytes.IndexByte(inner, '\\')
		if i < 0 || i+1 >= len(inner) {
			return append(dst, inner...)
		}
		dst = append(dst, inner[:i]...)
		c := inner[i+1]
		inner = inner[i+2:]
		switch c {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, ok := hex4(inner)
			if !ok {
				return dst
			}
			inner = inner[4:]
			if r >= 0xD800 && r < 0xDC00 && len(inner) >= 6 {
				if low, ok := hex4(inner[2:]); ok && low >= 0xDC00 && low < 0xE000 {
					r = ((r-0xD800)<<10 | (low - 0xDC00)) + 0x10000
					inner = inner[6:]
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, c)
		}
	}
}

// Int returns the value of an integer that fits 64 bits; ok is false for anything else, also for 1.0 and 1e0.
func Int(value []byte) (n int64, ok bool) {
	value = Trim(value)
	if len(value) == 0 || len(value) > 20 || (value[0] != '-' && !isDigit(value[0])) {
		return 0, false
	}
	n, err := strconv.ParseInt(string(value), 10, 64)
	return n, err == nil
}

// Bool returns the value of true or false; ok is false for anything else.
func Bool(value []byte) (b, ok bool) {
	switch KindOf(value) {
	case True:
		return true, true
	case False:
		return false, true
	}
	return false, false
}

// Texts returns the elements of an array of strings; ok is false when value is anything else.
func Texts(value []byte) (texts []string, ok bool) {
	if KindOf(value) != Array {
		return nil, false
	}
	texts = []string{}
	for element := range Elements(value) {
		text, ok := Text(element)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}
