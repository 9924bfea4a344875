package backtrack

// node is a part of a pattern.
type node interface {
	// first returns the bytes that what the node matches can begin with, and whether it can match nothing.
	first() (bytes byteSet, empty bool)
}

type (
	character    struct{ set *set } // one character of a set
	literal      rune               // one character
	sequence     []node             // one after the other
	alternatives []node             // one of them, the earlier the better
	beginning    struct{}           // of the text
	group        struct {
		body   node
		number int
	} // remembers what it matched; numbers begin with 0
	reference int      // what a group has matched; nothing, if it has matched nothing yet
	look      struct { // matches where its body does, or does not, without consuming anything
		body            node
		behind, negated bool
	}
	repetition struct {
		body        node
		least, most int // unlimited, if most is negative
		lazy        bool
		from, to    int // groups inside
	}
)

func (n character) first() (byteSet, bool) { return n.set.leads, false }

func (n literal) first() (bytes byteSet, empty bool) {
	bytes.put(leadByte(rune(n)))
	return bytes, false
}

func (n sequence) first() (bytes byteSet, empty bool) {
	for _, part := range n {
		more, empty := part.first()
		bytes.add(more)
		if !empty {
			return bytes, false
		}
	}
	return bytes, true
}

func (n alternatives) first() (bytes byteSet, empty bool) {
	for _, part := range n {
		more, nothing := part.first()
		bytes.add(more)
		empty = empty || nothing
	}
	return bytes, empty
}

func (n group) first() (byteSet, bool) { return n.body.first() }

func (n repetition) first() (byteSet, bool) {
	bytes, empty := n.body.first()
	return bytes, empty || n.least == 0
}

func (n reference) first() (byteSet, bool) {
	const all = 1<<64 - 1
	return byteSet{all, all, all, all}, true
}

// What consumes nothing leaves it to the next node what the text begins with.
func (n look) first() (bytes byteSet, empty bool)      { return bytes, true }
func (n beginning) first() (bytes byteSet, empty bool) { return bytes, true }
