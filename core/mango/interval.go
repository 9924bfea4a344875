package mango

import (
	"bytes"
	"slices"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/order"
)

// interval is a stretch of values, by their keys: from low on, up to but without high.
type interval struct{ low, high []byte }

// intervals are values that a field may have: in order, without overlap.
type intervals []interval

var (
	lowest  = []byte{}
	highest = []byte{collation.Highest}
	all     = intervals{{lowest, highest}}
)

func (set intervals) isAll() bool {
	return len(set) == 1 && len(set[0].low) == 0 && bytes.Equal(set[0].high, highest)
}

// point is the interval of a value and all that collate equal. Its bounds are those of the composite keys that begin with the value.
func point(value []byte) interval {
	key := collation.AppendKey(nil, value)
	return interval{key, after(key)}
}

// after returns the bound above all composite keys that begin with key.
func after(key []byte) []byte { return append(key[:len(key):len(key)], collation.Highest) }

// isPoint reports whether the interval holds a single value.
func (i interval) isPoint() bool {
	last := len(i.high) - 1
	return last == len(i.low) && last > 0 && i.high[last] == collation.Highest && bytes.Equal(i.high[:last], i.low)
}

func (set intervals) arePoints() bool {
	for _, each := range set {
		if !each.isPoint() {
			return false
		}
	}
	return true
}

// havePoints reports whether there is a single value among the intervals.
func (set intervals) havePoints() bool { return slices.ContainsFunc(set, interval.isPoint) }

// areMostlyPoints reports whether the set is what a $in allows: values, and arrays, which may have the values as elements.
func (set intervals) areMostlyPoints() bool {
	for _, each := range set {
		if !each.isPoint() && !(bytes.Equal(each.low, arrays.low) && bytes.Equal(each.high, arrays.high)) {
			return false
		}
	}
	return len(set) == 0 || set.havePoints()
}

// single reports whether the set is one value.
func (set intervals) single() bool { return len(set) == 1 && set[0].isPoint() }

// arrays are the values that are arrays.
var arrays = ofKinds(kinds(rawjson.Array))[0]

// singleBytes are the bounds of kinds, which nobody changes.
var singleBytes = [...]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}

// ofKinds returns the values of some kinds.
func ofKinds(set kindSet) intervals {
	found := make(intervals, 0, 1)
	for kind := rawjson.Kind(0); set>>kind != 0; kind++ {
		if set.has(kind) {
			first, last := collation.FirstBytes(kind)
			found = append(found, interval{singleBytes[first : first+1 : first+1], singleBytes[last+1 : last+2 : last+2]})
		}
	}
	return found.normalised()
}

// withPrefix returns the strings that begin with a text.
func withPrefix(prefix []byte) interval {
	open := func(text []byte) []byte {
		key := collation.AppendString(nil, text)
		return key[:len(key)-1] // without the end of the string
	}
	end := bytes.Clone(prefix)
	for len(end) > 0 && end[len(end)-1] == 0xFF {
		end = end[:len(end)-1]
	}
	if len(end) == 0 {
		return ofKinds(kinds(rawjson.String))[0]
	}
	end[len(end)-1]++
	return interval{open(prefix), open(end)}
}

// normalised puts intervals in order and joins those that overlap or touch.
func (set intervals) normalised() intervals {
	order.Func(set, func(a, b interval) int { return bytes.Compare(a.low, b.low) })
	joined := set[:0]
	for _, each := range set {
		if bytes.Compare(each.low, each.high) >= 0 {
			continue
		}
		if last := len(joined) - 1; last >= 0 && bytes.Compare(each.low, joined[last].high) <= 0 {
			if bytes.Compare(each.high, joined[last].high) > 0 {
				joined[last].high = each.high
			}
			continue
		}
		joined = append(joined, each)
	}
	return joined
}

func (set intervals) union(other intervals) intervals {
	return append(slices.Clone(set), other...).normalised()
}

func (set intervals) intersection(other intervals) intervals {
	common := intervals{}
	for i, j := 0, 0; i < len(set) && j < len(other); {
		a, b := set[i], other[j]
		low, high := a.low, a.high
		if bytes.Compare(b.low, low) > 0 {
			low = b.low
		}
		if bytes.Compare(b.high, high) < 0 {
			high = b.high
		}
		if bytes.Compare(low, high) < 0 {
			common = append(common, interval{low, high})
		}
		if bytes.Compare(a.high, b.high) < 0 {
			i++
		} else {
			j++
		}
	}
	return common
}
