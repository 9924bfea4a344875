package revtree_test

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

// hashOf returns a hash of 16 bytes.
func hashOf(number int) string {
	var raw [16]byte
	binary.BigEndian.PutUint64(raw[:], uint64(number)*0x9E3779B97F4A7C15)
	binary.BigEndian.PutUint64(raw[8:], uint64(number))
	return string(raw[:])
}

// history is a document edited that many times under a limit, as a store does it: each edit names its parent only.
func history(edits, limit int) revtree.Tree {
	var made revtree.Tree
	for i := 1; i <= edits; i++ {
		p := revtree.Path{Revisions: core.Revisions{Start: uint64(i), Hashes: []string{hashOf(i)}}, Body: uint64(i)}
		if i > 1 {
			p.Revisions.Hashes = append(p.Revisions.Hashes, hashOf(i-1))
		}
		made, _ = made.Merge(p)
		made, _ = made.Stem(limit)
	}
	return made
}

func TestEncodedSizes(t *testing.T) {
	t.Parallel()
	first := history(1, 1000)
	assert.Len(t, first.Append(nil), 20)
	late, _ := revtree.Tree{}.Merge(revtree.Path{Revisions: core.Revisions{Start: 1, Hashes: []string{hashOf(1)}}, Body: 1_000_000})
	assert.Len(t, late.Append(nil), 22)

	long := history(2000, 1000)
	assert.Equal(t, 1000, long.Len())
	assert.Len(t, long.Append(nil), 1+1+1+1+1000*18) // the head, a generation and a body of two bytes
	compacted, bodies := long.WithoutInnerBodies()
	assert.Len(t, bodies, 999)
	assert.Len(t, compacted.Append(nil), 1+1+2+1000*17+1)
}

func TestManyLeavesAreCounted(t *testing.T) {
	t.Parallel()
	var made revtree.Tree
	for i := 1; i <= 300; i++ {
		made, _ = made.Merge(revtree.Path{Revisions: core.Revisions{Start: 2, Hashes: []string{hashOf(i), "root"}}, Deleted: i%2 == 0, Body: uint64(i)})
		encoded := made.Append(nil)
		decoded, err := revtree.Decode(encoded)
		require.NoError(t, err)
		require.True(t, decoded.Equal(made))
		winner, leaves, err := revtree.DecodeWinner(encoded)
		require.NoError(t, err)
		require.Equal(t, i, leaves)
		require.Equal(t, made.Winner(), winner)
	}
}

func TestDecodeDoesNotShareMemory(t *testing.T) {
	t.Parallel()
	encoded := tree(t, "2-b a", "2-0123456789abcdef0123456789abcdef a").Append(nil)
	decoded, err := revtree.Decode(encoded)
	require.NoError(t, err)
	winner, _, err := revtree.DecodeWinner(encoded)
	require.NoError(t, err)
	was := show(decoded)
	clear(encoded)
	assert.Equal(t, was, show(decoded))
	assert.Equal(t, "2-b", winner.Rev.String())
}

func TestDecodeRefusesWhatIsNoTree(t *testing.T) {
	t.Parallel()
	good := tree(t, "3-c b a", "3-d b†").Append(nil)
	_, err := revtree.Decode(good)
	require.NoError(t, err)
	for size := range good {
		_, err := revtree.Decode(good[:size])
		assert.ErrorIs(t, err, core.ErrCorrupt, "the first %d bytes", size)
	}
	newer := append([]byte{2 | 1<<4}, good[1:]...)
	_, err = revtree.Decode(newer)
	require.ErrorIs(t, err, core.ErrNewerFormat)
	_, _, err = revtree.DecodeWinner(newer)
	require.ErrorIs(t, err, core.ErrNewerFormat)

	for name, encoded := range map[string]string{
		"version 0":                  "\x10",
		"a wrong number of leaves":   "\x21\x26\x01\x01a",
		"a leaf that is not marked":  "\x01\x24\x01\x01a",
		"a parent that is not there": "\x11\x66\x02\x01b",
		"a parent two below":         "\x11\x66\x03\x01b\x24\x02\x01a",
		"out of order":               "\x21\x26\x01\x01a\x06\x01b",
		"twice the same":             "\x21\x26\x01\x01a\x06\x01a",
		"no generation":              "\x11\x06\x01a",
		"a generation below 0":       "\x21\x26\x00\x01a\x16\x01b",
		"the zero revision":          "\x11\x26\x00\x00",
		"a hash longer than it all":  "\x11\x26\x01\xFF\xFF\xFF\xFF\x0Fa",
		"a body without number":      "\x11\x2E\x01\x01a\x00",
		"a number spelled too long":  "\x11\x26\x81\x00\x01a",
		"a number without end":       "\x11\x26" + strings.Repeat("\xFF", 11),
		"many leaves that are few":   "\xF1\x01\x26\x01\x01a",
	} {
		_, err := revtree.Decode([]byte(encoded))
		assert.ErrorIs(t, err, core.ErrCorrupt, name)
	}
	for name, encoded := range map[string]string{"nothing": "", "leaves without revisions": "\x21", "half a leaf": "\x11\x26\x01\x05a"} {
		_, _, err := revtree.DecodeWinner([]byte(encoded))
		assert.ErrorIs(t, err, core.ErrCorrupt, name)
	}
}

// A document edited 2,000 times under a limit above that stays readable (a tree that is decoded by recursion does not).
func TestLongHistory(t *testing.T) {
	t.Parallel()
	made := history(5000, 10000)
	decoded, err := revtree.Decode(made.Append(nil))
	require.NoError(t, err)
	require.True(t, decoded.Equal(made))
	assert.Len(t, decoded.RevsInfo(decoded.Winner().Rev), 5000)
	assert.Equal(t, "5000", strconv.FormatUint(decoded.LeavesBelow(core.Rev{Generation: 1, Hash: hashOf(1)})[0].Rev.Generation, 10))
}
