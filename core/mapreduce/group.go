package mapreduce

import (
	"bytes"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// arrayTag is the first byte of an array's collation key.
var arrayTag = collation.AppendKey(nil, []byte("[]"))[0]

// Group returns what the row keys of a group begin with, and no others: the collation key that is given, of one of its rows, or the first elements of it when it is an array that is longer
// than the level.
func Group(key []byte, level int) (prefix []byte) {
	prefix, _ = cut(key, level)
	return prefix
}

// GroupRange returns the range of a group's rows.
func GroupRange(prefix []byte) Range {
	to := append(make([]byte, 0, len(prefix)+1), prefix...)
	return Range{From: prefix, To: append(to, collation.Highest)}
}

// cut cuts a key to the level. whole tells that all of it is left.
func cut(key []byte, level int) (prefix []byte, whole bool) {
	if level < 0 || key[0] != arrayTag {
		return key, true
	}
	rest := key[1:]
	for range level {
		if len(rest) == 0 || rest[0] == 0 { // the end of the array
			return key, true
		}
		next, err := collation.Skip(rest)
		if err != nil {
			return key, true
		}
		rest = next
	}
	return key[:len(key)-len(rest)], false
}

// AppendGroupKey appends, as JSON, the key under which a group is shown: that of one of its rows, cut to the level. exactKey is as in [DecodeValue].
func AppendGroupKey(dst, key, exactKey []byte, level int) ([]byte, error) {
	prefix, whole := cut(key, level)
	if exactKey == nil {
		if whole {
			dst, _, err := collation.DecodeKey(dst, key)
			return dst, err
		}
		dst, _, err := collation.DecodeKey(dst, append(bytes.Clone(prefix), 0))
		return dst, err
	}
	if whole {
		return append(dst, exactKey...), nil
	}
	dst = append(dst, '[')
	n := 0
	for element := range rawjson.Elements(exactKey) {
		if n == level {
			break
		}
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, element...)
		n++
	}
	return append(dst, ']'), nil
}
