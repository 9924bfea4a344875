package viewindex

import (
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core"
)

// node is the value of a node.
type node struct {
	version uint64
	rows    uint64
	states  [][]byte // by reduce function; nil: not known
	runs    []byte   // see run
}

func (n *node) append(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, n.version)
	dst = binary.AppendUvarint(dst, n.rows)
	dst = binary.AppendUvarint(dst, uint64(len(n.states)))
	for _, state := range n.states {
		dst = appendState(dst, state)
	}
	return append(dst, n.runs...)
}

func appendState(dst, state []byte) []byte {
	if state == nil {
		return append(dst, 0)
	}
	return append(binary.AppendUvarint(dst, uint64(len(state))+1), state...)
}

var errNode = core.ErrCorrupt.Because("a node of a view cannot be read")

// readNode reads a node, whose states share memory with value.
func readNode(value []byte) (n node, err error) {
	r := numbers{rest: value}
	n.version, n.rows = r.next(), r.next()
	for count := r.next(); count > 0 && !r.bad; count-- {
		n.states = append(n.states, r.state())
	}
	if r.bad {
		return n, errNode
	}
	n.runs = r.rest
	return n, nil
}

// state reads what a reduce function made of rows, nil when that is not known.
func (r *numbers) state() []byte {
	if length := r.next(); length > 0 {
		return r.bytes(length - 1)
	}
	return nil
}

// stateOf reads so many states, and returns one of them, nil when it is not there.
func (r *numbers) stateOf(slot int, count uint64) (state []byte) {
	for i := uint64(0); i < count && !r.bad; i++ {
		if read := r.state(); i == uint64(slot) {
			state = read
		}
	}
	return state
}

// nodeState reads the number of rows and one state, which is nil when it is not known.
func nodeState(value []byte, slot int) (rows uint64, state []byte, err error) {
	r := numbers{rest: value}
	r.next()
	rows = r.next()
	if state = r.stateOf(slot, r.next()); r.bad {
		return 0, nil, errNode
	}
	return rows, state, nil
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
