package logkv

// layer holds the records of a batch that is not in the log yet, as far as they had grown when a state was made of them. Nothing that it holds changes: the
// batch only appends, to its last record and after it. Below it there may be another batch, which is on its way into the log.
type layer struct {
	first uint64
	whole [][]byte // without their checksums
	last  []byte
	below *layer
}

func newLayer(first uint64, records [][]byte, below *layer) *layer {
	n := len(records) - 1
	return &layer{first: first, whole: records[:n:n], last: records[n], below: below}
}

// holds reports whether a record is in this layer or one below. A nil layer has none.
func (l *layer) holds(record uint64) bool {
	for ; l != nil; l = l.below {
		if record >= l.first {
			return true
		}
	}
	return false
}

// content returns a record that the layer holds.
func (l *layer) content(record uint64) []byte {
	for record < l.first {
		l = l.below
	}
	if i := record - l.first; i < uint64(len(l.whole)) {
		return l.whole[i]
	}
	return l.last
}
