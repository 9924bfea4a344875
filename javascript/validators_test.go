package javascript_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/javascript"
)

func TestValidators(t *testing.T) {
	t.Parallel()
	runner := javascript.New(javascript.Options{Timeout: 50 * time.Millisecond})
	for source, want := range map[string]string{
		`return false`:                                       "",
		`throw {forbidden: "no"}`:                            "forbidden: no",
		`throw {forbidden: "a: b"}`:                          "forbidden: a: b",
		`throw {forbidden: {a: 1}}`:                          `forbidden: {"a":1}`,
		`throw {forbidden: undefined}`:                       "forbidden: null",
		`throw {unauthorized: "log in"}`:                     "unauthorized: log in",
		`throw {unauthorized: "log in", forbidden: "no"}`:    "forbidden: no",
		`throw Object.create({forbidden: "no"})`:             "function_error: [object Object]",
		`throw new Error("boom")`:                            "function_error: Error: boom",
		`throw "forbidden:no"`:                               "function_error: forbidden:no",
		`throw null`:                                         "function_error: null",
		`throw {get forbidden() { throw new Error("get") }}`: "function_error: Error: get",
		`throw {get forbidden() { for (;;); }}`:              "timeout: a function of a design document did not end within 50ms",
		`for (;;);`:                                          "timeout: a function of a design document did not end within 50ms",
		`throw {forbidden: toJSON([doc, old, user, sec])}`:   `forbidden: [{"n":1},null,{"name":"bob"},{}]`,
	} {
		script, err := runner.Validator(t.Context(), "function (doc, old, user, sec) { "+source+" }")
		require.NoError(t, err, source)
		err = script.Validate(t.Context(), core.ValidatorCall{NewDoc: []byte(`{"n":1}`), OldDoc: []byte("null"), UserCtx: []byte(`{"name":"bob"}`), SecObj: []byte("{}")})
		if want == "" {
			require.NoError(t, err, source)
		} else {
			require.EqualError(t, err, want, source)
		}
	}
	_, err := runner.Validator(t.Context(), "function (")
	assert.Equal(t, "compilation_error", core.AsError(err).Name)
}
