package tree

import (
	"fmt"
	"testing"
)

// benchTree has the keys of a database of 10,000 documents, in the order in which they are written, and those of documents in a list.
func benchTree() (*Tree, [][]byte) {
	t := New()
	var ids [][]byte
	for n := range 10_000 {
		id := fmt.Appendf(nil, "dtask-%08d", n)
		ids = append(ids, id)
		t.Put(Pack(id, make([]byte, 40), false))
		t.Put(Pack([]byte{'s', 2, byte(n >> 8), byte(n)}, id, false))
		t.Put(Pack([]byte{'b', 2, byte(n >> 8), byte(n)}, make([]byte, 8), true))
	}
	return t, ids
}

// Keys that are looked up together, each a hundred items behind the one before.
func BenchmarkGetManyApart(b *testing.B) {
	t, ids := benchTree()
	var keys [][]byte
	for n := 37; n < len(ids); n += 100 {
		keys = append(keys, ids[n])
	}
	found := 0
	for b.Loop() {
		found = 0
		t.GetMany(keys, func(int, Item) { found++ })
	}
	if found != len(keys) {
		b.Fatal(found)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(keys)), "ns/key")
}

// Keys that are looked up together, each the next one.
func BenchmarkGetManyInARow(b *testing.B) {
	t, ids := benchTree()
	for b.Loop() {
		t.GetMany(ids[5000:5100], func(int, Item) {})
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/key")
}

func BenchmarkGet(b *testing.B) {
	t, ids := benchTree()
	n := 0
	for b.Loop() {
		n = (n + 7919) % len(ids)
		t.Get(ids[n])
	}
}

func BenchmarkFill(b *testing.B) {
	for b.Loop() {
		benchTree()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/30_000, "ns/item")
}
