package mango

import (
	"strings"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// Request is the body of a find.
type Request struct {
	Selector *Selector
	Limit    int // 25 unless it was given; 0 asks for no documents
	Skip     int
	// Sort is empty when any order will do. Documents that lack a field of it are not in the result.
	Sort []Field
	// Fields is nil when whole documents are wanted.
	Fields *Fields
	// UseIndex names a design document, with or without "_design/", and perhaps an index in it; nil leaves the choice to the planner.
	UseIndex []string
	Bookmark string // empty for the first page

	Conflicts      bool // add _conflicts
	ExecutionStats bool
	NoUpdate       bool // update=false; see MayLag
	Stale          bool // stale="ok"; see MayLag
	Stable         bool // always answer from the same copy of the index: here there is one
	NoFallback     bool // fail when the index of UseIndex cannot be used: allow_fallback=false
}

// DefaultLimit is how many documents a find returns when it does not say.
const DefaultLimit = 25

// ParseRequest reads the body of a find, or of an explain.
//
// Errors: ErrBadJSON, ErrBadRequest, those of [Parse], and CouchDB's for each option; all of status 400.
func ParseRequest(body []byte, engine Engine) (*Request, error) {
	body, err := parseBody(body)
	if err != nil {
		return nil, err
	}
	selector := member(body, "selector")
	if selector == nil {
		return nil, missingKey("selector")
	}
	r := &Request{Limit: DefaultLimit}
	for name, value := range rawjson.Members(body) {
		text, _ := rawjson.Text(name)
		if err := r.set(text, value, engine); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// MayLag reports whether the index may be used as it is, without what was written since it was last brought up to date.
func (r *Request) MayLag() bool { return r.NoUpdate || r.Stale }

func missingKey(name string) error {
	return fail("missing_required_key", "Missing required key: "+name)
}

func unknownKey(name string) error {
	return fail("invalid_key", "Invalid key "+name+" for this request.")
}

func (r *Request) set(name string, value []byte, engine Engine) (err error) {
	switch name {
	case "selector":
		r.Selector, err = parseValid(value, engine)
	case "limit":
		r.Limit, err = parseCount(value)
	case "skip":
		r.Skip, err = parseCount(value)
	case "sort":
		r.Sort, err = parseFields(value)
		r.Sort = withoutRepetitions(r.Sort)
	case "fields":
		r.Fields, err = parseProjection(value)
	case "use_index":
		r.UseIndex, err = parseUseIndex(value)
	case "bookmark":
		r.Bookmark, err = parseBookmarkOption(value)
	case "conflicts":
		r.Conflicts, err = parseBool(value)
	case "execution_stats":
		r.ExecutionStats, err = parseBool(value)
	case "update":
		r.NoUpdate, err = parseBool(value)
		r.NoUpdate = !r.NoUpdate
	case "allow_fallback":
		r.NoFallback, err = parseBool(value)
		r.NoFallback = !r.NoFallback
	case "stable":
		r.Stable, err = parseBool(value)
	case "stale":
		r.Stale = rawjson.Is(value, "ok")
		if !r.Stale && rawjson.KindOf(value) != rawjson.False {
			err = core.ErrBadRequest.Because("stale must be \"ok\" or false, not: " + quote(value))
		}
	case "r": // how many copies of a document to read: here there is one
		err = checkPositive(value)
	case "partition":
		err = checkPartition(value)
	default:
		err = unknownKey(name)
	}
	return err
}

func parseCount(value []byte) (int, error) {
	n, ok := rawjson.Int(value)
	if !ok || n < 0 {
		return 0, fail("invalid_non_neg_integer", quote(value)+" is not an integer greater than or equal to zero")
	}
	const most = 1<<31 - 1 // an int has 32 bits in WebAssembly, and 2^31 documents are all documents
	return int(min(n, most)), nil
}

func checkPositive(value []byte) error {
	if n, ok := rawjson.Int(value); !ok || n <= 0 {
		return fail("invalid_pos_integer", quote(value)+" is not an integer greater than zero")
	}
	return nil
}

func parseBool(value []byte) (bool, error) {
	b, ok := rawjson.Bool(value)
	if !ok {
		return false, fail("invalid_boolean", "Invalid boolean value: "+quote(value))
	}
	return b, nil
}

func checkPartition(value []byte) error {
	switch name, ok := rawjson.Text(value); {
	case !ok:
		return fail("illegal_partition", "Partition must be a string")
	case name != "":
		return core.ErrQueryParse.Because("`partition` parameter is not supported on this db")
	}
	return nil
}

// parseUseIndex reads "ddoc", "ddoc/name", ["ddoc"] or ["ddoc", "name"], the first perhaps with "_design/".
func parseUseIndex(value []byte) ([]string, error) {
	if rawjson.KindOf(value) == rawjson.Null {
		return nil, nil
	}
	if text, ok := rawjson.Text(value); ok {
		name, prefixed := strings.CutPrefix(text, designPrefix)
		ddoc, index, found := strings.Cut(name, "/")
		switch {
		case !found:
			return []string{text}, nil
		case prefixed:
			ddoc = designPrefix + ddoc
		}
		return []string{ddoc, index}, nil
	}
	names, ok := rawjson.Texts(value)
	if !ok || len(names) > 2 {
		return nil, fail("invalid_index_name", "Invalid index name: "+quote(value))
	}
	return names, nil
}

func parseBookmarkOption(value []byte) (string, error) {
	if rawjson.KindOf(value) == rawjson.Null {
		return "", nil
	}
	text, ok := rawjson.Text(value)
	if !ok {
		return "", invalidBookmark(quote(value))
	}
	if text != "" {
		if _, err := decodeBookmark(text); err != nil {
			return "", err
		}
	}
	return text, nil
}
