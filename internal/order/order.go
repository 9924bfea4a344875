// Package order sorts slices of all types with one compiled algorithm. Package slices compiles its own for each type of element, ten kilobytes that every
// page loads, two dozen times.
package order

import "cmp"

// Func sorts a slice. Elements that compare equal keep their order.
func Func[E any](s []E, compare func(a, b E) int) {
	places := sorted(len(s), func(i, j int32) bool { return compare(s[i], s[j]) <= 0 })
	if places == nil {
		return
	}
	was := append([]E(nil), s...)
	for i, place := range places {
		s[i] = was[place]
	}
}

// Values sorts a slice of numbers or texts.
func Values[E cmp.Ordered](s []E) { Func(s, cmp.Compare[E]) }

// run is the length up to which insertion is faster than merging.
const run = 12

// sorted returns in which order n elements are to be taken, nil when it is the one in which they are. inOrder tells whether the
// element at i may stand before the one at j.
func sorted(n int, inOrder func(i, j int32) bool) []int32 {
	done := 1
	for done < n && inOrder(int32(done-1), int32(done)) {
		done++
	}
	if done >= n {
		return nil
	}
	places := make([]int32, 2*n)
	for i := range n {
		places[i] = int32(i)
	}
	merge(places[:n], places[n:], inOrder)
	return places[:n]
}

// merge sorts places with the help of a buffer of the same length.
func merge(places, buffer []int32, inOrder func(i, j int32) bool) {
	if len(places) <= run {
		for i := 1; i < len(places); i++ {
			for j := i; j > 0 && !inOrder(places[j-1], places[j]); j-- {
				places[j-1], places[j] = places[j], places[j-1]
			}
		}
		return
	}
	middle := len(places) / 2
	merge(places[:middle], buffer[:middle], inOrder)
	merge(places[middle:], buffer[middle:], inOrder)
	if inOrder(places[middle-1], places[middle]) {
		return
	}
	left := buffer[:copy(buffer[:middle], places)]
	right := places[middle:]
	for i := range places {
		if len(right) == 0 || len(left) > 0 && inOrder(left[0], right[0]) {
			places[i], left = left[0], left[1:]
		} else {
			places[i], right = right[0], right[1:]
		}
		if len(left) == 0 {
			return // what is left of the right half is in its place
		}
	}
}
