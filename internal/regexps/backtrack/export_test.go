package backtrack

// MatchWithin is MatchString with another number of steps.
func (x *Regexp) MatchWithin(text string, steps int) (bool, error) { return x.match(text, steps) }

// Cased are all pairs of characters that differ only in case.
var Cased = cased
