package revtree_test

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/revtree"
)

func BenchmarkFirstWrite(b *testing.B) {
	b.ReportAllocs()
	hashes := []string{hashOf(1)}
	for i := 0; b.Loop(); i++ {
		made, _ := revtree.Tree{}.Merge(revtree.Path{Revisions: core.Revisions{Start: 1, Hashes: hashes}, Body: uint64(i + 1)})
		made.Append(nil)
	}
}

// One edit of a document with 1,000 revisions, from bytes to bytes.
func BenchmarkEditLongHistory(b *testing.B) {
	encoded := history(2000, 1000).Append(nil)
	b.ReportAllocs()
	b.ReportMetric(float64(len(encoded)), "bytes")
	for b.Loop() {
		made, err := revtree.Decode(encoded)
		require.NoError(b, err)
		made, _ = made.Merge(revtree.Path{Revisions: core.Revisions{Start: 2001, Hashes: []string{hashOf(2001), hashOf(2000)}}, Body: 2001})
		made, _ = made.Stem(1000)
		encoded2 := made.Append(make([]byte, 0, len(encoded)+32))
		if len(encoded2) == 0 {
			b.Fatal("nothing was encoded")
		}
	}
}

func BenchmarkEditShortHistory(b *testing.B) {
	encoded := history(5, 1000).Append(nil)
	b.ReportAllocs()
	for b.Loop() {
		made, err := revtree.Decode(encoded)
		require.NoError(b, err)
		made, _ = made.Merge(revtree.Path{Revisions: core.Revisions{Start: 6, Hashes: []string{hashOf(6), hashOf(5)}}, Body: 6})
		made, _ = made.Stem(1000)
		made.Append(nil)
	}
}

func Benchmark2000Edits(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		history(2000, 1000)
	}
}

// A replicated write brings all of a long ancestry, most of it known.
func BenchmarkReplicatedEdit(b *testing.B) {
	made := history(2000, 1000)
	ancestry, _ := made.Ancestry(made.Winner().Rev)
	p := revtree.Path{Revisions: core.Revisions{Start: 2001, Hashes: append([]string{hashOf(2001)}, ancestry.Hashes...)}, Body: 2001}
	b.ReportAllocs()
	for b.Loop() {
		made.Merge(p)
	}
}

func BenchmarkMergeBushyTrees(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	bushy := func() revtree.Tree {
		var made revtree.Tree
		for range 200 {
			p := revtree.Path{Revisions: core.Revisions{Start: 10}, Body: 1}
			for generation := range 10 {
				p.Revisions.Hashes = append(p.Revisions.Hashes, hashOf(random.IntN(1+(10-generation)*(10-generation))))
			}
			made, _ = made.Merge(p)
		}
		return made
	}
	one, other := bushy(), bushy()
	b.ReportAllocs()
	for b.Loop() {
		revtree.Merge(one, other)
	}
}

func BenchmarkDecodeWinner(b *testing.B) {
	for name, made := range map[string]revtree.Tree{"first": history(1, 1), "long": history(1000, 1000), "conflict": tree(b, "2-b a", "2-c a")} {
		encoded := made.Append(nil)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := revtree.DecodeWinner(encoded); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
