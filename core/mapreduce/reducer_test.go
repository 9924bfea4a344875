package mapreduce_test

import (
	"encoding/json"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/mapreduce"
	"github.com/gouchdb/gouchdb/internal/seeds"
)

func reducer(t testing.TB, name string) mapreduce.Reducer {
	r, err := mapreduce.NewReducer(name)
	require.NoError(t, err)
	return r
}

func TestBuiltins(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []string
		want   string
	}{
		{"_count", []string{"1", `"a"`, "null"}, "3"},
		{"_sum", []string{"1", "2.5", "-3"}, "0.5"},
		{"_sum", []string{"1e3"}, "1000"},
		{"_sum", []string{"[1,2]", "[3]", "4"}, "[8,2]"},
		{"_sum", []string{"4", "[3,1]"}, "[7,1]"},
		{"_sum", []string{`{"b":1}`, `{"a":2,"b":{"c":1}}`}, `{"error"`},
		{"_sum", []string{`{"b":1,"a":[1]}`, `{"a":[2,3],"c":{"d":1}}`, `{"c":{"d":4}}`}, `{"a":[3,3],"b":1,"c":{"d":5}}`},
		{"_sum", []string{`{"a b":1,"a":1,"ab":1,"a!":1}`, `{}`}, `{"a":1,"a b":1,"a!":1,"ab":1}`},
		{"_sum", []string{deep(100), deep(100)}, strings.Replace(deep(100), "1", "2", 1)},
		{"_sum", []string{deep(101), deep(101)}, `{"error"`},
		{"_sum", []string{`{"b":1}`, `{"c":` + deep(99) + `}`, `{"c":` + deep(99) + `}`}, `{"b":1,"c":` + strings.Replace(deep(99), "1", "2", 1) + `}`},
		{"_sum", []string{`{"b":1}`, `{"c":` + deep(100) + `}`, `{"c":` + deep(100) + `}`}, `{"error"`},
		{"_sum", []string{deep(5_000), deep(5_000)}, `{"error"`},
		{"_sum", []string{`{"b":"text"}`}, `{"b":"text"}`},
		{"_sum", []string{`[1,"x"]`}, `[1,"x"]`},
		{"_sum", []string{`["x"]`}, `{"error"`},
		{"_sum", []string{"1", `"text"`, "2"}, `{"error"`},
		{"_sum", []string{"1", `{"a":1}`}, `{"error"`},
		{"_sum", []string{"null"}, `{"error"`},
		{"_stats", []string{"1", "2", "-4"}, `{"sum":-1,"count":3,"min":-4,"max":2,"sumsqr":21}`},
		{"_stats", []string{"[1,2]", "[3,4]"}, `[{"sum":4,"count":2,"min":1,"max":3,"sumsqr":10},{"sum":6,"count":2,"min":2,"max":4,"sumsqr":20}]`},
		{"_stats", []string{`{"sum":4,"count":2,"min":1,"max":3,"sumsqr":10}`, "5"}, `{"sum":9,"count":3,"min":1,"max":5,"sumsqr":35}`},
		{"_stats", []string{"[1,2]", "[3]"}, `{"error"`},
		{"_stats", []string{"[1]", "[3,4]"}, `{"error"`},
		{"_stats", []string{"[1]", "3"}, `{"error"`},
		{"_stats", []string{"3", "[1]"}, `{"error"`},
		{"_stats", []string{`"text"`}, `{"error"`},
		{"_stats", []string{`{"sum":4}`}, `{"error"`},
		{"_top_2", []string{"1", "3", "2", "3"}, "[3,3]"},
		{"_top_9", []string{`"a"`, "null", "1"}, `["a",1,null]`},
		{"_bottom_2", []string{"2", "1", "3"}, "[1,2]"},
		{"_first", []string{`{"a":1}`, "2"}, `{"a":1}`},
		{"_last", []string{`{"a":1}`, "2"}, "2"},
		{"_approx_count_distinct", []string{"1", "1", "1"}, "3"},
	}
	for _, test := range tests {
		r := reducer(t, test.name)
		for i, value := range test.values {
			r.AddRow(collation.AppendKey(nil, []byte(strconv.Itoa(i))), []byte(value))
		}
		got := string(r.AppendResult(nil))
		if test.want == `{"error"` {
			assert.Contains(t, got, `{"error":"builtin_reduce_error","reason":"The `+test.name, "%s %v", test.name, test.values)
			assert.Contains(t, got, `"caused_by":`)
			assert.True(t, json.Valid([]byte(got)))
			// It stays one when it is reduced further.
			again := reducer(t, test.name)
			require.NoError(t, again.AddState(r.AppendState(nil)))
			again.AddRow(nil, []byte("1"))
			assert.Equal(t, got, string(again.AppendResult(nil)))
			continue
		}
		assert.Equal(t, test.want, got, "%s %v", test.name, test.values)
	}
}

func TestUnknownBuiltins(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"_nope", "_top_", "_top_0", "_top_x", "_top_-1", "_bottom_101", "_top_3x", "_"} {
		_, err := mapreduce.NewReducer(name)
		require.Error(t, err, name)
		assert.Equal(t, "invalid_design_doc", core.AsError(err).Name)
		assert.Equal(t, "`"+name+"` is not a supported reduce function.", core.AsError(err).Reason)
	}
	assert.True(t, mapreduce.IsBuiltin("_sum"))
	assert.False(t, mapreduce.IsBuiltin("function (keys, values) { return _sum(values); }"))
}

// However rows are put together, first into states and those into others, the result is the same.
func TestReducingInPartsIsReducing(t *testing.T) {
	t.Parallel()
	seed := seeds.For(t)
	random := rand.New(rand.NewPCG(seed, 0))
	values := map[string]func() string{
		"number":  func() string { return strconv.Itoa(random.IntN(2000) - 1000) },
		"array":   func() string { return "[" + strconv.Itoa(random.IntN(9)) + "," + strconv.Itoa(random.IntN(9)) + "]" },
		"numbers": func() string { return []string{"[1,2]", "3", "[4]"}[random.IntN(3)] },
		"object": func() string {
			return `{"a":` + strconv.Itoa(random.IntN(9)) + `,"` + string(rune('b'+random.IntN(3))) + `":[1]}`
		},
	}
	for _, test := range []struct{ name, values string }{
		{"_sum", "number"}, {"_sum", "array"}, {"_sum", "numbers"}, {"_sum", "object"}, {"_count", "object"}, {"_stats", "number"}, {"_stats", "array"},
		{"_top_3", "number"}, {"_bottom_5", "array"}, {"_first", "number"}, {"_last", "object"}, {"_approx_count_distinct", "number"},
	} {
		for range 60 {
			rows := 1 + random.IntN(900)
			whole, parts, part := reducer(t, test.name), reducer(t, test.name), reducer(t, test.name)
			held := 0
			flush := func() {
				if held > 0 {
					require.NoError(t, parts.AddState(part.AppendState(nil)))
				}
				part.Reset()
				held = 0
			}
			for range rows {
				key := collation.AppendKey(nil, []byte(strconv.Itoa(random.IntN(1200))))
				value := []byte(values[test.values]())
				whole.AddRow(key, value)
				part.AddRow(key, value)
				if held++; random.IntN(20) == 0 {
					flush()
				}
			}
			flush()
			require.Equal(t, string(whole.AppendResult(nil)), string(parts.AppendResult(nil)), "seed %d: %s of %s", seed, test.name, test.values)
		}
	}
}

func TestApproxCountDistinct(t *testing.T) {
	t.Parallel()
	r := reducer(t, "_approx_count_distinct")
	for _, count := range []int{0, 1, 44, 256, 257, 2000, 10_000, 300_000} {
		r.Reset()
		for i := range count {
			r.AddRow(collation.AppendKey(nil, []byte(strconv.Itoa(i))), nil)
		}
		got, err := strconv.Atoi(string(r.AppendResult(nil)))
		require.NoError(t, err)
		if count <= 256 {
			assert.Equal(t, count, got)
			continue
		}
		assert.InEpsilon(t, count, got, 0.07, "three times the standard error")
		again := reducer(t, "_approx_count_distinct")
		require.NoError(t, again.AddState(r.AppendState(nil)))
		require.NoError(t, again.AddState(r.AppendState(nil)))
		assert.Equal(t, strconv.Itoa(got), string(again.AppendResult(nil)), "the same keys again")
	}
}

func TestSumOfDeepValues(t *testing.T) {
	t.Parallel()
	deep := []byte(strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000))
	r := reducer(t, "_sum")
	r.AddRow(nil, []byte("[1]"))
	r.AddRow(nil, []byte("[1,"+string(deep)+"]"))
	assert.Equal(t, "[2,"+string(deep)+"]", string(r.AppendResult(nil)))
	r.AddRow(nil, []byte("[1,1]"))
	assert.True(t, strings.HasPrefix(string(r.AppendResult(nil)), `{"error"`))
}

func TestDamagedStates(t *testing.T) {
	t.Parallel()
	for name, state := range map[string]string{
		"_count": `"x"`, "_top_3": "1", "_approx_count_distinct": "", "_bottom_1": "{}",
	} {
		assert.ErrorIs(t, reducer(t, name).AddState([]byte(state)), core.ErrCorrupt, name)
	}
	for _, state := range []string{"\x00abc", "\x01abc", "\x02"} {
		assert.ErrorIs(t, reducer(t, "_approx_count_distinct").AddState([]byte(state)), core.ErrCorrupt, "%q", state)
	}
}

// A reducer that was reset knows nothing of what came before, be it a failure.
func TestReset(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"_sum": {"1", "[1]", `"text"`}, "_stats": {"1", `"text"`}, "_count": {"1"}, "_top_2": {"5", "6"}, "_bottom_2": {"-5", "-6"}, "_first": {"5"}, "_last": {"5"},
		"_approx_count_distinct": {"1"},
	} {
		used, fresh := reducer(t, name), reducer(t, name)
		for _, rows := range []int{1, 1000} { // the second time _approx_count_distinct only estimates
			for i := range rows {
				for _, value := range values {
					used.AddRow(collation.AppendKey(nil, []byte(strconv.Itoa(i))), []byte(value))
				}
			}
			used.Reset()
			fresh.Reset()
			for _, r := range []mapreduce.Reducer{used, fresh} {
				for i := range 3 {
					r.AddRow(collation.AppendKey(nil, []byte(strconv.Itoa(i/2))), []byte(strconv.Itoa(i)))
				}
			}
			assert.Equal(t, string(fresh.AppendState(nil)), string(used.AppendState(nil)), name)
			assert.Equal(t, string(fresh.AppendResult(nil)), string(used.AppendResult(nil)), name)
			used.Reset()
		}
	}
}

// The first value that cannot be reduced is told.
func TestTheFirstFailureIsTold(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"_sum", "_stats"} {
		r := reducer(t, name)
		for _, value := range []string{"1", `"x"`, "2", `"y"`} {
			r.AddRow(nil, []byte(value))
		}
		failure := string(r.AppendResult(nil))
		assert.Contains(t, failure, `"caused_by":"x"}`)
		require.NoError(t, r.AddState([]byte(strings.Replace(failure, `"x"`, `"z"`, 1))))
		assert.Equal(t, failure, string(r.AppendResult(nil)))
	}
}

// deep is the number 1 in so many objects.
func deep(levels int) string {
	return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels)
}
