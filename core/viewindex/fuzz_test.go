package viewindex

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mapreduce"
)

// What is stored is read without a panic, whatever it is, and what is read is written as it was.
func FuzzRecords(f *testing.F) {
	state := State{Seq: 300, PurgeSeq: 1, Version: 7, Nodes: true, Counts: []uint64{5, 0}}
	f.Add(state.Append(nil))
	n := node{version: 3, rows: 40, states: [][]byte{nil, []byte("12"), {}}}
	f.Add(n.append(nil))
	n.runs = append(appendBytes(appendBytes(nil, []byte("row")), []byte("1.0")), 40)
	for _, state := range n.states {
		n.runs = appendState(n.runs, state)
	}
	f.Add(n.append(nil))
	var places []place
	for _, entry := range mapreduce.Entries("id", []core.Emitted{{Key: []byte("1"), Value: []byte("2")}, {Key: []byte("1"), Value: []byte("3")}}) {
		places = append(places, place{1, entry.Key})
	}
	f.Add(appendPlaces(nil, places))
	f.Fuzz(func(t *testing.T, data []byte) {
		if state, ok := ReadState(data); ok {
			again, ok := ReadState(state.Append(nil))
			require.True(t, ok)
			require.Equal(t, state, again)
		}
		if n, err := readNode(data); err == nil {
			again, err := readNode(n.append(nil))
			require.NoError(t, err)
			require.Equal(t, len(n.states), len(again.states))
			require.True(t, bytes.Equal(n.runs, again.runs))
			for i := range n.states {
				require.True(t, bytes.Equal(n.states[i], again.states[i]))
			}
		}
		_, _ = nodeRows(data)
		_, _, _ = nodeState(data, 1)
		_ = sameRows(data, 40)
		if places, err := readPlaces("id", data, 2); err == nil {
			for _, p := range places {
				require.Less(t, p.m, 2)
			}
		}
	})
}
