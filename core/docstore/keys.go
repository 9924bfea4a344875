package docstore

import (
	"encoding/binary"
	"math/bits"

	"github.com/gouchdb/gouchdb/core/kv"
)

// What a key's first byte says; the package comment describes the values.
const (
	documentPrefix = 'd'
	sequencePrefix = 's'
	bodyPrefix     = 'b'
	localPrefix    = 'l'
	contentPrefix  = 'a'
	chunkPrefix    = 'c'
	stagedPrefix   = 't'
	indexPrefix    = 'i'
	entriesPrefix  = 'x'
	viewPrefix     = 'v'
)

var (
	formatKey = []byte("f")
	uuidKey   = []byte("u")
	metaKey   = []byte("m")

	catalogueKey = []byte{indexPrefix}
)

func idKey(prefix byte, docID string) []byte {
	return append(append(make([]byte, 0, 1+len(docID)), prefix), docID...)
}

// idKeys are for reading only: they share one piece of memory.
func idKeys(prefix byte, docIDs []string) [][]byte { return new(keyMemory).ofIDs(prefix, docIDs) }

// keyMemory is what keys are made in that are for reading only. The next ones are made in it again.
type keyMemory struct {
	keys  [][]byte
	bytes []byte
}

func (m *keyMemory) ofIDs(prefix byte, docIDs []string) [][]byte {
	size := len(docIDs)
	for _, docID := range docIDs {
		size += len(docID)
	}
	keys, memory := m.begin(len(docIDs), size)
	for i, docID := range docIDs {
		start := len(memory)
		memory = append(append(memory, prefix), docID...)
		keys[i] = memory[start:len(memory):len(memory)]
	}
	return keys
}

func (m *keyMemory) ofBodies(numbers []uint64) [][]byte {
	const longest = 10
	keys, memory := m.begin(len(numbers), longest*len(numbers))
	for i, number := range numbers {
		start := len(memory)
		memory = appendNumberKey(memory, bodyPrefix, number)
		keys[i] = memory[start:len(memory):len(memory)]
	}
	return keys
}

// begin makes room.
func (m *keyMemory) begin(count, size int) (keys [][]byte, memory []byte) {
	if cap(m.keys) < count {
		m.keys = make([][]byte, count)
	}
	if cap(m.bytes) < size {
		m.bytes = make([]byte, size)
	}
	return m.keys[:count], m.bytes[:0]
}

// numberKey spells a number as its length in bytes and its bytes, highest first: short numbers make short keys, and the
// order of the keys is the order of the numbers.
func numberKey(prefix byte, number uint64) []byte {
	return appendNumberKey(make([]byte, 0, 2+(bits.Len64(number)+7)/8), prefix, number)
}

func appendNumberKey(dst []byte, prefix byte, number uint64) []byte {
	length := (bits.Len64(number) + 7) / 8
	var whole [8]byte
	binary.BigEndian.PutUint64(whole[:], number)
	dst = append(dst, prefix, byte(length))
	return append(dst, whole[8-length:]...)
}

// bodyKeys are numberKeys of bodies. They are for reading only: they share one piece of memory.
func bodyKeys(numbers []uint64) [][]byte { return new(keyMemory).ofBodies(numbers) }

// keyNumber is the reverse of numberKey.
func keyNumber(key []byte) (number uint64, ok bool) {
	if len(key) < 2 || int(key[1]) != len(key)-2 || key[1] > 8 {
		return 0, false
	}
	for _, b := range key[2:] {
		number = number<<8 | uint64(b)
	}
	return number, true
}

func prefixRange(prefix byte) kv.Range {
	return kv.Range{From: []byte{prefix}, To: []byte{prefix + 1}}
}
