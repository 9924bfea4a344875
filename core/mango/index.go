package mango

import (
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/collation"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

const designPrefix = "_design/"

// Index is the definition of an index: the documents that have all of its fields, and match its filter, in the order of the fields' values.
type Index struct {
	DesignDoc string // with "_design/"
	Name      string
	Fields    []Field
	// Filter is the partial_filter_selector, nil without one.
	Filter *Selector
	// filterText is the filter as it was given, for the design document.
	filterText []byte
}

// Entry is what an index holds of a document.
type Entry struct {
	// Key is made of the keys of the fields' values and of the id, so that entries order by value, then by id.
	Key []byte
	// Values are the values as JSON texts, when the key cannot give them back exactly (it does not tell 1.0 from 1). Mostly nil.
	Values []byte
}

// Entry returns what the index holds of a document, whose body must be in canonical form. ok is false when the index does not hold it:
// it lacks a field, does not match the filter, is deleted or a design document.
func (x *Index) Entry(doc *core.Document) (entry Entry, ok bool, err error) {
	if doc.Deleted || strings.HasPrefix(doc.ID, designPrefix) || len(x.Fields) == 0 {
		return Entry{}, false, nil
	}
	key, values, ok := x.key(doc)
	if !ok {
		return Entry{}, false, nil
	}
	if x.Filter != nil {
		if matches, err := x.Filter.Matches(doc); err != nil || !matches {
			return Entry{}, false, err
		}
	}
	entry.Values = inexactValues(key, values)
	entry.Key = collation.AppendString(key, doc.ID)
	return entry, true, nil
}

// Key returns the key under which the index holds a document if it does: unlike Entry it does not ask the filter. So it finds what is to be
// removed even when the filter's patterns take too long this time. It is nil for a document that the index cannot hold.
func (x *Index) Key(doc *core.Document) []byte {
	if doc.Deleted || strings.HasPrefix(doc.ID, designPrefix) || len(x.Fields) == 0 {
		return nil
	}
	key, _, ok := x.key(doc)
	if !ok {
		return nil
	}
	return collation.AppendString(key, doc.ID)
}

// key returns the keys of the fields' values, and the values. ok is false when a field is not there.
func (x *Index) key(doc *core.Document) (key []byte, values [][]byte, ok bool) {
	key = make([]byte, 0, 64)
	values = make([][]byte, 0, 4)
	for i := range x.Fields {
		value := lookup(doc, x.Fields[i].path)
		if value == nil {
			return nil, nil, false
		}
		values = append(values, value)
		key = collation.AppendKey(key, value)
	}
	return key, values, true
}

// lookup finds the value at a path in a document.
func lookup(doc *core.Document, p path) []byte {
	value := special(doc, p.steps[0].name)
	if value == nil {
		value = member(doc.Body, p.steps[0].name)
	}
	if value == nil {
		return nil
	}
	value, _ = walk(value, p.steps[1:])
	return value
}

// inexactValues returns the values as an array when decoding their key would not give the same texts.
func inexactValues(key []byte, values [][]byte) []byte {
	var buffer [64]byte
	exact := true
	rest := key
	for _, value := range values {
		var decoded []byte
		var err error
		if decoded, rest, err = collation.DecodeKey(buffer[:0], rest); err != nil || string(decoded) != string(value) {
			exact = false
			break
		}
	}
	if exact {
		return nil
	}
	array := []byte{'['}
	for i, value := range values {
		if i > 0 {
			array = append(array, ',')
		}
		array = append(array, value...)
	}
	return append(array, ']')
}

// Document returns what an entry tells of its document: the id, and a body with the fields of the index. It is what a covered
// request is answered from, and what [Plan.EntryTest] is run on.
func (x *Index) Document(entry Entry) (*core.Document, error) {
	if x.isFlat() && entry.Values == nil {
		return x.flatDocument(entry.Key)
	}
	var root tree
	doc := &core.Document{}
	rest := entry.Key
	var next func() ([]byte, bool)
	if entry.Values != nil {
		next = elements(entry.Values)
	}
	for i := range x.Fields {
		var value []byte
		var err error
		if value, rest, err = collation.DecodeKey(nil, rest); err != nil {
			return nil, err
		}
		if next != nil {
			exact, ok := next()
			if !ok {
				return nil, core.ErrCorrupt.Because("an index entry has too few values")
			}
			value = exact
		}
		if !x.Fields[i].path.isID() {
			root.set(x.Fields[i].path.steps, value)
		}
	}
	id, _, err := collation.DecodeString(rest)
	if err != nil {
		return nil, err
	}
	doc.ID = string(id)
	doc.Body = root.append(nil)
	return doc, nil
}

// isFlat reports whether the fields are members of the documents, and not of what is inside them.
func (x *Index) isFlat() bool {
	for i := range x.Fields {
		if len(x.Fields[i].path.steps) != 1 {
			return false
		}
	}
	return true
}

// flatDocument is Document for the common case, without a tree of the members.
func (x *Index) flatDocument(key []byte) (doc *core.Document, err error) {
	body := append(make([]byte, 0, 64), '{')
	for i := range x.Fields {
		start := len(body)
		if start > 1 {
			body = append(body, ',')
		}
		body = rawjson.AppendString(body, x.Fields[i].path.steps[0].name)
		body = append(body, ':')
		if body, key, err = collation.DecodeKey(body, key); err != nil {
			return nil, err
		}
		if x.Fields[i].path.isID() {
			body = body[:start]
		}
	}
	id, _, err := collation.DecodeString(key)
	if err != nil {
		return nil, err
	}
	return &core.Document{ID: string(id), Body: append(body, '}')}, nil
}

// DocID returns the id of an entry's document.
func (x *Index) DocID(key []byte) (string, error) {
	var err error
	for range x.Fields {
		if key, err = collation.Skip(key); err != nil {
			return "", err
		}
	}
	id, _, err := collation.DecodeString(key)
	return string(id), err
}

// elements returns the elements of an array one by one.
func elements(array []byte) func() ([]byte, bool) {
	var all [][]byte
	for element := range rawjson.Elements(array) {
		all = append(all, element)
	}
	return func() ([]byte, bool) {
		if len(all) == 0 {
			return nil, false
		}
		first := all[0]
		all = all[1:]
		return first, true
	}
}
