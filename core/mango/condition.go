package mango

import "github.com/gouchdb/gouchdb/core/rawjson"

// condition is a node of a selector: a test of the value at a path, or a combination of conditions.
type condition interface{}

type (
	// allOf holds when all of its conditions do. CouchDB lets one without conditions hold for nothing.
	allOf []condition
	// anyOf holds when one of its conditions does.
	anyOf []condition
	// noneOf holds when none of its conditions does. Like notOf it only exists below $elemMatch and its kind: elsewhere,
	// negations are pushed down to the tests.
	noneOf []condition
	// notOf holds when its condition does not.
	notOf struct{ condition condition }
)

// test is a condition on the value at a path.
type test struct {
	path     path
	operator operator
	// negated: the field must be there, and the operator must not hold for it.
	negated bool
	// slot is where a match keeps the first member on the path, -1 when the path does not begin at the document.
	slot int

	argument []byte    // as JSON text
	operand  operand   // of a comparison
	operands []operand // of $in, $nin and $all
	exists   bool      // of $exists
	kind     kindSet   // of $type
	size     int       // of $size
	divisor  int64     // of $mod
	rest     int64
	pattern  Regexp    // of $regex
	inner    condition // of $elemMatch, $allMatch and $keyMapMatch
}

type operator string

const (
	opEq          operator = "$eq"
	opNe          operator = "$ne"
	opLt          operator = "$lt"
	opLte         operator = "$lte"
	opGt          operator = "$gt"
	opGte         operator = "$gte"
	opIn          operator = "$in"
	opNin         operator = "$nin"
	opExists      operator = "$exists"
	opType        operator = "$type"
	opMod         operator = "$mod"
	opRegex       operator = "$regex"
	opBeginsWith  operator = "$beginsWith"
	opSize        operator = "$size"
	opAll         operator = "$all"
	opElemMatch   operator = "$elemMatch"
	opAllMatch    operator = "$allMatch"
	opKeyMapMatch operator = "$keyMapMatch"
)

// opposites are the operators whose negation is an operator.
var opposites = map[operator]operator{
	opEq: opNe, opNe: opEq, opLt: opGte, opGte: opLt, opLte: opGt, opGt: opLte, opIn: opNin, opNin: opIn,
}

// kindSet is a set of kinds of JSON values.
type kindSet uint16

func kinds(all ...rawjson.Kind) kindSet {
	var set kindSet
	for _, kind := range all {
		set |= 1 << kind
	}
	return set
}

func (set kindSet) has(kind rawjson.Kind) bool { return set&(1<<kind) != 0 }

// typeNames are the arguments of $type. A name that is not among them is no error; it is the type of nothing.
var typeNames = map[string]kindSet{
	"null":    kinds(rawjson.Null),
	"boolean": kinds(rawjson.False, rawjson.True),
	"number":  kinds(rawjson.Number),
	"string":  kinds(rawjson.String),
	"array":   kinds(rawjson.Array),
	"object":  kinds(rawjson.Object),
}
