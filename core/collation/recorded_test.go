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

// decoded is a key read by another parser.
type decoded struct {
	kind   byte // the first byte of the text, 0 for a number
	number float64
	text   string
	parts  []decoded // elements, or names and values
}

func decode(t testing.TB, key json.RawMessage) decoded {
	value := decoded{kind: key[0]}
	switch key[0] {
	case 'n', 't', 'f':
	case '"':
		require.NoError(t, json.Unmarshal(key, &value.text))
	case '[', '{':
		decoder := json.NewDecoder(bytes.NewReader(key))
		_, err := decoder.Token()
		require.NoError(t, err)
		for decoder.More() {
			if key[0] == '{' {
				name, err := decoder.Token()
				require.NoError(t, err)
				value.parts = append(value.parts, decoded{kind: '"', text: name.(string)})
			}
			var part json.RawMessage
			require.NoError(t, decoder.Decode(&part))
			value.parts = append(value.parts, decode(t, part))
		}
	default:
		value.kind = 0
		require.NoError(t, json.Unmarshal(key, &value.number))
	}
	return value
}

func decodeAll(t testing.TB, rows []recordedRow) []decoded {
	var values []decoded
	for _, row := range rows {
		values = append(values, decode(t, row.Key))
	}
	return values
}

func firstDifference(a, b decoded) difference {
	switch {
	case a.kind != b.kind:
		return byType
	case a.number != b.number:
		return byNumber
	case a.text != b.text:
		return byString
	}
	for i := range min(len(a.parts), len(b.parts)) {
		if d := firstDifference(a.parts[i], b.parts[i]); d != none {
			return d
		}
	}
	if len(a.parts) != len(b.parts) {
		return byLength
	}
	return none
}

// Every pair of the recorded keys. Two orders were recorded: the ordinary one, in which strings are ordered by ICU, and the raw one,
// in which they are ordered by their bytes but types in another way. Ours is the ordinary one with the strings of the raw one, so what decides a
// pair tells which recording holds. Nothing is left out.
func TestOrderAsRecorded(t *testing.T) {
	t.Parallel()
	orders := load(t)
	icu, raw := places(orders.ICU), places(orders.Raw)
	decided := map[difference]int{}
	values := decodeAll(t, orders.ICU)
	for i, a := range orders.ICU {
		for j, b := range orders.ICU[:i] {
			d := firstDifference(values[i], values[j])
			decided[d]++
			got := collation.Compare(a.Key, b.Key)
			if d != byString && got != cmp.Compare(icu[a.ID], icu[b.ID]) {
				t.Errorf("%s and %s compare as %d, not as in the ordinary order", a.Key, b.Key, got)
			}
			if d != byType && got != cmp.Compare(raw[a.ID], raw[b.ID]) {
				t.Errorf("%s and %s compare as %d, not as in the raw order", a.Key, b.Key, got)
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
	values := decodeAll(t, orders.MangoOrder)
	for i, a := range orders.MangoOrder {
		for j, b := range orders.MangoOrder[:i] {
			if firstDifference(values[i], values[j]) == byString {
				continue // raw order, which holds for these, is the business of TestOrderAsRecorded
			}
			got := collation.Compare(a.Key, b.Key)
			if got < 0 || got == 0 && icu[a.ID] != icu[b.ID] {
				t.Errorf("%s and %s compare as %d", a.Key, b.Key, got)
			}
			if got == 0 {
				tied++
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
