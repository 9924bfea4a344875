package mango

import (
	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

func fail(name, reason string) *core.Error { return core.NewError(400, name, reason) }

// quote prints a value for a message. CouchDB prints Erlang terms there; JSON says the same to more people.
func quote(value []byte) string {
	const enough = 200
	text := string(rawjson.AppendCompact(nil, value))
	if len(text) > enough {
		return text[:enough] + "..."
	}
	return text
}

func invalidOperator(operator string) *core.Error {
	return fail("invalid_operator", "Invalid operator: "+operator)
}

func badArgument(operator string, argument []byte) *core.Error {
	return fail("bad_arg", "Bad argument for operator "+operator+": "+quote(argument))
}

var errMissingFieldName = fail("invalid_selector", "One or more conditions is missing a field name.")

func notASelector(value []byte) *core.Error {
	return fail("invalid_selector_json", "Selector must be a JSON object, not: "+quote(value))
}

// parseBody validates the body of a request, and brings it into canonical form.
func parseBody(body []byte) ([]byte, error) {
	if err := rawjson.Validate(body); err != nil {
		return nil, core.ErrBadJSON.From(err)
	}
	if rawjson.KindOf(body) != rawjson.Object {
		return nil, core.ErrBadRequest.Because("Request body must be a JSON object")
	}
	return rawjson.AppendCanonical(make([]byte, 0, len(body)), body), nil
}
