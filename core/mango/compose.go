package mango

// maxRanges bounds how many ranges a plan has: the combinations of values in several $in.
const maxRanges = 1000

// compose makes ranges of composite keys from what the fields of an index may be. Where a field is fixed to a value, the next one
// narrows the range further; the ranges observe the bounds of the first applied fields.
func compose(sets []intervals) (ranges []Range, applied int) {
	combinations := 1
	for _, set := range sets {
		if set.isAll() || applied > 0 && combinations*len(set) > maxRanges {
			break
		}
		combinations *= len(set)
		applied++
		if !set.havePoints() {
			break
		}
	}
	if applied == 0 {
		return []Range{{lowest, highest}}, 0
	}
	return appendRanges(nil, nil, sets[:applied]), applied
}

// appendRanges appends the ranges of keys that begin with prefix, and go on with the sets. They come out in order because the sets are.
func appendRanges(ranges []Range, prefix []byte, sets []intervals) []Range {
	prefix = prefix[:len(prefix):len(prefix)]
	for _, each := range sets[0] {
		if each.isPoint() && len(sets) > 1 {
			ranges = appendRanges(ranges, append(prefix, each.low...), sets[1:])
		} else {
			ranges = append(ranges, Range{append(prefix, each.low...), append(prefix, each.high...)})
		}
	}
	return ranges
}
