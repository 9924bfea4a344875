package logkv

import (
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/core/kv/internal/tree"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// What is on disks has to be read by every version to come. Who changes these bytes has to count the version up, and to go on reading the old ones.
func TestFormat(t *testing.T) {
	t.Parallel()
	record, offset := appendOperation(make([]byte, headerSize), opInline, []byte("key"), []byte("value"))
	record, _ = appendOperation(record, opDelete, []byte("old"), nil)
	record, _ = appendOperation(record, opExternal, []byte("k"), []byte("long"))
	assert.Equal(t, 35, offset)
	record = seal(record, header{last: true, commit: commitID{writer: 0x0102030405060708, sequence: 9}, number: 0x0A0B, part: 3})
	assert.Equal(t, "02"+"01"+"0807060504030201"+"0900000000000000"+"0b0a000000000000"+"03000000"+
		"0d"+"6b6579"+"05"+"76616c7565"+"0c"+"6f6c64"+"06"+"6b"+"04"+"6c6f6e67"+"2755f6e2b4ca8e90", hex.EncodeToString(record))

	s := emptyState()
	s.head, s.logBytes, s.bytes = 7, 0x1234, 0x56
	s.tree.Put(tree.Pack([]byte("key"), []byte("value"), false))
	s.tree.Put(externalItem([]byte("keys"), address{record: 300, offset: 30, length: 5, checksum: 0x0C0D0E0F}))
	chunks := encoded(s)
	require.Len(t, chunks, 1)
	assert.Equal(t, "02"+"01"+"0700000000000000"+"00000000"+"3412000000000000"+"5600000000000000"+
		"02"+"17"+"00"+"06"+"6b6579"+"05"+"76616c7565"+"03"+"03"+"73"+"08"+"ac02"+"1e"+"05"+"0f0e0d0c"+"60405fae034e1c86", hex.EncodeToString(chunks[0]))
	assert.Equal(t, uint32(0xe94ea9c1), valueChecksum([]byte("value")))
}

func TestSnapshotsOfManyChunks(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for _, c := range []struct {
		name        string
		items       int
		key, value  int // the lengths that they have at most
		least, most int // chunks
	}{
		{"none", 0, 0, 0, 1, 1},
		{"one", 1, 10, 10, 1, 1},
		{"a page", pageItems, 10, 10, 1, 1},
		{"more than a page", pageItems + 1, 10, 10, 1, 1},
		{"small ones", 60_000, 20, 20, 3, 20},
		{"large ones", 600, 10, 10_000, 6, 30},
		{"larger than a chunk", 10, 2 * chunkBytes, 100, 2, 10},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newReplay(emptyState())
			for i := range c.items {
				key := []byte(strings.Repeat("k", random.IntN(c.key)) + fmt.Sprint(i))
				if i%3 == 0 {
					p.put(externalItem(key, address{record: random.Uint64N(1 << 40), offset: random.IntN(1 << 20), length: random.IntN(1 << 20), checksum: random.Uint32()}))
				} else {
					p.put(tree.Pack(key, make([]byte, random.IntN(c.value)), false))
				}
			}
			p.head, p.logBytes = random.Uint64(), random.Uint64()
			s, pauses := p.result(), 0
			chunks, err := encodeSnapshot(s, func() error { pauses++; return nil })
			require.NoError(t, err)
			assert.GreaterOrEqual(t, len(chunks), c.least)
			assert.LessOrEqual(t, len(chunks), c.most)
			assert.Equal(t, len(chunks)-1, pauses)
			for i, chunk := range chunks {
				base := tree.NewBase(decodePage)
				require.True(t, addPages(base, chunk))
				if tree.Over(base).Len() > 1 {
					assert.LessOrEqual(t, len(chunk), chunkBytes)
				}
				assert.Equal(t, c.items > 0, tree.Over(base).Len() > 0, "chunk %d", i)
			}
			again, err := decodeSnapshot(s.head, chunks, true)
			require.NoError(t, err)
			require.Equal(t, slices.Collect(s.tree.Scan(kv.Range{})), slices.Collect(again.tree.Scan(kv.Range{})))
			assert.Equal(t, []uint64{uint64(s.tree.Len()), s.head, s.logBytes, s.bytes}, []uint64{uint64(again.tree.Len()), again.head, again.logBytes, again.bytes})
			if len(chunks) > 1 {
				_, err = encodeSnapshot(s, func() error { return errAborted })
				assert.ErrorIs(t, err, errAborted)
				_, err = decodeSnapshot(s.head, chunks[:len(chunks)-1], false)
				assert.Error(t, err, "cut short")
				slices.Reverse(chunks)
				_, err = decodeSnapshot(s.head, chunks, false)
				assert.Error(t, err, "in another order")
			}
			_, err = decodeSnapshot(s.head+1, chunks, false)
			assert.Error(t, err, "of another state")
		})
	}
}

func encoded(s *state) [][]byte {
	chunks, _ := encodeSnapshot(s, func() error { return nil })
	return chunks
}

// The pages of a snapshot follow one another: where one begins is looked at when it is opened, where one ends when all of it is.
func TestPagesInTheWrongOrder(t *testing.T) {
	t.Parallel()
	page := func(keys ...string) []byte {
		s := emptyState()
		for _, key := range keys {
			s.tree.Put(tree.Pack([]byte(key), []byte("v"), false))
		}
		chunk := encoded(s)[0]
		return chunk[chunkHeaderSize : len(chunk)-checksumSize]
	}
	header := encoded(emptyState())[0][:chunkHeaderSize]
	for _, c := range []struct {
		name           string
		pages          [][]byte
		opened, wholly bool
	}{
		{"in order", [][]byte{page("a", "b"), page("c"), page("d", "e")}, true, true},
		{"one before the other", [][]byte{page("c"), page("a", "b")}, false, false},
		{"twice the same", [][]byte{page("a"), page("a")}, false, false},
		{"twice the same begin", [][]byte{page("a", "b"), page("a", "c")}, false, false},
		{"one within the other", [][]byte{page("a", "d"), page("b", "c")}, true, false},
		{"the end of one is the begin of the other", [][]byte{page("a", "b"), page("b", "c")}, true, false},
	} {
		chunk := appendChecksum(slices.Concat(append([][]byte{header}, c.pages...)...))
		_, err := decodeSnapshot(0, [][]byte{chunk}, false)
		assert.Equal(t, c.opened, err == nil, "%s: %v", c.name, err)
		_, err = decodeSnapshot(0, [][]byte{chunk}, true)
		assert.Equal(t, c.wholly, err == nil, "%s: %v", c.name, err)
	}
}
