package mango

import (
	"slices"
	"strings"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// path leads from a value to one inside it: names of members, or positions in arrays. The empty path is the value itself.
type path struct {
	text  string // as it is written, with escapes: "address.city"
	steps []step
}

// step is one name of a path. It is also a position when it is an integer.
type step struct {
	name     string
	position int // -1: not a position
}

// parsePath reads a path. A dot that belongs to a name is written after a backslash, as is a dollar that begins one.
func parsePath(text string) (path, error) {
	p := path{text: text}
	if text == "" {
		return p, nil
	}
	name := make([]byte, 0, len(text))
	for i := 0; ; i++ {
		switch {
		case i == len(text) || text[i] == '.':
			if len(name) == 0 {
				return path{}, fail("invalid_field_name", "Invalid field name: "+text)
			}
			p.steps = append(p.steps, step{name: string(name), position: parsePosition(string(name))})
			name = name[:0]
			if i == len(text) {
				return p, nil
			}
		case text[i] == '\\':
			if i+1 < len(text) {
				i++
				name = append(name, text[i])
			}
		default:
			name = append(name, text[i])
		}
	}
}

// same reports whether two paths lead to the same place, however they are written.
func (p path) same(other path) bool { return slices.Equal(p.steps, other.steps) }

func (p path) isID() bool { return len(p.steps) == 1 && p.steps[0].name == "_id" }

// parsePosition reads a position in an array as CouchDB does, which takes "01" and "+1" for 1.
func parsePosition(name string) int {
	digits := strings.TrimPrefix(name, "+")
	if digits == "" {
		return -1
	}
	n := 0
	for i := 0; i < len(digits); i++ {
		if digits[i] < '0' || digits[i] > '9' || n > 1<<24 {
			return -1
		}
		n = 10*n + int(digits[i]-'0')
	}
	return n
}

// joinPaths writes the path of a member below another path.
func joinPaths(outer, inner string) string {
	if outer == "" {
		return inner
	}
	return outer + "." + inner
}

// walk follows steps into value. It returns nil when they lead nowhere; missing then tells an object without the
// member from a value that can have no such part, for which CouchDB does not even say that the field does not exist.
func walk(value []byte, steps []step) (found []byte, missing bool) {
	for i := range steps {
		switch rawjson.KindOf(value) {
		case rawjson.Object:
			if value = member(value, steps[i].name); value == nil {
				return nil, true
			}
		case rawjson.Array:
			if value = element(value, steps[i].position); value == nil {
				return nil, false
			}
		default:
			return nil, false
		}
	}
	return value, false
}

// member returns a member of an object in canonical form, in which no name occurs twice; so the first is the one.
func member(object []byte, name string) []byte {
	for quoted, value := range rawjson.Members(object) {
		if rawjson.Is(quoted, name) {
			return value
		}
	}
	return nil
}

func element(array []byte, position int) []byte {
	if position < 0 {
		return nil
	}
	for value := range rawjson.Elements(array) {
		if position == 0 {
			return value
		}
		position--
	}
	return nil
}
