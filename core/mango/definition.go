package mango

import (
	"bytes"
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/internal/md5"
	"github.com/gouchdb/gouchdb/core/rawjson"
	"github.com/gouchdb/gouchdb/internal/hex"
)

// ParseIndexRequest reads the body of the creation of an index. An index without a name is named after its definition, so that
// creating it twice finds it the second time.
//
// Errors: ErrBadJSON, ErrBadRequest, those of [Parse] for the filter, and CouchDB's for each option; of status 400, and 503 for a text index.
func ParseIndexRequest(body []byte, engine Engine) (*Index, error) {
	body, err := parseBody(body)
	if err != nil {
		return nil, err
	}
	definition := member(body, "index")
	if definition == nil {
		return nil, missingKey("index")
	}
	x := &Index{}
	for quoted, value := range rawjson.Members(body) {
		name, _ := rawjson.Text(quoted)
		if err := x.set(name, value); err != nil {
			return nil, err
		}
	}
	if err := x.define(definition, engine); err != nil {
		return nil, err
	}
	x.setDefaultNames()
	return x, nil
}

func (x *Index) set(name string, value []byte) (err error) {
	switch name {
	case "index":
	case "type":
		err = checkIndexType(value)
	case "name":
		x.Name, err = parseName(value)
	case "ddoc":
		if x.DesignDoc, err = parseName(value); err == nil && !strings.HasPrefix(x.DesignDoc, designPrefix) {
			x.DesignDoc = designPrefix + x.DesignDoc
		}
	case "w": // how many copies of the design document to write
		err = checkPositive(value)
	case "partitioned":
		var partitioned bool
		if partitioned, err = parseBool(value); partitioned {
			err = core.ErrBadRequest.Because("an index cannot be partitioned in a database that is not")
		}
	default:
		err = unknownKey(name)
	}
	return err
}

func checkIndexType(value []byte) error {
	switch name, ok := rawjson.Text(value); {
	case !ok:
		return invalidString(value)
	case name == "json":
		return nil
	case name == "text":
		return core.NewError(503, "required index service unavailable", "text")
	default:
		return fail("invalid_index", "Invalid type for index: "+name)
	}
}

func invalidString(value []byte) error {
	return fail("invalid_string", "Invalid string: "+quote(value))
}

func parseName(value []byte) (string, error) {
	name, ok := rawjson.Text(value)
	if !ok {
		return "", invalidString(value)
	}
	if name == "" {
		return "", fail("invalid_empty_string", "Index name or ddoc cannot be empty string")
	}
	return name, nil
}

// define reads {"fields": [...], "partial_filter_selector": {...}}.
func (x *Index) define(definition []byte, engine Engine) (err error) {
	if rawjson.KindOf(definition) != rawjson.Object {
		return fail("invalid_index", "JSON indexes must be an object, not: "+quote(definition))
	}
	if member(definition, "fields") == nil {
		return missingKey("fields")
	}
	for quoted, value := range rawjson.Members(definition) {
		switch name, _ := rawjson.Text(quoted); name {
		case "fields":
			x.Fields, err = parseFields(value)
			x.Fields = withoutRepetitions(x.Fields)
		case "partial_filter_selector":
			x.Filter, err = parseValid(value, engine)
			x.filterText = value
			if err == nil && x.Filter.MatchesAll() {
				x.Filter, x.filterText = nil, nil
			}
		default:
			err = unknownKey(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// setDefaultNames derives the names that were not given. CouchDB derives them from Erlang terms, and so arrives at others.
func (x *Index) setDefaultNames() {
	hash := func(text []byte) string {
		sum := md5.Sum(text)
		return hex.Encode(sum[:])
	}
	definition := x.AppendDefinition(nil)
	if x.DesignDoc == "" {
		x.DesignDoc = designPrefix + hash(append(bytes.Clone(definition), x.Name...))
	}
	if x.Name == "" {
		x.Name = hash(definition)
	}
}

// Same reports whether two indexes are defined alike, whatever their names are.
func (x *Index) Same(other *Index) bool {
	return bytes.Equal(x.AppendDefinition(nil), other.AppendDefinition(nil))
}

// AppendDefinition appends the "def" of an index as getIndexes lists it.
func (x *Index) AppendDefinition(dst []byte) []byte {
	dst = append(dst, `{"fields":`...)
	dst = appendFields(dst, x.Fields)
	if x.Filter != nil {
		dst = append(dst, `,"partial_filter_selector":`...)
		dst = x.Filter.AppendJSON(dst)
	}
	return append(dst, '}')
}

// AppendSource appends the definition as it was given, from which [ParseDefinition] makes an index that holds the same. Indexes with equal sources
// have equal entries.
func (x *Index) AppendSource(dst []byte) []byte {
	dst = append(dst, `{"fields":`...)
	dst = appendFields(dst, x.Fields)
	if x.Filter != nil {
		dst = append(dst, `,"partial_filter_selector":`...)
		dst = append(dst, x.filterText...)
	}
	return append(dst, '}')
}

// ParseDefinition reads what AppendSource wrote, into an index without names.
func ParseDefinition(source []byte, engine Engine) (*Index, error) {
	x := &Index{}
	return x, x.define(source, engine)
}

// AppendDescription appends the index as getIndexes and explain describe it. A nil index is that of the documents by their ids.
func (x *Index) AppendDescription(dst []byte) []byte {
	if x == nil {
		return append(dst, `{"ddoc":null,"name":"_all_docs","type":"special","def":{"fields":[{"_id":"asc"}]}}`...)
	}
	dst = append(dst, `{"ddoc":`...)
	dst = rawjson.AppendString(dst, x.DesignDoc)
	dst = append(dst, `,"name":`...)
	dst = rawjson.AppendString(dst, x.Name)
	dst = append(dst, `,"type":"json","partitioned":false,"def":`...)
	dst = x.AppendDefinition(dst)
	return append(dst, '}')
}
