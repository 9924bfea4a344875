//go:build js && wasm

package regexps

import (
	"github.com/gouchdb/gouchdb/core/mango"
	"github.com/gouchdb/gouchdb/internal/safejs"
)

// Compile compiles a pattern, which must be in the syntax of package pcre. JavaScript gives no means to bound the time of a search.
func Compile(pattern string, ignoreCase bool) (mango.Regexp, error) {
	flags := "u"
	if ignoreCase {
		flags = "iu"
	}
	constructor, err := safejs.Global().Get("RegExp")
	if err != nil {
		return nil, err
	}
	compiled, err := constructor.New(pattern, flags)
	if err != nil {
		return nil, err
	}
	return expression{compiled}, nil
}

// expression is a RegExp. It keeps no state between searches, having neither flag g nor y.
type expression struct{ value safejs.Value }

func (e expression) MatchString(text string) (bool, error) {
	found, err := e.value.Call("test", text)
	if err != nil {
		return false, err
	}
	return found.Bool()
}
