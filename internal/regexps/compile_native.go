//go:build !js

package regexps

import (
	"time"

	"github.com/dlclark/regexp2"

	"github.com/gouchdb/gouchdb/core/mango"
)

// timeout bounds the search in one text. Backtracking can take exponential time, and patterns come from users.
const timeout = time.Second

// Compile compiles a pattern, which must be in the syntax of package pcre.
func Compile(pattern string, ignoreCase bool) (mango.Regexp, error) {
	options := regexp2.None
	if ignoreCase {
		options = regexp2.IgnoreCase
	}
	compiled, err := regexp2.Compile(pattern, regexp2.RegexOptions(options))
	if err != nil {
		return nil, err
	}
	compiled.MatchTimeout = timeout
	return compiled, nil
}
