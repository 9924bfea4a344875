package viewindex

import (
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// maker makes the value of a node of what is in it.
type maker struct {
	rows     uint64
	reducers []mapreduce.Reducer // nil for those that are not built in
	values   bool                // one of them is
	keyed    bool                // one of them needs the keys of rows
	runs     runMaker
}

func newMaker(reduces []string) (*maker, error) {
	k := &maker{}
	for _, name := range reduces {
		if mapreduce.IsBuiltin(name) {
			k.values = true
			k.keyed = k.keyed || mapreduce.NeedsKeys(name)
		}
	}
	var err error
	if k.reducers, err = newReducers(reduces); err == nil {
		k.runs.reducers, err = newReducers(reduces)
	}
	return k, err
}

// newReducers returns the functions that are built in, and nil in the place of others.
func newReducers(reduces []string) ([]mapreduce.Reducer, error) {
	reducers := make([]mapreduce.Reducer, len(reduces))
	for i, name := range reduces {
		if !mapreduce.IsBuiltin(name) {
			continue
		}
		var err error
		if reducers[i], err = mapreduce.NewReducer(name); err != nil {
			return nil, err
		}
	}
	return reducers, nil
}

func (k *maker) reset() {
	k.rows = 0
	resetAll(k.reducers)
	k.runs.reset()
}

func resetAll(reducers []mapreduce.Reducer) {
	for _, r := range reducers {
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
	exact, value, err := mapreduce.DecodeValue(stored)
	if err != nil {
		return err
	}
	if !k.keyed && !k.runs.many {
		return k.addToRun(row, exact, value)
	}
	var key []byte
	if k.keyed {
		if key, err = keyOf(row); err != nil {
			return err
		}
	}
	addRow(k.reducers, key, value)
	return nil
}

func addRow(reducers []mapreduce.Reducer, key, value []byte) {
	for _, r := range reducers {
		if r != nil {
			r.AddRow(key, value)
		}
	}
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

func (k *maker) node(version uint64) (node, error) {
	if err := k.endRun(); err != nil {
		return node{}, err
	}
	n := node{runs: k.runs.take(), version: version, rows: k.rows, states: make([][]byte, len(k.reducers))}
	for i, r := range k.reducers {
		if r != nil {
			n.states[i] = r.AppendState([]byte{})
		}
	}
	return n, nil
}
