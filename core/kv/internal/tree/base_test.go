package tree

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// A tree over a base is what a plain tree with the same items is, whatever is done to both.
func TestATreeOverABaseIsLikeAPlainOne(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range seeds.Rounds(60) {
		plain := New()
		for range random.IntN(400) {
			plain.Put(Pack(randomBytes(random, 5), randomBytes(random, 3), false))
		}
		based := overPagesOf(plain, 1+random.IntN(9))
		var older [][2]*Tree
		for range 300 {
			key := randomBytes(random, 5)
			switch random.IntN(6) {
			case 0, 1:
				item := Pack(key, randomBytes(random, 3), false)
				want, replaced := plain.Put(item)
				got, also := based.Put(item)
				require.Equal(t, [2]any{want, replaced}, [2]any{got, also}, "seed %d, round %d", seed, round)
			case 2, 3:
				want, deleted := plain.Delete(key)
				got, also := based.Delete(key)
				require.Equal(t, [2]any{want, deleted}, [2]any{got, also}, "seed %d, round %d", seed, round)
			case 4:
				older = append(older, [2]*Tree{plain, based})
				plain, based = plain.Copy(), based.Copy()
			default:
				requireSame(t, random, plain, based)
			}
		}
		for _, pair := range append(older, [2]*Tree{plain, based}) {
			requireSame(t, random, pair[0], pair[1])
		}
	}
}

// overPagesOf makes a base of the items of a tree, and decodes them by looking them up.
func overPagesOf(from *Tree, pageItems int) *Tree {
	pages := map[string][]Item{}
	base := NewBase(func(first []byte, count int) []Item {
		if items := pages[string(first)]; len(items) == count {
			return items
		}
		panic("a page is asked for that there is not")
	})
	for items := range slices.Chunk(slices.Collect(from.Scan(kv.Range{})), pageItems) {
		pages[string(items[0].Key())] = items
		base.Add(items[0].Key(), items[0].Key(), len(items))
	}
	return Over(base)
}

func requireSame(t *testing.T, random *rand.Rand, plain, based *Tree) {
	t.Helper()
	require.Equal(t, plain.Len(), based.Len())
	r := kv.Range{Reverse: random.IntN(2) == 0}
	if random.IntN(3) > 0 {
		r.From = randomBytes(random, 5)
	}
	if random.IntN(3) > 0 {
		r.To = randomBytes(random, 5)
	}
	require.Equal(t, slices.Collect(plain.Scan(r)), slices.Collect(based.Scan(r)), "%+v", r)
	most := 1 + random.IntN(5)
	for item := range based.Scan(r) { // leaving early is fine
		if most--; most == 0 {
			require.NotEmpty(t, item)
			break
		}
	}
	keys := make([][]byte, 20)
	for i := range keys {
		keys[i] = randomBytes(random, 5)
		want, found := plain.Get(keys[i])
		got, also := based.Get(keys[i])
		require.Equal(t, [2]any{want, found}, [2]any{got, also})
	}
	requireMany(t, plain, based, keys)
	slices.SortFunc(keys, bytes.Compare)
	requireMany(t, plain, based, keys)
	// Keys in a row, now and then one that is left out, is not there, or comes twice.
	var row [][]byte
	for item := range plain.Scan(kv.Range{}) {
		switch random.IntN(12) {
		case 0:
		case 1:
			row = append(row, item.Key(), randomBytes(random, 5))
		case 2:
			row = append(row, item.Key(), item.Key())
		default:
			row = append(row, item.Key())
		}
	}
	requireMany(t, plain, based, row)
}

// requireMany checks that GetMany finds what Get finds.
func requireMany(t *testing.T, plain, based *Tree, keys [][]byte) {
	t.Helper()
	var want [][2]any
	for i, key := range keys {
		if item, found := plain.Get(key); found {
			want = append(want, [2]any{i, item})
		}
	}
	for _, tree := range []*Tree{plain, based} {
		var got [][2]any
		tree.GetMany(keys, func(i int, item Item) { got = append(got, [2]any{i, item}) })
		require.Equal(t, want, got)
	}
}

// A page that cannot be understood is not a page without items.
func TestDamagedPagesAreNoticed(t *testing.T) {
	t.Parallel()
	all := []Item{Pack([]byte("a"), nil, false), Pack([]byte("b"), nil, false), Pack([]byte("c"), nil, false)}
	open := func() (*Tree, *Base) {
		base := NewBase(func(encoded []byte, _ int) []Item {
			if encoded[0] == 'b' {
				return nil
			}
			return all[encoded[0]-'a':][:1]
		})
		for _, item := range all {
			base.Add(item.Key(), item.Key(), 1)
		}
		return Over(base), base
	}
	for name, look := range map[string]func(*Tree){
		"get":      func(tree *Tree) { tree.Get([]byte("bb")) },
		"get many": func(tree *Tree) { tree.GetMany([][]byte{[]byte("b")}, func(int, Item) {}) },
		"row":      func(tree *Tree) { tree.GetMany([][]byte{[]byte("a"), []byte("b"), []byte("c")}, func(int, Item) {}) },
		"scan":     func(tree *Tree) { _ = slices.Collect(tree.Scan(kv.Range{})) },
		"back":     func(tree *Tree) { _ = slices.Collect(tree.Scan(kv.Range{Reverse: true})) },
		"from":     func(tree *Tree) { _ = slices.Collect(tree.Scan(kv.Range{From: []byte("b")})) },
		"put":      func(tree *Tree) { tree.Put(all[1]) },
		"delete":   func(tree *Tree) { tree.Delete([]byte("b")) },
	} {
		tree, _ := open()
		tree.Get([]byte("a"))
		tree.Get([]byte("c"))
		require.False(t, tree.Damaged(), name)
		copied := tree.Copy()
		look(copied)
		require.True(t, copied.Damaged(), name)
		require.True(t, tree.Damaged(), name)
	}
	tree, base := open()
	require.False(t, base.Sound())
	require.True(t, tree.Damaged())
}
