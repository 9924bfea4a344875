package mango

import (
	"slices"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Fields are the parts of documents that a request asks for.
type Fields struct {
	Names []string // as they were given
	paths []path
	flat  bool // they are different members of the documents, and not of what is inside them
}

// ParseFields reads a list of paths, as it is in a request. It returns nil for an empty list, which asks for whole documents.
func ParseFields(list []byte) (*Fields, error) {
	if err := rawjson.Validate(list); err != nil {
		return nil, core.ErrBadJSON.From(err)
	}
	return parseProjection(rawjson.AppendCanonical(nil, list))
}

// parseProjection reads "fields". It returns nil for an empty list, which asks for whole documents.
func parseProjection(value []byte) (*Fields, error) {
	if rawjson.KindOf(value) != rawjson.Array {
		return nil, fail("invalid_fields", "Fields must be an array of strings, not: "+quote(value))
	}
	fields := &Fields{}
	for element := range rawjson.Elements(value) {
		name, ok := rawjson.Text(element)
		if !ok {
			return nil, fail("invalid_field", "Invalid JSON for field spec: "+quote(element))
		}
		if name == "" {
			return nil, fail("invalid_field_name", "Invalid field name: ")
		}
		p, err := parsePath(name)
		if err != nil {
			return nil, err
		}
		fields.Names = append(fields.Names, name)
		fields.paths = append(fields.paths, p)
	}
	if len(fields.Names) == 0 {
		return nil, nil
	}
	fields.flat = true
	for i, p := range fields.paths {
		fields.flat = fields.flat && len(p.steps) == 1 && !slices.ContainsFunc(fields.paths[:i], p.same)
	}
	return fields, nil
}

// Append appends the parts of a document that are asked for, as a JSON object. They nest as in the document, and elements of arrays become
// members named by their position: "tags.0" of {"tags": ["a"]} is {"tags": {"0": "a"}}.
func (f *Fields) Append(dst []byte, doc *core.Document) []byte {
	if f.flat {
		return f.appendFlat(dst, doc)
	}
	var root tree
	for _, p := range f.paths {
		value := f.member(doc, p)
		if value == nil {
			continue
		}
		if value, _ = walk(value, p.steps[1:]); value != nil {
			root.set(p.steps, value)
		}
	}
	return root.append(dst)
}

// appendFlat is Append without a tree of the members.
func (f *Fields) appendFlat(dst []byte, doc *core.Document) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for _, p := range f.paths {
		value := f.member(doc, p)
		if value == nil {
			continue
		}
		if len(dst) > start {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, p.steps[0].name)
		dst = append(dst, ':')
		dst = append(dst, value...)
	}
	return append(dst, '}')
}

// member returns the member of a document with which a path begins.
func (f *Fields) member(doc *core.Document, p path) []byte {
	name := p.steps[0].name
	value := special(doc, name)
	if value == nil && name == "_conflicts" && len(doc.Conflicts) > 0 {
		value = core.AppendRevs(nil, doc.Conflicts)
	}
	if value == nil {
		value = member(doc.Body, name)
	}
	return value
}

// tree is an object in the making: its members are values, or objects in the making themselves.
type tree struct {
	names    []string
	values   [][]byte
	children []*tree
}

// set puts a value at a path. What is there already and is a value of the document contains it.
func (t *tree) set(steps []step, value []byte) {
	i := 0
	for i < len(t.names) && t.names[i] != steps[0].name {
		i++
	}
	if i == len(t.names) {
		t.names = append(t.names, steps[0].name)
		t.values = append(t.values, nil)
		t.children = append(t.children, nil)
	}
	switch {
	case t.values[i] != nil:
	case len(steps) == 1:
		t.values[i], t.children[i] = value, nil
	default:
		if t.children[i] == nil {
			t.children[i] = &tree{}
		}
		t.children[i].set(steps[1:], value)
	}
}

func (t *tree) append(dst []byte) []byte {
	dst = append(dst, '{')
	for i, name := range t.names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = rawjson.AppendString(dst, name)
		dst = append(dst, ':')
		if t.children[i] != nil {
			dst = t.children[i].append(dst)
		} else {
			dst = append(dst, t.values[i]...)
		}
	}
	return append(dst, '}')
}
