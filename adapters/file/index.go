package file

import (
	"cmp"
	"slices"
)

// place is where a payload is in the file.
type place struct {
	offset int64
	length int
}

// recordPlace is a record's.
type recordPlace struct {
	number uint64
	place
}

// snapshotPlaces are those of a snapshot's chunks.
type snapshotPlaces struct {
	covers uint64
	chunks []place
}

// index tells where everything is.
type index struct {
	records   []recordPlace    // ascending
	snapshots []snapshotPlaces // the newest first; two at most
}

// head is the number of the newest record.
func (x *index) head() uint64 {
	if len(x.records) == 0 {
		return 0
	}
	return x.records[len(x.records)-1].number
}

// find returns where in records a number is or would be.
func (x *index) find(number uint64) (int, bool) {
	return slices.BinarySearchFunc(x.records, number, func(r recordPlace, n uint64) int { return cmp.Compare(r.number, n) })
}

// addSnapshot adds a snapshot, which replaces one that covers as much, and drops all but the newest two.
func (x *index) addSnapshot(added snapshotPlaces) {
	x.snapshots = slices.DeleteFunc(slices.Clone(x.snapshots), func(s snapshotPlaces) bool { return s.covers == added.covers })
	x.snapshots = append(x.snapshots, added)
	slices.SortFunc(x.snapshots, newestFirst)
	x.snapshots = x.snapshots[:min(2, len(x.snapshots))]
}

func newestFirst(a, b snapshotPlaces) int { return cmp.Compare(b.covers, a.covers) }

// needed returns how large a file with nothing but what the index refers to is.
func (x *index) needed() int64 {
	size := int64(fileHeaderSize)
	for _, r := range x.records {
		size += frameHeaderSize + int64(r.length)
	}
	for _, s := range x.snapshots {
		for _, chunk := range s.chunks {
			size += frameHeaderSize + int64(chunk.length)
		}
	}
	return size
}
