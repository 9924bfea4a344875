package server

import (
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/gouchdb/gouchdb/core"
	"github.com/gouchdb/gouchdb/core/rawjson"
)

// parameter is one option of a request: from the query string as it stands there, or from a body as JSON text.
type parameter struct {
	name string
	text string
	json bool
}

// query is the options of a request in their order. Of several with one name the last one counts.
type query []parameter

func parseQuery(raw string) query {
	var q query
	for pair := range strings.SplitSeq(raw, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		q = append(q, parameter{name: unescapeQuery(name), text: unescapeQuery(value)})
	}
	return q
}

// unescapeQuery takes text that is not properly escaped as it stands.
func unescapeQuery(text string) string {
	if unescaped, err := url.QueryUnescape(text); err == nil {
		return unescaped
	}
	return text
}

// withObject adds the members of a JSON object, which come after, and so overrule, those of the query string.
func (q query) withObject(object []byte) query {
	q = append(query(nil), q...)
	for name, value := range rawjson.Members(object) {
		text, _ := rawjson.Text(name)
		q = append(q, parameter{name: text, text: string(value), json: true})
	}
	return q
}

func (q query) get(name string) (string, bool) {
	for i := len(q) - 1; i >= 0; i-- {
		if q[i].name == name {
			return q[i].text, true
		}
	}
	return "", false
}

// is reports whether an option says true. Anything else is false, as in CouchDB's requests for documents.
func (q query) is(name string) bool {
	value, _ := q.get(name)
	return value == "true"
}

// rev reads an option that is a revision; it is zero when it is not there.
func (q query) rev(name string) (core.Rev, error) {
	value, ok := q.get(name)
	if !ok {
		return core.Rev{}, nil
	}
	return core.ParseRev(value)
}

// milliseconds reads an option that is a length of time; ok is false when it is not there.
func (q query) milliseconds(name string) (d time.Duration, ok bool, err error) {
	value, ok := q.get(name)
	if !ok {
		return 0, false, nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err != nil || n < 0 {
		return 0, true, core.ErrBadRequest.Because("`" + name + "` must be a number of milliseconds")
	}
	return time.Duration(n) * time.Millisecond, true, nil
}

func itoa(n int) string { return strconv.Itoa(n) }
