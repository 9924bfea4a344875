package javascript_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/javascript"
)

// mapOne runs a map function on a document, and returns its rows as text.
func mapOne(t *testing.T, source, doc string) (rows []string, failure error) {
	t.Helper()
	maps, err := javascript.New(javascript.Options{}).Maps(t.Context(), []string{source})
	require.NoError(t, err, source)
	defer maps.Close()
	results, err := maps.Map(t.Context(), [][]byte{[]byte(doc)})
	require.NoError(t, err, source)
	require.Len(t, results, 1)
	require.Len(t, results[0], 1)
	for _, row := range results[0][0].Rows {
		rows = append(rows, string(row.Key)+" "+string(row.Value))
	}
	return rows, results[0][0].Err
}

func TestEmittedValues(t *testing.T) {
	t.Parallel()
	for emitted, want := range map[string]string{
		`1, "a"`:                           `1 "a"`,
		``:                                 `null null`,
		`undefined, function () {}`:        `null null`,
		`NaN, -Infinity`:                   `null null`,
		`Symbol("a"), [Symbol("a")]`:       `null [null]`,
		`1.0, 1e21`:                        `1 1e+21`,
		`-0, 0.1 + 0.2`:                    `0 0.30000000000000004`,
		`9007199254740993, 1e-7`:           `9007199254740992 1e-7`,
		`[,1], {a: undefined, b: null}`:    `[null,1] {"b":null}`,
		`new Date(0), new Date(NaN)`:       `"1970-01-01T00:00:00.000Z" null`,
		`new Number(1), new String("a")`:   `1 "a"`,
		`new Boolean(false), /a/`:          `false {}`,
		`{toJSON: function () {}}, {b: 1}`: `null {"b":1}`,
		`{toJSON: function (k) { return [k] }}, {x: {toJSON: function (k) { return k }}}`: `[""] {"x":"x"}`,
		`"é\n\u0001", {"é\"": 1}`:               "\"é\\n\\u0001\" {\"é\\\"\":1}",
		`doc, [[], {}]`:                         `{"_id":"a","n":[1,{"b":null}],"t":true} [[],{}]`,
		`doc.n[1].b, doc.missing`:               `null null`,
		`{2: 1, 1: 2, b: 3}, new Map([[1, 2]])`: `{"1":2,"2":1,"b":3} {}`,
		`Object.create({inherited: 1}), (function () { return arguments })(1)`: `{} {"0":1}`,
	} {
		rows, err := mapOne(t, "function (doc) { emit("+emitted+") }", `{"_id":"a","n":[1,{"b":null}],"t":true}`)
		require.NoError(t, err, emitted)
		assert.Equal(t, []string{want}, rows, emitted)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		`isArray([])`:                 `true`,
		`isArray({length: 0})`:        `false`,
		`isArray()`:                   `false`,
		`toJSON({a: [1, undefined]})`: `"{\"a\":[1,null]}"`,
		`sum([1, 2.5])`:               `3.5`,
		`sum([])`:                     `0`,
		`sum(["a", 1])`:               `"0a1"`,
		`typeof require`:              `"undefined"`,
		`typeof log`:                  `"function"`,
		`typeof eval`:                 `"undefined"`,
		`typeof globalThis.process`:   `"undefined"`,
		`JSON.parse("[1,{\"a\":2}]")`: `[1,{"a":2}]`,
		`JSON.parse("[1]", function (k, v) { return k === "0" ? 7 : v })`: `[7]`,
		`JSON.stringify({a: 1})`: `"{\"a\":1}"`,
		"(function () { const [a, ...b] = [1, 2, 3]; return `${a}${b.map(x => x * 2)}` })()": `"14,6"`,
		`doc.__proto__`:                  `{"own":1}`,
		`({}).own`:                       `null`,
		`"aXbX".replace(/(?<=a)X/, "-")`: `"a-bX"`,
	} {
		rows, err := mapOne(t, "function (doc) { emit("+expression+") }", `{"__proto__":{"own":1}}`)
		require.NoError(t, err, expression)
		assert.Equal(t, []string{want + " null"}, rows, expression)
	}
}

// As functions are found in design documents.
func TestForms(t *testing.T) {
	t.Parallel()
	for _, source := range []string{
		"function (doc) { emit(1) }", "function named(doc) { emit(1) }", "(doc) => { emit(1) }", "doc => emit(1)", "  function (doc) { emit(1) } ; \n",
		"(function (doc) { emit(1) })", "function (doc) { emit(1) } // a comment", "// a comment\nfunction (doc) { emit(1) }",
	} {
		rows, err := mapOne(t, source, "{}")
		require.NoError(t, err, source)
		assert.Equal(t, []string{"1 null"}, rows, source)
	}
}

func TestWhatThrowsHasNoRows(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		`emit(1); throw new Error("boom")`:                                "boom",
		`emit(1); doc.x.y`:                                                "TypeError",
		`emit(1); throw {forbidden: "no"}`:                                "",
		`emit(1); new Function("return 1")()`:                             "text",
		`emit(1); (function () {}).constructor("return 1")()`:             "text",
		`emit(1); (() => 1).constructor("return 1")()`:                    "text",
		`emit(1); (function* () {}).constructor("return 1")()`:            "text",
		`var a = {}; a.a = a; emit(a)`:                                    "nested too deeply",
		`emit(1n)`:                                                        "BigInt",
		`emit(1, {get a() { throw new Error("getter") }})`:                "getter",
		`emit(1, {toJSON() { throw new Error("toJSON") }})`:               "toJSON",
		`(function f() { f() })()`:                                        "",
		`JSON.parse("[".repeat(100000) + "]".repeat(100000))`:             "nested too deeply",
		`JSON.parse("[".repeat(100000))`:                                  "nested too deeply",
		`JSON.parse("{")`:                                                 "SyntaxError",
		`toJSON(new Proxy({}, {ownKeys() { throw new Error("proxy") }}))`: "proxy",
		`emit(1); throw {toString() { throw 1 }}`:                         "an object without text",
		`emit(1); throw {toString() { return {} }}`:                       "an object without text",
		`String = toJSON; throw {toString() { return "shown" }}`:          "shown",
	} {
		rows, err := mapOne(t, "function (doc) { "+source+" }", "{}")
		require.Error(t, err, source)
		assert.Contains(t, err.Error(), want, source)
		assert.Empty(t, rows, source)
	}
}

func TestDeepDocuments(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000)
	rows, err := mapOne(t, "function (doc) { emit(1) }", deep)
	require.ErrorContains(t, err, "nested too deeply")
	assert.Empty(t, rows)
	rows, err = mapOne(t, "function (doc) { emit(doc) }", strings.Repeat(`{"a":`, 900)+"1"+strings.Repeat("}", 900))
	require.NoError(t, err)
	assert.Len(t, rows, 1)
}

func TestEndlessFunctions(t *testing.T) {
	t.Parallel()
	runner := javascript.New(javascript.Options{Timeout: 50 * time.Millisecond})
	for _, source := range []string{
		"for (;;) {}",
		"for (;;) { try { for (;;) {} } catch (e) {} finally { continue } }",
		"var a = []; a.length = 4294967295; emit(a)",
		"var a = []; a.length = 4294967295; sum(a)",
		"emit({toJSON: function () { for (;;) {} }})",
		"try { emit({get a() { for (;;) {} }}) } catch (e) { for (;;) {} }",
		"[1].map(function f() { for (;;) {} })",
	} {
		maps, err := runner.Maps(t.Context(), []string{"function (doc) { if (doc.n) { " + source + " } else emit(2) }"})
		require.NoError(t, err)
		began := time.Now()
		_, err = maps.Map(t.Context(), [][]byte{[]byte("{}"), []byte(`{"n":1}`)})
		require.Error(t, err, source)
		assert.Equal(t, "timeout", core.AsError(err).Name, source)
		assert.Less(t, time.Since(began), 10*time.Second, source)
		// The interpreter is as good as new.
		results, err := maps.Map(t.Context(), [][]byte{[]byte("{}")})
		require.NoError(t, err, source)
		assert.Len(t, results[0][0].Rows, 1, source)
	}
	reduce, err := runner.Reduce(t.Context(), "function (keys, values) { for (;;) {} }")
	require.NoError(t, err)
	_, err = reduce.Reduce(t.Context(), []core.ReduceCall{{Keys: []byte("null"), Values: []byte("[1]"), Rereduce: true}})
	assert.Equal(t, "timeout", core.AsError(err).Name)
}

func TestContextEndsFunctions(t *testing.T) {
	t.Parallel()
	maps, err := javascript.New(javascript.Options{Timeout: time.Hour}).Maps(t.Context(), []string{"function (doc) { for (;;) {} }"})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = maps.Map(ctx, [][]byte{[]byte("{}")})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = maps.Map(ctx, [][]byte{[]byte("{}")})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestCompilationErrors(t *testing.T) {
	t.Parallel()
	runner := javascript.New(javascript.Options{})
	for source, want := range map[string]string{
		"function (doc) {":               "SyntaxError",
		"1+1":                            "Expression does not eval to a function. (1+1)",
		"":                               "SyntaxError",
		"function (d) {}) + (1":          "does not eval to a function",
		"notThere":                       "notThere is not defined",
		strings.Repeat("(", 100_000):     "deeply nested",
		strings.Repeat(" ", 2<<20) + "1": "too long",
	} {
		_, err := runner.Maps(t.Context(), []string{"function () {}", source})
		require.Error(t, err, source)
		assert.Equal(t, 400, core.AsError(err).Status)
		assert.Equal(t, "compilation_error", core.AsError(err).Name)
		assert.Contains(t, core.AsError(err).Reason, want, "%.40s", source)
		_, err = runner.Reduce(t.Context(), source)
		assert.Equal(t, "compilation_error", core.AsError(err).Name)
		_, err = runner.Filter(t.Context(), source)
		assert.Equal(t, "compilation_error", core.AsError(err).Name)
	}
}

// What one function does to a document, the others do not see; nor what it does to the world, the functions of others.
func TestFunctionsDoNotMeet(t *testing.T) {
	t.Parallel()
	runner := javascript.New(javascript.Options{})
	maps, err := runner.Maps(t.Context(), []string{"function (doc) { doc.n = 2; doc.a.push(1); emit(doc.n) }", "function (doc) { emit(doc.n, doc.a) }"})
	require.NoError(t, err)
	results, err := maps.Map(t.Context(), [][]byte{[]byte(`{"n":1,"a":[]}`)})
	require.NoError(t, err)
	assert.Equal(t, core.Emitted{Key: []byte("1"), Value: []byte("[]")}, results[0][1].Rows[0])
	_, err = runner.Maps(t.Context(), []string{"(emit = null, leaked = 1, function () {})"})
	require.NoError(t, err)
	other, err := runner.Maps(t.Context(), []string{"function (doc) { emit(typeof leaked) }"})
	require.NoError(t, err)
	results, err = other.Map(t.Context(), [][]byte{[]byte("{}")})
	require.NoError(t, err)
	assert.Equal(t, `"undefined"`, string(results[0][0].Rows[0].Key))
}

func TestReduces(t *testing.T) {
	t.Parallel()
	runner := javascript.New(javascript.Options{})
	script, err := runner.Reduce(t.Context(), `function (keys, values, rereduce) {
		if (values[0] === "throw") throw new Error("boom");
		if (values[0] === "nothing") return;
		if (values[0] === "getter") return {get a() { throw new Error("getter") }};
		return rereduce ? sum(values) : [keys.length, keys[0], values];
	}`)
	require.NoError(t, err)
	defer script.Close()
	results, err := script.Reduce(t.Context(), []core.ReduceCall{
		{Keys: []byte(`[[1,"a"],[[2],"b"]]`), Values: []byte(`[3,{"x":4}]`)},
		{Keys: []byte("null"), Values: []byte("[1,2,3]"), Rereduce: true},
		{Keys: []byte("null"), Values: []byte(`["throw"]`), Rereduce: true},
		{Keys: []byte("null"), Values: []byte(`["nothing"]`), Rereduce: true},
		{Keys: []byte("null"), Values: []byte(`["getter"]`), Rereduce: true},
		{Keys: []byte("null"), Values: []byte("[4]"), Rereduce: true},
	})
	require.NoError(t, err)
	assert.Equal(t, `[2,[1,"a"],[3,{"x":4}]]`, string(results[0].Value))
	assert.Equal(t, "6", string(results[1].Value))
	assert.ErrorContains(t, results[2].Err, "boom")
	assert.Empty(t, results[2].Value)
	assert.Equal(t, "null", string(results[3].Value))
	assert.ErrorContains(t, results[4].Err, "getter")
	assert.Empty(t, results[4].Value)
	assert.Equal(t, "4", string(results[5].Value))
}

func TestFilters(t *testing.T) {
	t.Parallel()
	script, err := javascript.New(javascript.Options{}).Filter(t.Context(), "function (doc, req) { return doc.n > req.query.least }")
	require.NoError(t, err)
	defer script.Close()
	passed, err := script.Filter(t.Context(), [][]byte{[]byte(`{"n":1}`), []byte(`{"n":3}`), []byte(`{}`)}, []byte(`{"query":{"least":2}}`))
	require.NoError(t, err)
	assert.Equal(t, []bool{false, true, false}, passed)
	_, err = script.Filter(t.Context(), [][]byte{[]byte(`{}`)}, []byte(`{}`))
	require.ErrorContains(t, err, "TypeError")
}

func TestLog(t *testing.T) {
	t.Parallel()
	var logged []string
	runner := javascript.New(javascript.Options{Log: func(message string) { logged = append(logged, message) }})
	maps, err := runner.Maps(t.Context(), []string{"function (doc) { log('text'); log({a: 1}); log() }"})
	require.NoError(t, err)
	_, err = maps.Map(t.Context(), [][]byte{[]byte("{}")})
	require.NoError(t, err)
	assert.Equal(t, []string{"text", `{"a":1}`, "null"}, logged)
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	script, err := javascript.New(javascript.Options{}).Reduce(t.Context(), "function (keys, values) { return sum(values) }")
	require.NoError(t, err)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				results, err := script.Reduce(t.Context(), []core.ReduceCall{{Keys: []byte("null"), Values: []byte("[1,2]"), Rereduce: true}})
				assert.NoError(t, err)
				assert.Equal(t, "3", string(results[0].Value))
			}
		})
	}
	group.Wait()
}
