package viewindex

import (
	"bytes"
	"encoding/binary"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

const (
	// mostRuns is how many runs a node may have. Reading the rows of one that has more is as quick.
	mostRuns = 4
	// mostRunBytes is how much they may take: what some functions make of rows is long.
	mostRunBytes = 1 << 10
)

// run is those rows of a node of the lowest level that have one key. A node whose rows have a few keys knows what built-in functions made of each run, so that
// groups can begin and end inside of it and its rows need not be read.
type run struct {
	row   []byte // the key of the first row
	exact []byte // the text of the key, nil when decoding the collation key gives it
	rows  uint64
	state []byte // of one reduce function, nil when it is not known
}

// runs are the runs of a node, to be read one by one.
type runs struct {
	numbers
	states uint64 // that each has
}

func runsOf(value []byte) (r runs) {
	r.rest = value
	r.numbers.next()
	r.numbers.next()
	r.states = r.numbers.next()
	r.stateOf(0, r.states)
	return r
}

// next reads a run, with one of its states.
func (r *runs) next(slot int) (read run, err error) {
	read.row = r.bytes(r.numbers.next())
	if exact := r.bytes(r.numbers.next()); len(exact) > 0 {
		read.exact = exact
	}
	read.rows = r.numbers.next()
	if read.state = r.stateOf(slot, r.states); r.bad {
		return read, errNode
	}
	return read, nil
}

// keyOf returns the collation key that a row key begins with.
func keyOf(row []byte) ([]byte, error) {
	rest, err := collation.Skip(row)
	if err != nil {
		return nil, err
	}
	return row[:len(row)-len(rest)], nil
}

// runMaker makes the runs of a node, of which all functions that are built in do without keys.
type runMaker struct {
	reducers []mapreduce.Reducer // of the run at hand
	key      []byte              // that all rows of the run at hand begin with
	rows     uint64              // in it; 0: there is none
	count    int
	made     []byte
	many     bool // there are too many: rows are added to the node
	state    []byte
}

func (m *runMaker) reset() {
	m.rows, m.count, m.made, m.many = 0, 0, m.made[:0], false
}

// take takes the runs that were made, unless there is only one, or too many.
func (m *runMaker) take() []byte {
	if m.many || m.count < 2 || len(m.made) > mostRunBytes {
		return nil
	}
	return bytes.Clone(m.made)
}

// addToRun adds a row to the run at hand, or to a new one.
func (k *maker) addToRun(row, exact, value []byte) error {
	m := &k.runs
	if m.rows == 0 || !bytes.HasPrefix(row, m.key) {
		if err := k.endRun(); err != nil {
			return err
		}
		if m.count == mostRuns {
			m.many = true
			addRow(k.reducers, nil, value)
			return nil
		}
		key, err := keyOf(row)
		if err != nil {
			return err
		}
		m.key = append(m.key[:0], key...)
		m.count++
		m.made = appendBytes(appendBytes(m.made, row), exact)
		resetAll(m.reducers)
	}
	m.rows++
	addRow(m.reducers, nil, value)
	return nil
}

// endRun adds the run at hand to the node.
func (k *maker) endRun() error {
	m := &k.runs
	if m.rows == 0 {
		return nil
	}
	if m.rows == k.rows { // it is all of the node, of which nothing needs to be printed for the run
		k.reducers, m.reducers, m.rows = m.reducers, k.reducers, 0
		return nil
	}
	m.made = binary.AppendUvarint(m.made, m.rows)
	m.rows = 0
	for i, r := range m.reducers {
		if r == nil {
			m.made = appendState(m.made, nil)
			continue
		}
		m.state = r.AppendState(m.state[:0])
		m.made = appendState(m.made, m.state)
		if err := k.reducers[i].AddState(m.state); err != nil {
			return err
		}
	}
	return nil
}

func appendBytes(dst, data []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(data))), data...)
}
