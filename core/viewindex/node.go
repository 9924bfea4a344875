package viewindex

import (
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// node is the value of a node.
type node struct {
	version uint64
	rows    uint64
	states  [][]byte // by reduce function; nil: not known
}

func (n *node) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, n.version)
	dst = binary.AppendUvarint(dst, n.rows)
	for _, state := range n.states {
		if state == nil {
			dst = append(dst, 0)
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(len(state))+1)
		dst = append(dst, state...)
	}
	return dst
}

var errNode = core.ErrCorrupt.Because("a node of a view cannot be read")

// readNode reads a node, whose states share memory with value.
func readNode(value []byte) (n node, err error) {
	r := numbers{rest: value}
	n.version, n.rows = r.next(), r.next()
	for len(r.rest) > 0 && !r.bad {
		length := r.next()
		if length == 0 {
			n.states = append(n.states, nil)
			continue
		}
		n.states = append(n.states, r.bytes(length-1))
	}
	if r.bad {
		return n, errNode
	}
	return n, nil
}

// nodeRows reads only the number of rows.
func nodeRows(value []byte) (uint64, error) {
	r := numbers{rest: value}
	r.next()
	rows := r.next()
	if r.bad {
		return 0, errNode
	}
	return rows, nil
}

// maker makes the value of a node of what is in it.
type maker struct {
	rows     uint64
	reducers []mapreduce.Reducer // nil for those that are not built in
	values   bool                // one of them is
	keyed    bool                // one of them needs the keys of rows
}

func newMaker(reduces []string) (*maker, error) {
	k := &maker{reducers: make([]mapreduce.Reducer, len(reduces))}
	for i, name := range reduces {
		if !mapreduce.IsBuiltin(name) {
			continue
		}
		reducer, err := mapreduce.NewReducer(name)
		if err != nil {
			return nil, err
		}
		k.reducers[i], k.values = reducer, true
		k.keyed = k.keyed || mapreduce.NeedsKeys(name)
	}
	return k, nil
}

func (k *maker) reset() {
	k.rows = 0
	for _, r := range k.reducers {
		if r != nil {
			r.Reset()
		}
	}
}

// addRow adds a row; its value is only needed when k.values says so.
func (k *maker) addRow(row, stored []byte) error {
	k.rows++
	if !k.values {
		return nil
	}
	_, value, err := mapreduce.DecodeValue(stored)
	if err != nil {
		return err
	}
	var key []byte
	if k.keyed {
		rest, err := collation.Skip(row)
		if err != nil {
			return err
		}
		key = row[:len(row)-len(rest)]
	}
	for _, r := range k.reducers {
		if r != nil {
			r.AddRow(key, value)
		}
	}
	return nil
}

func (k *maker) addNode(n *node) error {
	if n.rows == 0 {
		return nil
	}
	k.rows += n.rows
	if len(n.states) != len(k.reducers) {
		return errNode
	}
	for i, r := range k.reducers {
		if r == nil {
			continue
		}
		if n.states[i] == nil {
			return errNode
		}
		if err := r.AddState(n.states[i]); err != nil {
			return err
		}
	}
	return nil
}

func (k *maker) node(version uint64) node {
	n := node{version: version, rows: k.rows, states: make([][]byte, len(k.reducers))}
	for i, r := range k.reducers {
		if r != nil {
			n.states[i] = r.AppendState([]byte{})
		}
	}
	return n
}
