package mango_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/randjson"
)

// generator makes documents, selectors, indexes and requests about a few fields and values, so that they meet.
type generator struct{ *randjson.Generator }

func newGenerator(seed uint64) generator {
	g := randjson.New(seed)
	g.Depth, g.Width = 2, 2
	return generator{g}
}

var fields = []string{"a", "b", "c", "o.x", "o.y", "l.0", `d\\.e`}

func (g generator) field() string { return fields[g.IntN(len(fields))] }

// value returns a JSON value: mostly one of a few.
func (g generator) value() string {
	if g.IntN(8) == 0 {
		return string(g.Value())
	}
	few := []string{"null", "false", "true", "-1", "0", "1", "1.0", "2", "3", `""`, `"a"`, `"ab"`, `"b"`, `"é"`, `"\u0000"`, "[]", "[1]", `["a",1]`, "{}", `{"x":1}`, `{"x":"a","y":2}`}
	return few[g.IntN(len(few))]
}

func (g generator) list(n int) string {
	var all []string
	for range n {
		all = append(all, g.value())
	}
	return "[" + strings.Join(all, ",") + "]"
}

func (g generator) doc(id string) *core.Document {
	members := []string{`"_id":"` + id + `"`}
	for _, name := range []string{"a", "b", "c", "o", "l", "d.e"} {
		switch {
		case g.IntN(4) == 0:
		case name == "o" && g.IntN(3) > 0:
			members = append(members, `"o":{"x":`+g.value()+`,"y":`+g.value()+`}`)
		case name == "l" && g.IntN(3) > 0:
			members = append(members, `"l":`+g.list(g.IntN(3)))
		default:
			members = append(members, strconv.Quote(name)+":"+g.value())
		}
	}
	doc, err := core.ParseDocument([]byte("{" + strings.Join(members, ",") + "}"))
	if err != nil {
		panic(err)
	}
	return doc
}

// test returns an operator with its argument.
func (g generator) test(depth int) string {
	comparisons := []string{"$eq", "$ne", "$lt", "$lte", "$gt", "$gte"}
	switch g.IntN(14) {
	case 0:
		return `"$in":` + g.list(g.IntN(4))
	case 1:
		return `"$nin":` + g.list(g.IntN(3))
	case 2:
		return `"$exists":` + []string{"true", "false"}[g.IntN(2)]
	case 3:
		return `"$type":"` + []string{"null", "boolean", "number", "string", "array", "object"}[g.IntN(6)] + `"`
	case 4:
		return `"$mod":[2,` + strconv.Itoa(g.IntN(2)) + `]`
	case 5:
		return `"$beginsWith":"` + []string{"", "a", `\u0000`, "é"}[g.IntN(4)] + `"`
	case 6:
		return `"$size":` + strconv.Itoa(g.IntN(3))
	case 7:
		return `"$all":` + g.list(g.IntN(3))
	case 8:
		if depth > 0 {
			return `"` + []string{"$elemMatch", "$allMatch", "$keyMapMatch"}[g.IntN(3)] + `":{` + g.test(depth-1) + `}`
		}
	case 9:
		if depth > 0 {
			return `"$not":{` + g.test(depth-1) + `}`
		}
	}
	return `"` + comparisons[g.IntN(len(comparisons))] + `":` + g.value()
}

func (g generator) condition(depth int) string {
	kind := g.IntN(10)
	if depth == 0 {
		kind = 9
	}
	switch kind {
	case 0, 1, 2:
		var all []string
		for range 1 + g.IntN(3) {
			all = append(all, "{"+g.condition(depth-1)+"}")
		}
		return `"` + []string{"$and", "$or", "$or", "$nor"}[g.IntN(4)] + `":[` + strings.Join(all, ",") + "]"
	case 3:
		return `"$not":{` + g.condition(depth-1) + "}"
	case 4:
		return `"_id":{"` + []string{"$gt", "$lt", "$eq", "$ne"}[g.IntN(4)] + `":"` + g.id(20) + `"}`
	case 5:
		return `"` + g.field() + `":` + g.value()
	}
	return `"` + g.field() + `":{` + g.test(depth) + `}`
}

func (g generator) id(n int) string { return fmt.Sprintf("id%02d", g.IntN(n)) }

func (g generator) selector() string {
	var all []string
	for range 1 + g.IntN(3) {
		all = append(all, g.condition(2))
	}
	return "{" + strings.Join(all, ",") + "}"
}

func (g generator) names(most int) string {
	var names []string
	direction := []string{"asc", "desc"}[g.IntN(2)]
	for range 1 + g.IntN(most) {
		names = append(names, `{"`+g.field()+`":"`+direction+`"}`)
	}
	return "[" + strings.Join(names, ",") + "]"
}

func (g generator) index(t *testing.T, n int) *mango.Index {
	index, err := mango.ParseIndexRequest([]byte(`{"index":{"fields":`+g.names(3)+`},"ddoc":"d`+strconv.Itoa(n)+`"}`), nil)
	require.NoError(t, err)
	return index
}

func (g generator) request() string {
	body := `{"selector":` + g.selector() + `,"limit":1000`
	if g.IntN(3) == 0 {
		body += `,"sort":` + g.names(2)
	}
	if g.IntN(4) == 0 {
		body += `,"use_index":"d` + strconv.Itoa(g.IntN(4)) + `"`
	}
	switch g.IntN(4) {
	case 0:
		body += `,"fields":["_id","` + g.field() + `"]`
	case 1:
		body += `,"fields":["_id"]`
	}
	return body + "}"
}
