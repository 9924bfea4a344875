package livequery

import (
	"slices"
	"sort"
)

// difference returns the steps from one result to another. As few documents as possible are moved.
func difference(before, after []*entry) (changes []Change) {
	target := make(map[string]int, len(after))
	for i, e := range after {
		target[e.id] = i
	}
	var current []*entry
	for i := len(before) - 1; i >= 0; i-- {
		if _, stays := target[before[i].id]; !stays {
			changes = append(changes, Change{Type: Removed, ID: before[i].id, From: i, To: -1})
		}
	}
	was := map[string]*entry{}
	for _, e := range before {
		if _, stays := target[e.id]; stays {
			current = append(current, e)
			was[e.id] = e
		}
	}
	still := inOrder(current, target)
	at := 0 // everything in after up to here is in its place in current before this index
	for _, e := range after {
		old := was[e.id]
		switch {
		case old == nil:
			current = slices.Insert(current, at, e)
			changes = append(changes, Change{Type: Added, ID: e.id, From: -1, To: at, Doc: e.doc})
		case still[e.id]:
			for current[at] != old {
				at++ // over those that will be moved away
			}
			if !old.same(e) {
				changes = append(changes, Change{Type: Changed, ID: e.id, From: at, To: at, Doc: e.doc})
			}
		default:
			from := slices.Index(current, old)
			current = slices.Delete(current, from, from+1)
			if from < at {
				at--
			}
			current = slices.Insert(current, at, old)
			changes = append(changes, Change{Type: Moved, ID: e.id, From: from, To: at, Doc: e.doc})
		}
		at++
	}
	return changes
}

// inOrder returns the ids of a longest part of entries that are in the order of their targets: these need not be moved.
func inOrder(entries []*entry, target map[string]int) map[string]bool {
	var ends []int // for each length, the entry with the least target that such a part can end with
	before := make([]int, len(entries))
	for i, e := range entries {
		length := sort.Search(len(ends), func(k int) bool { return target[entries[ends[k]].id] > target[e.id] })
		before[i] = -1
		if length > 0 {
			before[i] = ends[length-1]
		}
		if length == len(ends) {
			ends = append(ends, i)
		} else {
			ends[length] = i
		}
	}
	still := make(map[string]bool, len(ends))
	if len(ends) > 0 {
		for i := ends[len(ends)-1]; i >= 0; i = before[i] {
			still[entries[i].id] = true
		}
	}
	return still
}
