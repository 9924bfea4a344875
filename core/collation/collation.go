// Package collation knows the order of JSON values, and writes values as keys whose bytes have that order.
//
// The order is that of CouchDB's views:
//
//   - null, false, true, numbers, strings, arrays, objects;
//   - numbers by their value as doubles, so that 1 equals 1.0 and integers beyond 2^53 may be equal;
//   - strings by Unicode code point, which is where CouchDB orders as people read (ICU) instead;
//   - arrays element by element, and the shorter first;
//   - objects member by member in the order in which they are written, first the name, then the value, and the shorter first;
//     of members with the same name only the last counts, in its place.
//
// [Compare] compares values, [AppendKey] writes a value as a key and [DecodeKey] reads it back: as a value that
// compares equal, because what does not decide the order (1.0 or 1) is not in the key.
//
// # Composite keys
//
// A key says itself where it ends. A composite key is a few keys one after the other; composite keys order by their
// first value, then by their second, and so on, and a shorter one comes before all that it begins. All composite keys that begin with
// key lie from key to key with [Highest] appended. [AppendString] writes ids and other texts that are not JSON.
package collation

import "github.com/gouchdb/gouchdb/core/rawjson"

// Highest is a byte above all with which a key begins: a key with Highest appended comes after all composite keys that the key begins.
const Highest = 0xFF

// What the first byte of a key says. These are stored: they cannot change.
const (
	tagEnd      = 0 // of an array, an object or a string
	tagNull     = 2
	tagFalse    = 3
	tagTrue     = 4
	tagNegative = 5
	tagPositive = 6 // and zero
	tagString   = 7
	tagArray    = 8
	tagObject   = 9
)

// FirstBytes returns the bytes that the keys of the values of a kind begin with: the first of them, and the last.
func FirstBytes(kind rawjson.Kind) (first, last byte) {
	return firstBytes[kind][0], firstBytes[kind][1]
}

var firstBytes = [...][2]byte{
	rawjson.Null:   {tagNull, tagNull},
	rawjson.False:  {tagFalse, tagFalse},
	rawjson.True:   {tagTrue, tagTrue},
	rawjson.Number: {tagNegative, tagPositive},
	rawjson.String: {tagString, tagString},
	rawjson.Array:  {tagArray, tagArray},
	rawjson.Object: {tagObject, tagObject},
}

// In strings, the bytes 0 and 1 are escaped so that 0 can end the string.
const escape = 1
