package kvtest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/kv"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

// testModel runs random scripts on a store and on the most obvious implementation there is, and compares everything.
func testModel(t *testing.T, h Harness) {
	first := seeds.For(t)
	for seed := first; seed < first+3; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			m := &model{t: t, harness: h, random: rand.New(rand.NewPCG(seed, 0)), entries: map[string]string{}}
			m.store = h.open(t)
			for step := range 150 {
				m.step(step)
			}
			if h.Reopen != nil {
				require.NoError(t, m.store.Close())
			}
		})
	}
}

type model struct {
	t       *testing.T
	harness Harness
	random  *rand.Rand
	store   kv.Store
	entries map[string]string
}

func (m *model) key() string { return fmt.Sprint("k", m.random.IntN(200)) }

// value returns a value that is small, as large as a document, or larger than a record, unlike all others.
func (m *model) value() string {
	unlike := fmt.Sprint(m.random.Uint64())
	switch n := m.random.IntN(20); {
	case n == 0:
		return ""
	case n == 1:
		return strings.Repeat(unlike, 1+m.random.IntN(5000))
	case n < 8:
		return strings.Repeat(unlike, 1+m.random.IntN(60))
	}
	return unlike
}

func (m *model) step(step int) {
	switch n := m.random.IntN(20); {
	case n < 12:
		m.update(step)
	case n == 12:
		require.NoError(m.t, m.store.Compact(context.Background()), "step %d", step)
	case n == 13 && m.harness.Reopen != nil:
		m.store = m.harness.Reopen(m.t, m.store)
	case n == 14:
		require.NoError(m.t, m.store.Refresh(context.Background()))
		require.NoError(m.t, m.store.Flush(context.Background()))
	default:
		m.compare(step)
	}
}

func (m *model) update(step int) {
	fails := m.random.IntN(6) == 0
	var after map[string]string
	n := 1 + m.random.IntN(30)
	err := m.store.Update(context.Background(), func(tx kv.Tx) error {
		after = maps.Clone(m.entries) // it may run again
		for range n {
			key := m.key()
			switch m.random.IntN(4) {
			case 0:
				tx.Delete([]byte(key))
				delete(after, key)
			case 1:
				text, err := getIn(tx, key)
				assert.NoError(m.t, err)
				assert.Equal(m.t, lookUp(after, key), text, "step %d, %s in a transaction", step, key)
			default:
				value := m.value()
				tx.Put([]byte(key), []byte(value))
				after[key] = value
			}
		}
		if fails {
			return errDeliberate
		}
		return nil
	})
	if fails {
		require.ErrorIs(m.t, err, errDeliberate)
		return
	}
	require.NoError(m.t, err, "step %d", step)
	m.entries = after
}

func lookUp(entries map[string]string, key string) string {
	if value, found := entries[key]; found {
		return brief(value)
	}
	return "absent"
}

// compare reads in all ways.
func (m *model) compare(step int) {
	r := kv.Range{Reverse: m.random.IntN(2) == 0, KeysOnly: m.random.IntN(4) == 0}
	if m.random.IntN(2) == 0 {
		r.From = []byte(m.key())
	}
	if m.random.IntN(2) == 0 {
		r.To = []byte(m.key())
	}
	want := []string{}
	for _, key := range slices.Sorted(maps.Keys(m.entries)) {
		if (r.From == nil || key >= string(r.From)) && (r.To == nil || key < string(r.To)) {
			want = append(want, key+"="+brief(m.entries[key]))
		}
	}
	if r.Reverse {
		slices.Reverse(want)
	}
	keys := []string{m.key(), m.key(), m.key(), m.key()}
	require.NoError(m.t, m.store.View(context.Background(), func(s kv.Snapshot) error {
		got := []string{}
		for entry, err := range s.Scan(context.Background(), r) {
			require.NoError(m.t, err, "step %d", step)
			value := string(entry.Value)
			if r.KeysOnly {
				value = m.entries[string(entry.Key)]
			}
			got = append(got, string(entry.Key)+"="+brief(value))
		}
		require.Equal(m.t, want, got, "step %d", step)
		var asked [][]byte
		for _, key := range keys {
			text, err := getIn(s, key)
			require.NoError(m.t, err, "step %d", step)
			require.Equal(m.t, lookUp(m.entries, key), text, "step %d", step)
			asked = append(asked, []byte(key))
		}
		values, err := s.GetMany(context.Background(), asked)
		require.NoError(m.t, err, "step %d", step)
		for i, key := range keys {
			value, found := m.entries[key]
			require.Equal(m.t, found, values[i] != nil, "step %d", step)
			require.Equal(m.t, brief(value), brief(string(values[i])), "step %d", step)
		}
		return nil
	}))
}
