package mapreduce

import (
	"bytes"
	"encoding/binary"
	"math/bits"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/internal/arena"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Entry is a row as it is stored.
type Entry struct {
	Key   []byte // see the package comment
	Value []byte // see EntryMaker.value
}

// Entries makes entries, in their order, of the rows that a document emitted, in theirs. Rows of one document with the same key are ordered by value.
func Entries(docID string, emitted []core.Emitted) []Entry {
	return new(EntryMaker).Entries(docID, emitted)
}

// EntryMaker makes the entries of many documents, which share memory.
type EntryMaker struct {
	memory  arena.Arena
	entries []Entry
	rows    []keyed
	key     []byte
}

// Entries is the function of this name.
func (m *EntryMaker) Entries(docID string, emitted []core.Emitted) []Entry {
	m.rows = m.rows[:0]
	for i := range emitted {
		m.key = collation.AppendKey(m.key[:0], emitted[i].Key)
		m.rows = append(m.rows, keyed{m.memory.Clone(m.key), &emitted[i]})
	}
	first, ordinal := len(m.entries), 0
	rows := sorted(m.rows)
	for i, row := range rows {
		if i > 0 && bytes.Equal(row.key, rows[i-1].key) {
			ordinal++
		} else {
			ordinal = 0
		}
		m.key = collation.AppendString(append(m.key[:0], row.key...), docID)
		key := m.memory.Clone(appendOrdinal(m.key, ordinal))
		m.entries = append(m.entries, Entry{Key: key, Value: m.value(row)})
	}
	return m.entries[first:len(m.entries):len(m.entries)]
}

// keyed is an emitted row with the collation key of its key.
type keyed struct {
	key []byte
	row *core.Emitted
}

func (k *keyed) compare(other *keyed) int {
	if order := bytes.Compare(k.key, other.key); order != 0 {
		return order
	}
	return compareRaw(k.row.Value, other.row.Value)
}

// sorted sorts rows by merging, and leaves those that are equal in their order. It is not one of the standard library's, because a page loads each of those once more for each type.
func sorted(rows []keyed) []keyed {
	if len(rows) < 2 {
		return rows
	}
	a, b := sorted(rows[:len(rows)/2]), sorted(rows[len(rows)/2:])
	merged := make([]keyed, 0, len(rows))
	for len(a) > 0 && len(b) > 0 {
		if a[0].compare(&b[0]) <= 0 {
			merged, a = append(merged, a[0]), a[1:]
		} else {
			merged, b = append(merged, b[0]), b[1:]
		}
	}
	return append(append(merged, a...), b...)
}

// appendOrdinal makes the key of the first, second ... row of a document and key. The first has none; the others spell theirs as its length and its bytes.
func appendOrdinal(key []byte, ordinal int) []byte {
	if ordinal == 0 {
		return key
	}
	var whole [8]byte
	binary.BigEndian.PutUint64(whole[:], uint64(ordinal))
	length := (bits.Len64(uint64(ordinal)) + 7) / 8
	return append(append(key, byte(length)), whole[8-length:]...)
}

// value makes the value of an entry: the length of the emitted key's text, and the text, when decoding the collation key would give another one
// (1.0 has the same as 1), and the emitted value.
func (m *EntryMaker) value(row keyed) []byte {
	var exact []byte
	if key := row.row.Key; !isShortInteger(key) {
		var buffer [64]byte
		if decoded, _, err := collation.DecodeKey(buffer[:0], row.key); err != nil || !bytes.Equal(decoded, key) {
			exact = key
		}
	}
	value := m.memory.Make(1 + len(exact) + len(row.row.Value))
	value = binary.AppendUvarint(value, uint64(len(exact)))
	return append(append(value, exact...), row.row.Value...)
}

// isShortInteger reports whether a number is spelled with a few digits only. Its collation key tells it exactly.
func isShortInteger(number []byte) bool {
	const exactly = 15 // digits that a double can tell
	if len(number) > exactly || len(number) > 1 && number[0] == '0' {
		return false
	}
	for _, c := range number {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

var errRow = core.ErrCorrupt.Because("a row of a view cannot be read")

// DecodeKey takes a row key apart. The parts share memory with it. again tells that it is not the first row of its document and key.
func DecodeKey(rowKey []byte) (key []byte, docID string, again bool, err error) {
	rest, err := collation.Skip(rowKey)
	if err != nil {
		return nil, "", false, errRow.From(err)
	}
	key = rowKey[:len(rowKey)-len(rest)]
	id, rest, err := collation.DecodeString(rest)
	if err != nil {
		return nil, "", false, errRow.From(err)
	}
	return key, string(id), len(rest) > 0, nil
}

// DecodeValue takes an entry's value apart: the exact text of the emitted key, nil when decoding the collation key gives it, and the emitted value.
func DecodeValue(stored []byte) (exactKey, value []byte, err error) {
	length, n := binary.Uvarint(stored)
	if n <= 0 || length > uint64(len(stored)-n) {
		return nil, nil, errRow
	}
	stored = stored[n:]
	if length > 0 {
		exactKey = stored[:length]
	}
	return exactKey, stored[length:], nil
}

// compareRaw orders the values of rows that are otherwise equal, as CouchDB does: by type in another order than keys have, then by value.
func compareRaw(a, b []byte) int {
	if order := rawRank(a) - rawRank(b); order != 0 {
		return order
	}
	return collation.Compare(a, b)
}

func rawRank(value []byte) int {
	switch rawjson.KindOf(value) {
	case rawjson.Number:
		return 0
	case rawjson.False:
		return 1
	case rawjson.Null:
		return 2
	case rawjson.True:
		return 3
	case rawjson.Object:
		return 4
	case rawjson.Array:
		return 5
	}
	return 6
}

// Fanout is how many rows, or nodes of the level below, are in a node on average.
const Fanout = 1 << levelBits

const levelBits = 4

// Level returns the highest level on which a row begins a node; 0: on none. What is stored depends on it: it cannot change.
func Level(rowKey []byte) int {
	return bits.TrailingZeros64(hash(rowKey)) / levelBits
}

// hash is FNV-1a with its bits mixed, because the lowest ones decide.
func hash(data []byte) uint64 {
	h := uint64(14695981039346656037)
	for _, b := range data {
		h = (h ^ uint64(b)) * 1099511628211
	}
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}
