package revtree

import "github.com/gouchdb/gouchdb/core"

// Decode is the reverse of [Tree.Append]. The tree shares no memory with encoded. Bytes that Append does not write are a *[core.Error]
// ErrCorrupt, those of a later version ErrNewerFormat.
func Decode(encoded []byte) (Tree, error) {
	r := reader{encoded: encoded}
	leaves := r.head()
	text := string(encoded) // all hashes are parts of this one copy
	t := Tree{nodes: make([]node, 0, len(encoded)/(hashSize+1)+1)}
	var record record
	for r.more() {
		r.next(&record)
		child := int32(len(t.nodes))
		t.nodes = append(t.nodes, record.node(text[record.hashFrom:record.hashTo]))
		for _, distance := range record.moreParents {
			t.more = append(t.more, edge{child, child + distance})
		}
	}
	if r.failure != nil {
		return Tree{}, r.failure
	}
	if err := t.Check(); err != nil {
		return Tree{}, err
	}
	if leaves != t.leafCount() {
		return Tree{}, corrupt("the number of leaves is wrong")
	}
	if t.IsEmpty() {
		return Tree{}, nil
	}
	return t, nil
}

// DecodeWinner returns the winner of an encoded tree, and how many leaves the tree has. It reads and validates no more of the encoding than
// that takes: for a document without conflicts the first revision, else as far as the first living leaf.
func DecodeWinner(encoded []byte) (winner Node, leaves int, err error) {
	r := reader{encoded: encoded}
	leaves = r.head()
	var next, tombstone record
	for seen := 0; seen < leaves && r.more(); {
		r.next(&next)
		switch {
		case r.failure != nil || next.flags&flagLeaf == 0:
			continue
		case next.flags&flagDeleted == 0:
			return r.public(&next), leaves, nil
		case seen == 0:
			tombstone = next
		}
		seen++
		if seen == leaves {
			return r.public(&tombstone), leaves, nil
		}
	}
	if r.failure == nil && leaves > 0 {
		r.fail("a leaf is missing")
	}
	if r.failure != nil {
		return Node{}, 0, r.failure
	}
	return Node{}, 0, nil
}

func (record *record) node(hash string) node {
	return node{
		rev:     core.Rev{Generation: record.generation, Hash: hash},
		body:    record.body,
		parent:  record.parent,
		deleted: record.flags&flagDeleted != 0,
		leaf:    record.flags&flagLeaf != 0,
	}
}

func (r *reader) public(record *record) Node {
	n := record.node(string(r.encoded[record.hashFrom:record.hashTo]))
	return n.public()
}

func corrupt(reason string) error { return core.ErrCorrupt.Because("revision tree: " + reason) }
