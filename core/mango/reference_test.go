package mango_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/regexps"
)

// reference decides what a selector matches in the plainest way: on decoded values, with negations carried along. It knows no $regex.
type reference struct {
	compareStrings func(a, b string) int
}

// holds tells whether a condition, or its negation, holds for what a path led to: a value, nothing, or nothing where nothing can be.
func (r reference) holds(condition any, at place, negated, inner bool) bool {
	members, ok := condition.(object)
	if !ok || len(members) == 0 {
		return r.passes("$eq", condition, at, negated)
	}
	holds := func(i int) bool { return r.memberHolds(members[i].name, members[i].value, at, negated, inner) }
	for i := range members {
		if holds(i) == negated {
			return negated
		}
	}
	return !negated
}

func (r reference) memberHolds(name string, argument any, at place, negated, inner bool) bool {
	switch name {
	case "$and", "$or", "$nor":
		list := argument.([]any)
		each := negated != (name == "$nor") // whether each condition is negated
		if inner {
			each = false
		}
		held := 0
		for _, condition := range list {
			if r.holds(condition, at, each, inner) {
				held++
			}
		}
		switch {
		case inner && name == "$nor":
			return len(list) > 0 && held == 0
		case (name == "$or") == negated && (name != "$nor" || !negated) || name == "$nor" && !negated:
			return len(list) > 0 && held == len(list)
		}
		return held > 0
	case "$not":
		if inner {
			return !r.holds(argument, at, false, true)
		}
		return r.holds(argument, at, !negated, false)
	}
	if strings.HasPrefix(name, "$") {
		return r.passes(name, argument, at, negated)
	}
	for _, step := range strings.Split(strings.ReplaceAll(name, `\.`, "\x00"), ".") {
		at = at.child(strings.ReplaceAll(strings.ReplaceAll(step, "\x00", "."), `\`, ""))
	}
	if name == "_id" {
		r.compareStrings = strings.Compare // ids are ordered by their bytes
	}
	return r.holds(argument, at, negated, inner)
}

// place is what a path led to.
type place struct {
	value   any
	found   bool
	missing bool // the last object on the way does not have the member
}

func (p place) child(name string) place {
	if !p.found {
		return p
	}
	switch v := p.value.(type) {
	case object:
		value, ok := v.member(name)
		return place{value, ok, !ok}
	case []any:
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && n < len(v) {
			return place{value: v[n], found: true}
		}
	}
	return place{}
}

func (r reference) passes(operator string, argument any, at place, negated bool) bool {
	if !at.found {
		return at.missing && operator == "$exists" && argument.(bool) == negated
	}
	return r.test(operator, argument, at.value) != negated
}

func (r reference) test(operator string, argument, value any) bool {
	list, isList := value.([]any)
	switch operator {
	case "$eq":
		return r.compare(value, argument) == 0
	case "$ne":
		return r.compare(value, argument) != 0
	case "$lt":
		return r.compare(value, argument) < 0
	case "$lte":
		return r.compare(value, argument) <= 0
	case "$gt":
		return r.compare(value, argument) > 0
	case "$gte":
		return r.compare(value, argument) >= 0
	case "$in":
		if !isList {
			list = []any{value}
		}
		return slices.ContainsFunc(list, func(v any) bool { return r.contains(argument.([]any), v) })
	case "$nin":
		return !r.test("$in", argument, value)
	case "$exists":
		return argument.(bool)
	case "$type":
		return argument == []string{"null", "boolean", "boolean", "number", "string", "array", "object"}[rank(value)]
	case "$mod":
		n, isNumber := value.(json.Number)
		whole, err := strconv.ParseInt(string(n), 10, 64)
		by, _ := argument.([]any)[0].(json.Number).Int64()
		rest, _ := argument.([]any)[1].(json.Number).Int64()
		return isNumber && err == nil && whole%by == rest
	case "$size":
		return isList && strconv.Itoa(len(list)) == string(argument.(json.Number))
	case "$beginsWith":
		text, ok := value.(string)
		return ok && strings.HasPrefix(text, argument.(string))
	case "$all":
		wanted := argument.([]any)
		if !isList || len(wanted) == 0 {
			return false
		}
		if first, ok := wanted[0].([]any); ok && len(wanted) == 1 && r.compare(first, value) == 0 {
			return true
		}
		return !slices.ContainsFunc(wanted, func(v any) bool { return !r.contains(list, v) })
	case "$elemMatch":
		return slices.ContainsFunc(list, func(v any) bool { return r.inner(argument, v) })
	case "$allMatch":
		return len(list) > 0 && !slices.ContainsFunc(list, func(v any) bool { return !r.inner(argument, v) })
	case "$keyMapMatch":
		o, _ := value.(object)
		for _, m := range o {
			if r.inner(argument, m.name) {
				return true
			}
		}
		return false
	}
	panic(operator)
}

func (r reference) inner(condition, value any) bool {
	return r.holds(condition, place{value: value, found: true}, false, true)
}

func (r reference) contains(list []any, value any) bool {
	return slices.ContainsFunc(list, func(v any) bool { return r.compare(v, value) == 0 })
}

func rank(value any) int {
	switch v := value.(type) {
	case nil:
		return 0
	case bool:
		if v {
			return 2
		}
		return 1
	case json.Number:
		return 3
	case string:
		return 4
	case []any:
		return 5
	}
	return 6
}

func (r reference) compare(a, b any) int {
	if order := cmp.Compare(rank(a), rank(b)); order != 0 {
		return order
	}
	switch a := a.(type) {
	case json.Number:
		x, _ := a.Float64()
		y, _ := b.(json.Number).Float64()
		return cmp.Compare(x, y)
	case string:
		return r.compareStrings(a, b.(string))
	case []any:
		return slices.CompareFunc(a, b.([]any), r.compare)
	case object:
		return slices.CompareFunc(a, b.(object), func(x, y struct {
			name  string
			value any
		}) int {
			return cmp.Or(r.compareStrings(x.name, y.name), r.compare(x.value, y.value))
		})
	}
	return 0
}

// decoded returns a document as the reference wants it.
func decoded(t *testing.T, doc *core.Document) object {
	text := []byte(`{"_id":` + strconv.Quote(doc.ID) + `,"_rev":"` + doc.Rev.String() + `"`)
	if string(doc.Body) != "{}" {
		text = append(text, ',')
	}
	text = append(text, doc.Body[1:]...)
	return decode(t, text).(object)
}

func (r reference) find(selector any, docs []object) []string {
	ids := []string{}
	for _, doc := range docs {
		o, isObject := selector.(object)
		if isObject && len(o) == 0 || r.holds(selector, place{value: doc, found: true}, false, false) {
			ids = append(ids, doc[0].value.(string))
		}
	}
	return ids
}

// With ICU's order of strings the reference finds what CouchDB found, so it is right; with ours it finds what we find.
func TestReference(t *testing.T) {
	t.Parallel()
	var docs []object
	for _, doc := range dataset() {
		docs = append(docs, decoded(t, doc))
	}
	icu, ours := reference{asPeopleRead}, reference{strings.Compare}
	for _, c := range loadRecorded().Cases {
		if c.DB != "plain" || c.IDs == nil || bytes.Contains(c.Req, []byte(`"$regex"`)) {
			continue
		}
		text, _ := selectorOf(t, c.Req)
		selected := decode(t, text)
		want := icu.find(selected, docs)
		if _, exception := notFollowed[c.N]; !exception && len(c.IDs) != mango.DefaultLimit {
			assert.Equal(t, c.IDs, want, "case %d: %s", c.N, text)
		}
		selector, err := mango.Parse(text, regexps.Compile)
		require.NoError(t, err)
		assert.Equal(t, ours.find(selected, docs), ids(t, selector), "case %d: %s", c.N, text)
	}
}
