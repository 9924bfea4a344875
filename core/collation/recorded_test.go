package collation_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/internal/golden"
)

type recordedRow struct {
	ID    string          `json:"id"`
	Key   json.RawMessage `json:"key"`
	Equal bool            `json:"eq"`
}

type recordedOrders struct {
	ICU           []recordedRow `json:"icu"`
	Raw           []recordedRow `json:"raw"`
	RawGroupCount int           `json:"raw_group_count"`
	MangoOrder    []recordedRow `json:"mango_order"`
	AllDocs       []string      `json:"all_docs"`
}

func load(t testing.TB) recordedOrders {
	var orders recordedOrders
	golden.Load(t, "collation.json", &orders)
	require.NotEmpty(t, orders.ICU)
	require.Len(t, orders.Raw, len(orders.ICU))
	return orders
}

// places returns for each id the place of its key in a recorded order; equal keys share a place.
func places(rows []recordedRow) map[string]int {
	places := map[string]int{}
	place := 0
	for _, row := range rows {
		if !row.Equal {
			place++
		}
		places[row.ID] = place
	}
	return places
}

// difference is what decides the order of two values.
type difference int

const (
	none difference = iota
	byType
	byNumber
	byString
	byLength
)

func firstDifference(t testing.TB, a, b json.RawMessage) difference {
	kindOf := func(text json.RawMessage) byte {
		switch text[0] {
		case '[', '{', '"', 'n', 't', 'f':
			return text[0]
		}
		return '0'
	}
	if kindOf(a) != kindOf(b) {
		return byType
	}
	switch kindOf(a) {
	case '0':
		var x, y float64
		require.NoError(t, json.Unmarshal(a, &x))
		require.NoError(t, json.Unmarshal(b, &y))
		if x != y {
			return byNumber
		}
	case '"':
		var x, y string
		require.NoError(t, json.Unmarshal(a, &x))
		require.NoError(t, json.Unmarshal(b, &y))
		if x != y {
			return byString
		}
	case '[', '{':
		x, y := parts(t, a), parts(t, b)
		for i := range min(len(x), len(y)) {
			if d := firstDifference(t, x[i], y[i]); d != none {
				return d
			}
		}
		if len(x) != len(y) {
			return byLength
		}
	}
	return none
}

// parts returns the elements of an array, or the names and values of an object.
func parts(t testing.TB, text json.RawMessage) (parts []json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	_, err := decoder.Token()
	require.NoError(t, err)
	for decoder.More() {
		if text[0] == '{' {
			name, err := decoder.Token()
			require.NoError(t, err)
			quoted, err := json.Marshal(name)
			require.NoError(t, err)
			parts = append(parts, quoted)
		}
		var part json.RawMessage
		require.NoError(t, decoder.Decode(&part))
		parts = append(parts, part)
	}
	return parts
}

// Every pair of the recorded keys. Two orders were recorded: the ordinary one, in which strings are ordered by ICU, and the raw one,
// in which they are ordered by their bytes but types in another way. Ours is the ordinary one with the strings of the raw one, so what decides a
// pair tells which recording holds. Nothing is left out.
func TestOrderAsRecorded(t *testing.T) {
	t.Parallel()
	orders := load(t)
	icu, raw := places(orders.ICU), places(orders.Raw)
	decided := map[difference]int{}
	for i, a := range orders.ICU {
		for _, b := range orders.ICU[i+1:] {
			d := firstDifference(t, a.Key, b.Key)
			decided[d]++
			got := collation.Compare(a.Key, b.Key)
			if d != byString {
				require.Equal(t, cmp.Compare(icu[a.ID], icu[b.ID]), got, "%s and %s", a.Key, b.Key)
			}
			if d != byType {
				require.Equal(t, cmp.Compare(raw[a.ID], raw[b.ID]), got, "%s and %s", a.Key, b.Key)
			}
		}
	}
	for d := none; d <= byLength; d++ {
		assert.Positive(t, decided[d], "pairs decided by %d", d)
	}
}

// The same values in a Mango index do not pass through JavaScript, so that CouchDB orders integers beyond 2^53 exactly there. Deliberately, there is
// one order of values here: that of views, in which such integers are doubles and may be equal.
func TestMangoOrderAsRecorded(t *testing.T) {
	t.Parallel()
	orders := load(t)
	icu := places(orders.ICU)
	tied := 0
	for i, a := range orders.MangoOrder {
		for _, b := range orders.MangoOrder[i+1:] {
			if firstDifference(t, a.Key, b.Key) == byString {
				continue // raw order, which holds for these, is the business of TestOrderAsRecorded
			}
			got := collation.Compare(a.Key, b.Key)
			require.LessOrEqual(t, got, 0, "%s and %s", a.Key, b.Key)
			if got == 0 {
				tied++
				require.Equal(t, icu[a.ID], icu[b.ID], "%s and %s", a.Key, b.Key)
			}
		}
	}
	assert.Positive(t, tied)
}

// As many keys differ as there are groups when CouchDB groups a view by key, with strings by their bytes.
func TestGroupsAsRecorded(t *testing.T) {
	t.Parallel()
	orders := load(t)
	groups := map[string]bool{}
	for _, row := range orders.Raw {
		groups[string(collation.AppendKey(nil, row.Key))] = true
	}
	assert.Len(t, groups, orders.RawGroupCount)
}

func TestIDsAsRecorded(t *testing.T) {
	t.Parallel()
	ids := load(t).AllDocs
	require.NotEmpty(t, ids)
	assert.True(t, slices.IsSorted(ids))
	assert.True(t, slices.IsSortedFunc(ids, func(a, b string) int {
		return bytes.Compare(collation.AppendString(nil, a), collation.AppendString(nil, b))
	}))
	for _, id := range ids {
		text, rest, err := collation.DecodeString(append(collation.AppendString(nil, id), 7))
		require.NoError(t, err)
		assert.Equal(t, id, string(text))
		assert.Equal(t, []byte{7}, rest)
	}
}

// Each value of a list, in order, is less than the next.
func TestOrderByRule(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"types":                        `null false true -1 0 1 "" "a" [] [null] {} {"a":null}`,
		"numbers":                      `-1e308 -1e300 -256.5 -256 -1 -0.5 -4.9406564584124654e-324 0 4.9406564584124654e-324 1e-300 0.1 1 1.5 2 10 9007199254740991 9007199254740992 1e21 1.7976931348623157e308`,
		"strings by code point":        `"" "\u0000" "\u0000a" "\u0001" "\u0001\u0000" "\u0002" "A" "Z" "a" "a\u0000" "a\u0001" "aa" "b" "é" "\uffff" "😀" "\udbff\udfff"`,
		"arrays, the shorter first":    `[] [null] [null,1] [0,1] [1] [1,2] [1,[]] [2] ["a"] ["a","a"] ["b"] [[]] [[],1] [[1]] [{}]`,
		"objects, names before values": `{} {"":9} {"a":1} {"a":1,"b":1} {"a":1,"c":0} {"a":2} {"aa":0} {"b":0} {"b":0,"a":1}`,
	}
	for rule, list := range tests {
		t.Run(rule, func(t *testing.T) {
			t.Parallel()
			values := strings.Fields(list)
			for i, a := range values {
				for j, b := range values {
					require.Equal(t, cmp.Compare(i, j), collation.Compare([]byte(a), []byte(b)), "%s and %s", a, b)
					keyA, keyB := collation.AppendKey(nil, []byte(a)), collation.AppendKey(nil, []byte(b))
					require.Equal(t, cmp.Compare(i, j), bytes.Compare(keyA, keyB), "keys of %s and %s", a, b)
				}
			}
		})
	}
}
