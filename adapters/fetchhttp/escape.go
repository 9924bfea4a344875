package fetchhttp

import (
	"strconv"
	"strings"

	"github.com/gouchdb/gouchdb/core"
)

const hexDigits = "0123456789ABCDEF"

func isUnreserved(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.' || c == '_' || c == '~'
}

// escape percent-encodes everything that could mean something in a URL; + too, which some servers take for a space.
func escape(text string) string {
	var escaped strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if isUnreserved(c) {
			escaped.WriteByte(c)
			continue
		}
		escaped.WriteByte('%')
		escaped.WriteByte(hexDigits[c>>4])
		escaped.WriteByte(hexDigits[c&15])
	}
	return escaped.String()
}

// unescape undoes percent-encoding; ok is false for a % without two hexadecimal digits.
func unescape(text string) (plain string, ok bool) {
	if strings.IndexByte(text, '%') < 0 {
		return text, true
	}
	var unescaped strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			unescaped.WriteByte(text[i])
			continue
		}
		if i+2 >= len(text) {
			return "", false
		}
		n, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
		if err != nil {
			return "", false
		}
		unescaped.WriteByte(byte(n))
		i += 2
	}
	return unescaped.String(), true
}

// docPath returns the path of a document below its database. The slash of "_design/" and "_local/" stays one.
func docPath(docID string) (string, error) {
	switch {
	case core.ValidateDocID(docID) != nil:
		// Its path would be that of something else: the database itself, or one of CouchDB's own.
		return "", core.ErrMissing.Of(docID)
	case core.IsDesignID(docID):
		return "/" + core.DesignPrefix + escape(docID[len(core.DesignPrefix):]), nil
	case core.IsLocalID(docID):
		return "/" + core.LocalPrefix + escape(docID[len(core.LocalPrefix):]), nil
	}
	return "/" + escape(docID), nil
}

// query builds the part of a URL after the question mark, with the mark.
type query string

func (q query) with(name, value string) query {
	if q == "" {
		return query("?" + name + "=" + escape(value))
	}
	return q + query("&"+name+"="+escape(value))
}

// when adds name=true if that is so; false is every option's default.
func (q query) when(name string, on bool) query {
	if !on {
		return q
	}
	return q.with(name, "true")
}
