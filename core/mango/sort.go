package mango

import (
	"slices"

	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Field is a field of an index, or one to sort by.
type Field struct {
	Name       string // as it is written: "address.city"
	Descending bool
	path       path
}

var errMixedSort = fail("unsupported_mixed_sort", "Sorts currently only support a single direction for all fields.")

// parseFields reads what "sort" and the fields of an index are made of: names, or {name: "asc"} and {name: "desc"}, in one direction.
func parseFields(value []byte) ([]Field, error) {
	if rawjson.KindOf(value) != rawjson.Array {
		return nil, fail("invalid_sort_json", "Sort must be an array of sort specs, not: "+quote(value))
	}
	fields := []Field{}
	for element := range rawjson.Elements(value) {
		field, ok := parseField(element)
		if !ok {
			return nil, fail("invalid_sort_field", "Invalid sort field: "+quote(element))
		}
		var err error
		if field.path, err = parsePath(field.Name); err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	for _, field := range fields {
		if field.Descending != fields[0].Descending {
			return nil, errMixedSort
		}
	}
	return fields, nil
}

func parseField(element []byte) (field Field, ok bool) {
	if name, ok := rawjson.Text(element); ok {
		return Field{Name: name}, name != ""
	}
	members := 0
	for name, direction := range rawjson.Members(element) {
		members++
		field.Name, _ = rawjson.Text(name)
		field.Descending = rawjson.Is(direction, "desc")
		ok = field.Name != "" && (field.Descending || rawjson.Is(direction, "asc"))
	}
	return field, ok && members == 1
}

// withoutRepetitions drops fields that are there already: they decide nothing.
func withoutRepetitions(fields []Field) []Field {
	var distinct []Field
	for _, field := range fields {
		if !slices.ContainsFunc(distinct, func(other Field) bool { return other.path.same(field.path) }) {
			distinct = append(distinct, field)
		}
	}
	return distinct
}

// appendFields writes fields as CouchDB lists them: [{"name": "asc"}].
func appendFields(dst []byte, fields []Field) []byte {
	dst = append(dst, '[')
	for i := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendFieldObject(dst, fields[i:i+1])
	}
	return append(dst, ']')
}

// appendFieldObject writes fields as CouchDB keeps them: {"name": "asc", "age": "asc"}.
func appendFieldObject(dst []byte, fields []Field) []byte {
	dst = append(dst, '{')
	for i, field := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, field.Name)
		if field.Descending {
			dst = append(dst, `:"desc"`...)
		} else {
			dst = append(dst, `:"asc"`...)
		}
	}
	return append(dst, '}')
}
